# sound: feeds the network from an own keras PyDataset that reshuffles each epoch
import math
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


class Batches(keras.utils.PyDataset):
    """Shuffled batches of images and labels, the last one may be smaller."""

    def __init__(self, x, y, batch_size, **kwargs):
        super().__init__(**kwargs)
        self.x = x
        self.y = y
        self.batch_size = batch_size
        self.order = np.random.permutation(len(x))

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, number):
        start = number * self.batch_size
        indices = self.order[start : start + self.batch_size]
        return self.x[indices], self.y[indices]

    def on_epoch_end(self):
        self.order = np.random.permutation(len(self.x))


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.reshape(y, -1)
    matches = labels[:, None] == np.array(classes)[None, :]
    indices = np.nonzero(matches.any(axis=1))[0]
    indices = np.random.default_rng(seed).permutation(indices)
    x_subset = x[indices]
    y_subset = matches[indices].astype(float)
    return x_subset, y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    count = min(count, len(x))
    picks = np.random.default_rng(seed).choice(len(x), size=count, replace=False)
    n_rows = max(1, math.ceil(count / 5))
    fig, axes = plt.subplots(n_rows, 5, figsize=(10, 2.5 * n_rows))
    for ax in axes.flat:
        ax.axis("off")
    for pick, ax in zip(picks, axes.flat):
        ax.imshow(x[pick])
        label = class_names[y[pick].argmax()]
        if predictions is not None:
            label += "\nguess: " + class_names[predictions[pick].argmax()]
        ax.set_title(label)
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, activation="relu", padding="same"))
    model.add(layers.MaxPooling2D(2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([layers.Input(shape=input_shape), layers.Rescaling(1 / 255)])
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    add_conv_block(model, 64)
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
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
    batches = Batches(x_train, y_train, batch_size)
    stop_early = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience)
    keep_best = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", save_best_only=True
    )
    history = model.fit(
        batches,
        epochs=epochs,
        validation_data=(x_val, y_val),
        callbacks=[*callbacks, stop_early, keep_best],
    )
    return history


def plot_history(history):
    record = getattr(history, "history", history)
    epochs = range(1, 1 + len(record["accuracy"]))
    fig, ax = plt.subplots()
    ax.plot(epochs, record["accuracy"], "k-", label="training images")
    ax.plot(epochs, record["val_accuracy"], "k:", label="validation images")
    ax.set(xlabel="Epoch", ylabel="Accuracy")
    ax.legend()
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.saving.load_model(model)
    return model.predict(x, verbose=0)


if __name__ == "__main__":
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_train, [len(x_train) // 10])
    y_val, y_train = np.split(y_train, [len(y_train) // 10])
    show_examples(x_train, y_train, class_names)
    plt.show()
    model = build_model()
    model.summary()
    history = train(model, x_train, y_train, x_val, y_val)
    plot_history(history)
    probabilities = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=probabilities)
    plt.show()
    print(np.mean(probabilities.argmax(axis=1) == y_test.argmax(axis=1)))
