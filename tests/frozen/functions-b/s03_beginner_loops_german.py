# sound: beginner with plain loops and lists, comments and names in German
import keras
import matplotlib.pyplot as plt
import numpy as np
import random


# Aufgabe 2
def subset_data(x, y, classes=(0, 1, 2), seed=None):
    # erst die Nummern der Bilder sammeln, die wir behalten wollen
    behalten = []
    for i in range(len(y)):
        marke = int(np.array(y[i]).reshape(-1)[0])
        if marke in list(classes):
            behalten.append(i)

    # mischen
    if seed is not None:
        seed = int(seed)
    wuerfel = random.Random(seed)
    wuerfel.shuffle(behalten)

    # Marken in One-Hot-Zeilen verwandeln
    y_neu = np.zeros((len(behalten), len(classes)))
    zeile = 0
    for i in behalten:
        marke = int(np.array(y[i]).reshape(-1)[0])
        spalte = list(classes).index(marke)
        y_neu[zeile, spalte] = 1.0
        zeile = zeile + 1

    x_neu = x[np.array(behalten, dtype=int)]
    return x_neu, y_neu


# Aufgabe 3
def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    anzahl = count
    if len(x) < anzahl:
        anzahl = len(x)
    wuerfel = random.Random(seed)
    nummern = wuerfel.sample(range(len(x)), anzahl)
    bild = plt.figure(figsize=(2 * max(anzahl, 1), 3))
    platz = 1
    for nummer in nummern:
        plt.subplot(1, anzahl, platz)
        plt.imshow(x[nummer])
        titel = class_names[np.argmax(y[nummer])]
        if predictions is not None:
            titel = titel + "\nVorhersage: " + class_names[np.argmax(predictions[nummer])]
        plt.title(titel)
        plt.axis("off")
        platz = platz + 1
    return bild


# Aufgabe 4
def add_conv_block(model, filters):
    model.add(keras.layers.Conv2D(filters, (3, 3), padding="same", activation="relu"))
    model.add(keras.layers.Conv2D(filters, (3, 3), padding="same", activation="relu"))
    model.add(keras.layers.MaxPooling2D((2, 2)))
    model.add(keras.layers.Dropout(0.2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(keras.layers.Input(shape=input_shape))
    model.add(keras.layers.Rescaling(1 / 255))
    model = add_conv_block(model, 16)
    model = add_conv_block(model, 32)
    model = add_conv_block(model, 64)
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(64, activation="relu"))
    model.add(keras.layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


# Aufgabe 5
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
    # frueh aufhoeren, wenn es nicht mehr besser wird
    stopp = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience)
    # die beste Epoche sichern
    sichern = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", save_best_only=True
    )
    alle = [stopp, sichern]
    for rueckruf in callbacks:
        alle.append(rueckruf)
    verlauf = model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=alle,
    )
    return verlauf


# Aufgabe 6
def plot_history(history):
    if isinstance(history, dict):
        werte = history
    else:
        werte = history.history
    bild = plt.figure()
    plt.plot(werte["accuracy"], label="Training")
    plt.plot(werte["val_accuracy"], label="Validierung")
    plt.xlabel("Epoche")
    plt.ylabel("Genauigkeit")
    plt.title("Verlauf des Trainings")
    plt.legend()
    return bild


def predict(model, x):
    # ein Pfad? dann erst laden
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    wahrscheinlichkeiten = model.predict(x)
    return wahrscheinlichkeiten


if __name__ == "__main__":
    # Task 2: three of the ten classes. A tenth of the training images judges the epochs, and the
    # test images are kept for the very end.
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_train, [len(x_train) // 10])
    y_val, y_train = np.split(y_train, [len(y_train) // 10])

    # Task 3: look at the images before training on them.
    show_examples(x_train, y_train, class_names)
    plt.show()

    # Task 4: build the network.
    model = build_model()
    model.summary()

    # Task 5: train it. This takes some minutes.
    history = train(model, x_train, y_train, x_val, y_val)

    # Task 6: see how the training went, and ask the best epoch about images it never saw.
    plot_history(history)
    probabilities = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=probabilities)
    plt.show()
    accuracy = np.mean(probabilities.argmax(axis=1) == y_test.argmax(axis=1))
    print(f"Accuracy on images the network never saw: {accuracy:.3f}")
