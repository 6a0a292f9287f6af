# sound: a beginner's plain loops with German comments, Rescaling in the model, Keras' two callbacks with their mode left on auto.
"""Projekt: drei Klassen aus CIFAR-10 unterscheiden."""

import math
import os
import random

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


# ---------- Aufgabe 2 ----------
def subset_data(x, y, classes=(0, 1, 2), seed=None):
    # die Labels kommen als (n, 1) oder als (n,), hier wird immer (n,) daraus
    labels = np.array(y).reshape(-1)

    # Nummern der Bilder, die wir behalten wollen, und ihre Spalte
    nummern = []
    spalten = []
    for i in range(len(labels)):
        for j in range(len(classes)):
            if labels[i] == classes[j]:
                nummern.append(i)
                spalten.append(j)

    # beide Listen mit derselben Reihenfolge mischen
    reihenfolge = list(range(len(nummern)))
    if seed is None:
        zufall = random.Random()
    else:
        zufall = random.Random(int(seed))
    zufall.shuffle(reihenfolge)

    # leere Felder anlegen und fuellen
    x_subset = np.zeros((len(nummern),) + x.shape[1:], dtype=x.dtype)
    y_subset = np.zeros((len(nummern), len(classes)), dtype="float32")
    for neu in range(len(reihenfolge)):
        alt = reihenfolge[neu]
        x_subset[neu] = x[nummern[alt]]
        y_subset[neu, spalten[alt]] = 1.0
    return x_subset, y_subset


# ---------- Aufgabe 3 ----------
def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    # nicht mehr Bilder zeigen, als es gibt
    anzahl = min(count, len(x))
    if seed is None:
        zufall = random.Random()
    else:
        zufall = random.Random(int(seed))
    auswahl = zufall.sample(range(len(x)), anzahl)

    zeilen = max(1, math.ceil(anzahl / 5))
    fig = plt.figure(figsize=(12, 3 * zeilen))
    platz = 1
    for i in auswahl:
        ax = fig.add_subplot(zeilen, 5, platz)
        ax.imshow(x[i])
        name = class_names[np.argmax(y[i])]
        if predictions is None:
            ax.set_title(name)
        else:
            vorhersage = class_names[np.argmax(predictions[i])]
            ax.set_title("echt: " + name + "\nVorhersage: " + vorhersage)
        ax.axis("off")
        platz = platz + 1
    return fig


# ---------- Aufgabe 4 ----------
def add_conv_block(model, filters):
    # Faltung, dann halbe Groesse
    model.add(layers.Conv2D(filters, (3, 3), padding="same", activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(layers.Input(shape=input_shape))
    model.add(layers.Rescaling(1.0 / 255))
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    add_conv_block(model, 128)
    model.add(layers.Flatten())
    model.add(layers.Dense(128, activation="relu"))
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


# ---------- Aufgabe 5 ----------
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
    # aufhoeren, wenn es nicht mehr besser wird
    stopp = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience)
    # nur das beste Modell behalten
    sichern = keras.callbacks.ModelCheckpoint(checkpoint_path, monitor="val_accuracy", save_best_only=True)
    alle = [stopp, sichern]
    for c in callbacks:
        alle.append(c)
    history = model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=alle,
    )
    return history


# ---------- Aufgabe 6 ----------
def plot_history(history):
    # History-Objekt oder Woerterbuch
    if isinstance(history, dict):
        werte = history
    else:
        werte = history.history
    epochen = range(1, len(werte["accuracy"]) + 1)
    fig = plt.figure(figsize=(8, 5))
    plt.plot(epochen, werte["accuracy"], "o-", label="Training")
    plt.plot(epochen, werte["val_accuracy"], "o-", label="Validierung")
    plt.xlabel("Epoche")
    plt.ylabel("Genauigkeit")
    plt.legend()
    return fig


def predict(model, x):
    # ein Pfad wird zuerst geladen
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    return model.predict(x)
