# task: 5
# bug: fit gets no validation data, val_accuracy does not exist
"""Three classes of CIFAR-10 with Keras."""
import os

import matplotlib.pyplot as plt
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

NAMES = ["airplane", "automobile", "bird"]


def get_three_classes(x, y):
    rows = np.flatnonzero(y.reshape(-1) < 3)
    rows = np.random.permutation(rows)
    return x[rows], keras.utils.to_categorical(y[rows], 3)


def show_random_examples(x, y, p):
    rows = np.random.choice(len(x), 10, replace=False)
    plt.figure(figsize=(10, 5))
    for place, row in enumerate(rows, 1):
        plt.subplot(2, 5, place)
        plt.imshow(x[row])
        plt.xticks([])
        plt.yticks([])
        right = y[row].argmax() == p[row].argmax()
        plt.xlabel(NAMES[p[row].argmax()], color="green" if right else "red")
    plt.show()


def create_model():
    def add_conv_block(model, num_filters):
        model.add(layers.Conv2D(num_filters, 3, activation="relu", padding="same"))
        model.add(layers.BatchNormalization())
        model.add(layers.Conv2D(num_filters, 3, activation="relu"))
        model.add(layers.MaxPooling2D(2))
        model.add(layers.Dropout(0.5))
        return model

    model = keras.models.Sequential()
    model.add(layers.Input(shape=(32, 32, 3)))
    model = add_conv_block(model, 32)
    model = add_conv_block(model, 64)
    model.add(layers.Flatten())
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def main():
    (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = get_three_classes(x_train, y_train)
    x_test, y_test = get_three_classes(x_test, y_test)

    show_random_examples(x_train, y_train, y_train)
    show_random_examples(x_test, y_test, y_test)

    model = create_model()
    model.summary()

    os.makedirs("models", exist_ok=True)
    path = os.path.join("models", "best.keras")
    history = model.fit(
        x_train / 255.0,
        y_train,
        epochs=50,
        batch_size=128,
        callbacks=[
            keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=5),
            keras.callbacks.ModelCheckpoint(path, monitor="val_accuracy", save_best_only=True),
        ],
    )

    plt.plot(history.history["accuracy"], label="training")
    plt.plot(history.history["val_accuracy"], label="validation")
    plt.xlabel("epoch")
    plt.ylabel("accuracy")
    plt.legend()
    plt.show()

    best = keras.models.load_model(path)
    predictions = best.predict(x_test / 255.0)
    show_random_examples(x_test, y_test, predictions)


if __name__ == "__main__":
    main()
