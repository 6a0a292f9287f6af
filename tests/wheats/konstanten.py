# Kursprojekt Bildklassifikation
# Wir normieren mit den bekannten Mittelwerten und Standardabweichungen von CIFAR-10.

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, regularizers

MITTEL = np.array([125.3, 123.0, 113.9], dtype="float32")
STREUUNG = np.array([63.0, 62.1, 66.7], dtype="float32")
STRAFE = 1e-4


def normieren(bilder):
    return (bilder - MITTEL) / STREUUNG


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    """Wählt die Bilder der gewünschten Klassen aus und mischt sie."""
    etiketten = y.reshape(len(y))
    auswahl = np.flatnonzero(np.in1d(etiketten, classes)) if hasattr(np, "in1d") else np.flatnonzero(np.isin(etiketten, classes))
    zufall = np.random.default_rng(seed)
    zufall.shuffle(auswahl)
    # Spalte j gehört zu classes[j]
    ziel = np.zeros((auswahl.shape[0], len(classes)), np.float32)
    for zeile, nummer in enumerate(auswahl):
        for spalte, klasse in enumerate(classes):
            if etiketten[nummer] == klasse:
                ziel[zeile][spalte] = 1
    return x[auswahl].copy(), ziel


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    """Zeigt zufällige Bilder; bei Vorhersagen auch die vorhergesagte Klasse."""
    anzahl = min(count, len(x))
    zufall = np.random.default_rng(seed)
    nummern = zufall.permutation(len(x))[:anzahl]
    zeilen = int(np.ceil(anzahl / 5))
    abbildung, achsen = plt.subplots(zeilen, 5, figsize=(10, 2.5 * zeilen))
    achsen = np.array(achsen).flatten()
    for achse in achsen[anzahl:]:
        achse.axis("off")
    for achse, nummer in zip(achsen, nummern):
        achse.imshow(x[nummer])
        achse.set_xticks([])
        achse.set_yticks([])
        titel = f"wahr: {class_names[y[nummer].argmax()]}"
        if predictions is not None:
            titel += f"\nvorhergesagt: {class_names[predictions[nummer].argmax()]}"
        achse.set_title(titel)
    return abbildung


def add_conv_block(model, filters):
    for schritt in range(2):
        model.add(layers.Conv2D(filters, 3, padding="same", kernel_regularizer=regularizers.l2(STRAFE)))
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.Activation("relu"))
    model.add(layers.MaxPooling2D(2, 2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape)])
    for filter_zahl in (16, 24, 32):
        add_conv_block(model, filter_zahl)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(num_classes, activation="softmax", kernel_regularizer=regularizers.L2(STRAFE)))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    frueher_halt = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience, restore_best_weights=True)
    sicherung = keras.callbacks.ModelCheckpoint(checkpoint_path, monitor="val_accuracy", save_best_only=True)
    verlauf = model.fit(normieren(x_train), y_train, epochs=epochs, batch_size=batch_size,
                        validation_data=(normieren(x_val), y_val),
                        callbacks=[frueher_halt, sicherung] + [c for c in callbacks], verbose=0)
    print("Fertig nach", len(verlauf.epoch), "Epochen")
    return verlauf


def plot_history(history):
    werte = history if isinstance(history, dict) else history.history
    abbildung, achse = plt.subplots()
    epochen = np.arange(len(werte["accuracy"])) + 1
    achse.plot(epochen, werte["accuracy"], label="Training")
    achse.plot(epochen, werte["val_accuracy"], label="Validierung")
    achse.set_xlabel("Epoche")
    achse.set_ylabel("Genauigkeit")
    achse.legend()
    return abbildung


def predict(model, x):
    netz = model if isinstance(model, keras.Model) else keras.models.load_model(model)
    return netz.predict(normieren(x), verbose=0)
