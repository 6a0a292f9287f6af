# -*- coding: utf-8 -*-
"""Projet : reconnaître trois classes de CIFAR-10."""

import random
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import matplotlib.ticker as ticker
import numpy as np
from keras import layers

# Échelle commune à l'entraînement et à la prédiction
ECHELLE = np.float32(1 / 255)


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    """Garder les classes demandées, mélanger, coder les étiquettes."""
    colonne = dict(zip(classes, range(len(classes))))
    etiquettes = [int(e) for e in np.array(y).ravel()]
    gardes = [i for i, e in enumerate(etiquettes) if e in colonne]
    random.Random(seed).shuffle(gardes)
    y_code = np.zeros((len(gardes), len(classes)), dtype=np.float32)
    y_code[np.arange(len(gardes)), [colonne[etiquettes[i]] for i in gardes]] = 1
    return x[gardes], y_code


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    tirage = random.Random(seed).sample(range(len(x)), k=min(count, len(x)))
    figure, axes = plt.subplots(nrows=-(-len(tirage) // 5), ncols=5, figsize=(11, 6))
    axes = np.ravel(axes)
    for ax in axes:
        ax.axis("off")
    for ax, i in zip(axes, tirage):
        ax.imshow(x[i])
        vrai = class_names[int(y[i].argmax())]
        if predictions is not None:
            prevu = class_names[int(np.asarray(predictions)[i].argmax())]
            ax.set_title(f"vrai : {vrai}\nprédit : {prevu}", fontsize=8)
        else:
            ax.set_title(vrai, fontsize=8)
    return figure


def add_conv_block(model, filters):
    model.add(layers.ZeroPadding2D(1))
    model.add(layers.Conv2D(filters, 3))
    model.add(layers.PReLU(shared_axes=[1, 2]))
    model.add(layers.MaxPooling2D())
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    def tete(modele):
        modele.add(layers.GlobalAveragePooling2D())
        modele.add(layers.Dense(num_classes))
        modele.add(layers.Softmax(axis=-1))

    modele = keras.Sequential([layers.Input(shape=input_shape)])
    for n in (24, 32, 48):
        modele = add_conv_block(modele, n)
    tete(modele)
    modele.compile(
        loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(0.003, clipnorm=1.0), metrics=["accuracy"]
    )
    return modele


def train(model, x_train, y_train, x_val, y_val, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    Path(checkpoint_path).parent.mkdir(parents=True, exist_ok=True)
    arret = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience)
    sauvegarde = keras.callbacks.ModelCheckpoint(str(checkpoint_path), monitor="val_accuracy", save_best_only=True)
    return model.fit(x_train * ECHELLE, y_train, epochs=epochs, batch_size=batch_size,
                     validation_data=(x_val * ECHELLE, y_val), verbose=0,
                     callbacks=[arret, sauvegarde, keras.callbacks.TerminateOnNaN(), *callbacks])


def plot_history(history):
    valeurs = history if isinstance(history, dict) else history.history
    figure, ax = plt.subplots()
    x = range(1, len(valeurs["accuracy"]) + 1)
    ax.plot(x, valeurs["accuracy"], "-x", label="entraînement")
    ax.plot(x, valeurs["val_accuracy"], "-+", label="validation")
    ax.yaxis.set_major_formatter(ticker.PercentFormatter(xmax=1))
    ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    ax.set_xlabel("Époque")
    ax.set_ylabel("Exactitude")
    ax.legend(title="Jeu de données")
    return figure


def predict(model, x):
    modele = keras.models.load_model(model) if isinstance(model, (str, Path)) else model
    return modele.predict(x * ECHELLE, verbose=0)
