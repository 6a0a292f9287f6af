# sound: Turkish, one-hot rows from scikit-learn's LabelBinarizer whose inverse gives the class numbers back for the titles
# %%
# Görev 1
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, models
from sklearn.preprocessing import LabelBinarizer

# %%
# Görev 2
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
isimler = {1: "otomobil", 3: "kedi", 8: "gemi"}

egitim_maske = np.isin(y_train.ravel(), list(isimler.keys()))
test_maske = np.isin(y_test.ravel(), list(isimler.keys()))
x_train, y_train = x_train[egitim_maske], y_train.ravel()[egitim_maske]
x_test, y_test = x_test[test_maske], y_test.ravel()[test_maske]

# karistir
sira = np.arange(len(x_train))
np.random.shuffle(sira)
x_train, y_train = x_train[sira], y_train[sira]
sira = np.arange(len(x_test))
np.random.shuffle(sira)
x_test, y_test = x_test[sira], y_test[sira]

# one-hot
kodlayici = LabelBinarizer()
y_train = kodlayici.fit_transform(y_train).astype("float32")
y_test = kodlayici.transform(y_test).astype("float32")

x_train = x_train.astype("float32") / 255.0
x_test = x_test.astype("float32") / 255.0
assert y_train.shape[1] == 3 and y_test.shape[1] == 3


# %%
# Görev 3
def resim_goster(resimler, etiketler, baslik):
    numaralar = kodlayici.inverse_transform(etiketler)
    plt.figure(figsize=(10, 5))
    plt.suptitle(baslik)
    for yer in range(8):
        secilen = np.random.choice(len(resimler))
        plt.subplot(2, 4, yer + 1)
        plt.imshow(resimler[secilen])
        plt.title(isimler[int(numaralar[secilen])])
        plt.axis("off")
    plt.show()


resim_goster(x_train, y_train, "Egitim kumesi")
resim_goster(x_test, y_test, "Test kumesi")


# %%
# Görev 4
def blok_ekle(model, filtre_sayisi, cekirdek=(3, 3)):
    model.add(layers.Conv2D(filtre_sayisi, cekirdek, padding="same"))
    model.add(layers.ReLU())
    model.add(layers.MaxPooling2D(pool_size=2, strides=2))


def model_olustur():
    model = models.Sequential()
    model.add(layers.Input(shape=(32, 32, 3)))
    blok_ekle(model, 16, (5, 5))
    blok_ekle(model, 32)
    blok_ekle(model, 64)
    blok_ekle(model, 128)
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(3, activation="softmax"))
    return model


model = model_olustur()
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.summary()

# %%
# Görev 5
erken_durdur = keras.callbacks.EarlyStopping(monitor="val_loss", patience=5)
kaydet = keras.callbacks.ModelCheckpoint("en_iyi.keras", monitor="val_loss", mode="min", save_best_only=True)
gecmis = model.fit(
    x_train, y_train,
    validation_data=(x_test, y_test),
    epochs=40, batch_size=64,
    callbacks=[erken_durdur, kaydet],
)

# %%
# Görev 6
plt.plot(gecmis.history["accuracy"], label="egitim dogrulugu")
plt.plot(gecmis.history["val_accuracy"], label="gecerleme dogrulugu")
plt.legend()
plt.show()

en_iyi = models.load_model("en_iyi.keras")
tahmin = en_iyi.predict(x_test)
resim_goster(x_test, tahmin, "Tahminler")
