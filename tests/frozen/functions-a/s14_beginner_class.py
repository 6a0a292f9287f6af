# sound: a beginner who has just learnt classes, small helper classes hold the one-hot encoding and the picture grid
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from keras.utils import to_categorical


class ClassEncoder:
    """Knows which column belongs to which class."""

    def __init__(self, classes):
        self.classes = [int(c) for c in classes]

    def knows(self, label):
        return int(label) in self.classes

    def column(self, label):
        return self.classes.index(int(label))

    def encode(self, labels):
        columns = [self.column(label) for label in labels]
        return to_categorical(np.array(columns, dtype="int32"), len(self.classes))


class PictureGrid:
    """Shows pictures next to each other, five in a row."""

    def __init__(self, number):
        self.rows = max(1, (number + 4) // 5)
        self.figure = plt.figure(figsize=(12, 2.8 * self.rows))
        self.used = 0

    def show(self, picture, title):
        self.used += 1
        axes = self.figure.add_subplot(self.rows, 5, self.used)
        axes.imshow(picture)
        axes.set_title(title)
        axes.axis("off")


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    encoder = ClassEncoder(classes)
    labels = y.reshape(-1)
    wanted = np.array([i for i, label in enumerate(labels) if encoder.knows(label)], dtype=int)
    rng = np.random.RandomState(seed)
    rng.shuffle(wanted)
    return x[wanted], encoder.encode(labels[wanted])


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    rng = np.random.RandomState(seed)
    wanted = rng.permutation(len(x))
    wanted = wanted[:count]
    grid = PictureGrid(len(wanted))
    for i in wanted:
        title = class_names[y[i].argmax()]
        if predictions is not None:
            title = title + "\n(" + class_names[predictions[i].argmax()] + ")"
        grid.show(x[i], title)
    return grid.figure


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, kernel_size=3, padding="same", activation="relu"))
    model.add(layers.Dropout(0.1))
    model.add(layers.Conv2D(filters, kernel_size=3, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D(pool_size=2, strides=2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.models.Sequential()
    model.add(keras.layers.Input(shape=input_shape))
    model.add(layers.Rescaling(1.0 / 255))
    add_conv_block(model, 16)
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    model.add(layers.Flatten())
    model.add(layers.Dense(100, activation="relu"))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(
        loss="categorical_crossentropy",
        optimizer=keras.optimizers.Adam(),
        metrics=["accuracy"],
    )
    return model


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
    settings = {"monitor": "val_accuracy", "patience": patience}
    stopper = keras.callbacks.EarlyStopping(**settings)
    saver = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", save_best_only=True
    )
    everything = [stopper, saver]
    for one in callbacks:
        everything.append(one)
    result = model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_val, y_val),
        callbacks=everything,
    )
    return result


def plot_history(history):
    if isinstance(history, keras.callbacks.History):
        numbers = history.history
    else:
        numbers = history
    figure = plt.figure()
    axes = figure.gca()
    axes.plot(numbers["accuracy"], label="train")
    axes.plot(numbers["val_accuracy"], label="validation")
    axes.set_xlabel("Epoch")
    axes.set_ylabel("Accuracy")
    axes.legend()
    return figure


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    answer = model.predict(x)
    return answer


if __name__ == "__main__":
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = x_train[:1500], x_train[1500:]
    y_val, y_train = y_train[:1500], y_train[1500:]
    show_examples(x_train, y_train, class_names)
    plt.show()
    model = build_model()
    model.summary()
    result = train(model, x_train, y_train, x_val, y_val)
    plot_history(result)
    answer = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=answer)
    plt.show()
    print("Accuracy:", np.mean(answer.argmax(axis=1) == y_test.argmax(axis=1)))
