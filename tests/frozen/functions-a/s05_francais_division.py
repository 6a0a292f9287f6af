# sound: French, divides by 255 inside train and predict instead of a Rescaling layer
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    """Garde les classes voulues, mélange, encode en one-hot."""
    etiquettes = y.reshape(-1)
    generateur = np.random.default_rng(seed)

    # les indices de toutes les images voulues, classe par classe
    indices = np.concatenate([np.where(etiquettes == c)[0] for c in classes])
    # la colonne de chacune de ces images
    colonnes = np.concatenate(
        [np.full(np.sum(etiquettes == c), j) for j, c in enumerate(classes)]
    )
    melange = generateur.permutation(len(indices))
    x_subset = x[indices[melange]]
    y_subset = np.eye(len(classes))[colonnes[melange]]
    return x_subset, y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    generateur = np.random.default_rng(seed)
    n = min(count, len(x))
    choix = generateur.choice(len(x), size=n, replace=False)
    n_lignes = max(1, (n + 4) // 5)
    figure, axes = plt.subplots(n_lignes, 5, figsize=(12, 2.6 * n_lignes), squeeze=False)
    for k in range(n_lignes * 5):
        axe = axes[k // 5, k % 5]
        axe.set_axis_off()
        if k < n:
            i = choix[k]
            axe.imshow(x[i])
            legende = class_names[np.argmax(y[i])]
            if predictions is not None:
                legende = legende + "\nprédit : " + class_names[np.argmax(predictions[i])]
            axe.set_title(legende)
    return figure


def add_conv_block(model, filters):
    model.add(Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(MaxPooling2D())
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    modele = keras.Sequential([keras.Input(shape=input_shape)])
    for filtres in (32, 64, 64):
        add_conv_block(modele, filtres)
    modele.add(Flatten())
    modele.add(Dense(64, activation="relu"))
    modele.add(Dense(num_classes, activation="softmax"))
    modele.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return modele


def train(
    model,
    x_train,
    y_train,
    x_val,
    y_val,
    *,
    epochs=20,
    batch_size=128,
    patience=3,
    checkpoint_path="best_model.keras",
    callbacks=(),
):
    # les valeurs des pixels entre 0 et 1
    x_train = x_train.astype("float32") / 255
    x_val = x_val.astype("float32") / 255

    arret = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience)
    sauvegarde = keras.callbacks.ModelCheckpoint(
        checkpoint_path,
        monitor="val_accuracy",
        save_best_only=True,
    )
    return model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=[arret, sauvegarde, *callbacks],
    )


def plot_history(history):
    donnees = getattr(history, "history", history)
    figure, axe = plt.subplots()
    axe.plot(donnees["accuracy"], color="tab:blue", label="apprentissage")
    axe.plot(donnees["val_accuracy"], color="tab:orange", label="validation")
    axe.set(xlabel="époque", ylabel="exactitude", title="Apprentissage")
    axe.legend()
    return figure


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    x = x.astype("float32") / 255
    return model.predict(x, verbose=0)


if __name__ == "__main__":
    noms = ["avion", "voiture", "oiseau"]
    (x_tout, y_tout), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_tout, y_tout = subset_data(x_tout, y_tout, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    n_val = len(x_tout) // 10

    show_examples(x_tout, y_tout, noms)
    plt.show()

    modele = build_model()
    modele.summary()
    historique = train(
        modele, x_tout[n_val:], y_tout[n_val:], x_tout[:n_val], y_tout[:n_val]
    )
    plot_history(historique)
    probas = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, noms, predictions=probas)
    plt.show()
    print("Exactitude :", np.mean(np.argmax(probas, 1) == np.argmax(y_test, 1)))
