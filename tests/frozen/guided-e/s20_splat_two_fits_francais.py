# sound: French comments, keras.Sequential([... *block(32) ...]) with L2, two calls of fit sharing one checkpoint (second with a smaller learning rate)
# %%
# Étape 1 : bibliothèques
import keras
import numpy as np
import matplotlib.pyplot as plt
from keras import layers, regularizers
from keras.callbacks import EarlyStopping, ModelCheckpoint

noms = ["oiseau", "grenouille", "bateau"]
codes = [2, 6, 8]

# %%
# Étape 2 : trois classes
(xa, ya), (xt, yt) = keras.datasets.cifar10.load_data()


def trois(x, y):
    y = y.flatten()
    garde = np.isin(y, codes)
    x, y = x[garde], y[garde]
    y = (y[:, np.newaxis] == np.array(codes)).astype("float32")
    melange = np.random.permutation(len(x))
    return x[melange], y[melange]


x_app, y_app = trois(xa, ya)
x_tst, y_tst = trois(xt, yt)
print(x_app.shape, y_app.shape, "|", x_tst.shape, y_tst.shape)


# %%
# Étape 3 : quelques images tirées au hasard
def montre(x, textes, titre):
    fig, axes = plt.subplots(2, 6, figsize=(12, 4.6))
    for k, ax in enumerate(axes.ravel()):
        ax.imshow(x[k])
        ax.set_title(textes[k])
        ax.set_xticks(())
        ax.set_yticks(())
    fig.suptitle(titre)
    plt.show()


def hasard(x, y, titre):
    i = np.random.choice(len(x), size=12, replace=False)
    montre(x[i], [noms[c] for c in y[i].argmax(axis=1)], titre)


hasard(x_app, y_app, "apprentissage")
hasard(x_tst, y_tst, "test")


# %%
# Étape 4 : le réseau
def block(filtres):
    reg = regularizers.l2(1e-4)
    return (
        layers.Conv2D(filtres, 3, padding="same", activation="relu", kernel_regularizer=reg),
        layers.Conv2D(filtres, 3, padding="same", activation="relu", kernel_regularizer=reg),
        layers.BatchNormalization(),
        layers.MaxPooling2D(),
        layers.Dropout(0.3),
    )


reseau = keras.Sequential(
    [
        keras.Input(shape=(32, 32, 3)),
        *block(32),
        *block(64),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dense(3, activation="softmax"),
    ],
    name="reseau",
)
reseau.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-3),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
reseau.summary()

# %%
# Étape 5 : apprentissage en deux temps.
# Le même ModelCheckpoint sert aux deux appels : il garde en mémoire le meilleur score.
e_app = x_app.astype("float32") / 255
e_tst = x_tst.astype("float32") / 255

garde_meilleur = ModelCheckpoint("reseau.keras", monitor="val_accuracy", save_best_only=True, verbose=1)

debut = reseau.fit(
    e_app, y_app, validation_data=(e_tst, y_tst), batch_size=64, epochs=15,
    callbacks=[EarlyStopping(monitor="val_accuracy", patience=4), garde_meilleur],
)
n1 = len(debut.epoch)

reseau.optimizer.learning_rate = 1e-4
suite = reseau.fit(
    e_app, y_app, validation_data=(e_tst, y_tst), batch_size=64,
    initial_epoch=n1, epochs=n1 + 8,
    callbacks=[EarlyStopping(monitor="val_accuracy", patience=3), garde_meilleur],
)

# %%
# Étape 6 : les deux historiques bout à bout
exactitude = debut.history["accuracy"] + suite.history["accuracy"]
exactitude_val = debut.history["val_accuracy"] + suite.history["val_accuracy"]
plt.plot(exactitude, label="apprentissage")
plt.plot(exactitude_val, label="validation")
plt.axvline(n1 - 0.5, color="grey", ls=":", label="pas plus petit")
plt.xlabel("époque")
plt.ylabel("exactitude")
plt.legend()
plt.show()

meilleur = keras.models.load_model("reseau.keras")
print("perte, exactitude :", meilleur.evaluate(e_tst, y_tst, verbose=0))

# %%
i = np.random.choice(len(x_tst), size=12, replace=False)
prevision = meilleur.predict(e_tst[i]).argmax(axis=1)
montre(x_tst[i], ["prévu : " + noms[c] for c in prevision], "prévisions")
