# sound: German names and comments, RandomState, two convolutions per block
"""Kursprojekt: drei Klassen von CIFAR-10 unterscheiden."""

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


# Aufgabe 2 - Vorverarbeitung
def subset_data(x, y, classes=(0, 1, 2), seed=None):
    """Nur die gewünschten Klassen behalten, mischen, One-Hot-Zeilen bilden."""
    klassen = list(classes)
    etiketten = np.asarray(y).reshape(-1)
    auswahl = np.flatnonzero(np.isin(etiketten, klassen))
    zufall = np.random.RandomState(seed)
    reihenfolge = zufall.permutation(auswahl)

    bilder = x[reihenfolge]
    ziele = np.zeros((len(reihenfolge), len(klassen)), dtype=np.float32)
    for spalte, klasse in enumerate(klassen):
        ziele[etiketten[reihenfolge] == klasse, spalte] = 1.0
    return bilder, ziele


# Aufgabe 3 - Bilder zeigen
def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    anzahl = min(count, len(x))
    zufall = np.random.RandomState(seed)
    nummern = zufall.choice(len(x), anzahl, replace=False)

    spalten = 5
    zeilen = max(1, int(np.ceil(anzahl / spalten)))
    abbildung, achsen = plt.subplots(zeilen, spalten, figsize=(2.4 * spalten, 2.8 * zeilen))
    achsen = achsen.ravel()
    for achse in achsen:
        achse.axis("off")
    for achse, nummer in zip(achsen, nummern):
        achse.imshow(x[nummer])
        titel = f"Klasse: {class_names[y[nummer].argmax()]}"
        if predictions is not None:
            titel += f"\nVorhersage: {class_names[predictions[nummer].argmax()]}"
        achse.set_title(titel, fontsize=9)
    abbildung.tight_layout()
    return abbildung


# Aufgabe 4 - Das Netz
def add_conv_block(model, filters):
    """Zwei Faltungen, dann Pooling."""
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D(2))
    model.add(layers.Dropout(0.2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    netz = keras.Sequential()
    netz.add(keras.Input(shape=input_shape))
    netz.add(layers.Rescaling(1 / 255))
    add_conv_block(netz, 32)
    add_conv_block(netz, 64)
    netz.add(layers.Flatten())
    netz.add(layers.Dense(128, activation="relu"))
    netz.add(layers.Dropout(0.4))
    netz.add(layers.Dense(num_classes, activation="softmax"))
    netz.compile(
        loss=keras.losses.CategoricalCrossentropy(),
        optimizer=keras.optimizers.Adam(learning_rate=0.001),
        metrics=["accuracy"],
    )
    return netz


# Aufgabe 5 - Training
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
    frueh_aufhoeren = keras.callbacks.EarlyStopping(
        monitor="val_accuracy",
        mode="max",
        patience=patience,
        restore_best_weights=True,
    )
    bestes_netz = keras.callbacks.ModelCheckpoint(
        filepath=checkpoint_path,
        monitor="val_accuracy",
        mode="max",
        save_best_only=True,
    )
    verlauf = model.fit(
        x_train,
        y_train,
        validation_data=(x_val, y_val),
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[frueh_aufhoeren, bestes_netz] + list(callbacks),
        verbose=2,
    )
    return verlauf


# Aufgabe 6 - Auswertung
def plot_history(history):
    if hasattr(history, "history"):
        history = history.history
    epochen = np.arange(1, len(history["accuracy"]) + 1)
    abbildung, achse = plt.subplots(figsize=(7, 4))
    achse.plot(epochen, history["accuracy"], "o-", label="Training")
    achse.plot(epochen, history["val_accuracy"], "s--", label="Validierung")
    achse.set_xlabel("Epoche")
    achse.set_ylabel("Genauigkeit")
    achse.set_title("Verlauf des Trainings")
    achse.legend(loc="lower right")
    achse.grid(True)
    return abbildung


def predict(model, x):
    if hasattr(model, "predict"):
        netz = model
    else:
        netz = keras.models.load_model(model)
    return netz.predict(x, verbose=0)


if __name__ == "__main__":
    namen = ["Flugzeug", "Auto", "Vogel"]
    (x_alle, y_alle), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_alle, y_alle = subset_data(x_alle, y_alle, seed=1)
    x_test, y_test = subset_data(x_test, y_test, seed=1)
    grenze = len(x_alle) // 10
    x_val, y_val = x_alle[:grenze], y_alle[:grenze]
    x_train, y_train = x_alle[grenze:], y_alle[grenze:]

    show_examples(x_train, y_train, namen)
    netz = build_model()
    netz.summary()
    verlauf = train(netz, x_train, y_train, x_val, y_val)
    plot_history(verlauf)
    wahrscheinlichkeiten = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, namen, predictions=wahrscheinlichkeiten)
    plt.show()
    treffer = wahrscheinlichkeiten.argmax(axis=1) == y_test.argmax(axis=1)
    print(f"Genauigkeit auf den Testbildern: {treffer.mean():.3f}")
