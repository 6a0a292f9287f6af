# sound: Turkish; a dictionary of classes, the mean image subtracted.

# %% [markdown]
# # CIFAR-10: üç sınıflı sınıflandırma
# ## Görev 1: Kütüphaneler

# %%
import numpy as np
import matplotlib.pyplot as plt
import tensorflow as tf
from tensorflow.keras import Sequential, layers
from tensorflow.keras.utils import to_categorical

# %% [markdown]
# ## Görev 2: Veri kümesi

# %%
# eski etiket -> (yeni etiket, isim)
siniflar = {
    2: (0, "kuş"),
    6: (1, "kurbağa"),
    8: (2, "gemi"),
}
isimler = {yeni: isim for yeni, isim in siniflar.values()}

(egitim_x, egitim_y), (test_x, test_y) = tf.keras.datasets.cifar10.load_data()


def alt_kume(x, y):
    # yalnızca sözlükteki sınıfları tut
    sira = [i for i in range(len(y)) if int(y[i, 0]) in siniflar]
    # karıştır (görüntü ve etiket aynı sırayla)
    sira = np.random.permutation(sira)
    yeni_y = [siniflar[int(y[i, 0])][0] for i in sira]
    return x[sira], to_categorical(yeni_y, num_classes=3)


egitim_x, egitim_y = alt_kume(egitim_x, egitim_y)
test_x, test_y = alt_kume(test_x, test_y)
print("eğitim:", egitim_x.shape, egitim_y.shape)
print("test:", test_x.shape, test_y.shape)

# %% [markdown]
# ## Görev 3: Örnek görüntüler

# %%


def ornekleri_ciz(x, y):
    plt.figure(figsize=(10, 4))
    for k in range(10):
        i = np.random.randint(len(x))
        plt.subplot(2, 5, k + 1)
        plt.imshow(x[i])
        plt.xlabel(isimler[np.argmax(y[i])])
        plt.xticks([])
        plt.yticks([])
    plt.show()


ornekleri_ciz(egitim_x, egitim_y)
ornekleri_ciz(test_x, test_y)

# %% [markdown]
# ## Görev 4: Model

# %%


def blok_ekle(model, filtre_sayisi):
    model.add(layers.Conv2D(filtre_sayisi, (3, 3), padding="same", activation="relu"))
    model.add(layers.Conv2D(filtre_sayisi, (3, 3), padding="same", activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Dropout(0.3))


model = Sequential()
model.add(layers.Input(shape=(32, 32, 3)))
blok_ekle(model, 32)
blok_ekle(model, 64)
model.add(layers.Flatten())
model.add(layers.Dense(128, activation="relu"))
model.add(layers.Dense(3, activation="softmax"))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.summary()

# %% [markdown]
# ## Görev 5: Eğitim

# %%
# eğitim kümesinin ortalama görüntüsünü çıkar, sonra ölçekle
ortalama = egitim_x.mean(axis=0)


def hazirla(x):
    return (x - ortalama) / 128.0


erken_dur = tf.keras.callbacks.EarlyStopping(monitor="val_loss", patience=5)
kaydet = tf.keras.callbacks.ModelCheckpoint("en_iyi.keras", monitor="val_accuracy", mode="max", save_best_only=True)

gecmis = model.fit(
    hazirla(egitim_x), egitim_y,
    validation_data=(hazirla(test_x), test_y),
    epochs=30, batch_size=64,
    callbacks=[erken_dur, kaydet],
)

# %% [markdown]
# ## Görev 6: Sonuçlar

# %%
plt.plot(gecmis.history["accuracy"], color="tab:blue", label="eğitim doğruluğu")
plt.plot(gecmis.history["val_accuracy"], color="tab:red", label="doğrulama doğruluğu")
plt.xlabel("dönem")
plt.legend()
plt.show()

# %%
en_iyi = tf.keras.models.load_model("en_iyi.keras")

secilen = np.random.choice(len(test_x), 10, replace=False)
tahmin = en_iyi.predict(hazirla(test_x[secilen]))

plt.figure(figsize=(10, 4))
for k, i in enumerate(secilen):
    plt.subplot(2, 5, k + 1)
    plt.imshow(test_x[i])
    plt.xlabel("tahmin: " + isimler[np.argmax(tahmin[k])])
    plt.xticks([])
    plt.yticks([])
plt.show()
