# sound: early stopping and the checkpoint are written by hand as one small Keras callback
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


class KeepBest(keras.callbacks.Callback):
    """Saves the whole model at each better val_accuracy, and stops after `patience` without."""

    def __init__(self, path, patience):
        super().__init__()
        self.path = path
        self.patience = patience

    def on_train_begin(self, logs=None):
        self.best = -1.0
        self.waited = 0

    def on_epoch_end(self, epoch, logs=None):
        value = logs["val_accuracy"]
        if value > self.best:
            self.best = value
            self.waited = 0
            self.model.save(self.path)
        else:
            self.waited += 1
            if self.waited >= self.patience:
                print(f"No better val_accuracy than {self.best:.3f}, stop.")
                self.model.stop_training = True


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = y.reshape(len(y))
    rng = np.random.default_rng(seed)

    columns = np.full(len(labels), -1)
    for j, c in enumerate(classes):
        columns[labels == c] = j

    order = rng.permutation(len(labels))
    order = order[columns[order] >= 0]
    x_subset = x[order]
    y_subset = np.identity(len(classes))[columns[order]]
    return x_subset, y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    rng = np.random.default_rng(seed)
    indices = rng.permutation(len(x))[: min(count, len(x))]
    size = int(np.ceil(np.sqrt(max(len(indices), 1))))
    fig, axs = plt.subplots(size, size, figsize=(2.5 * size, 2.8 * size), squeeze=False)
    for ax in axs.flat[len(indices) :]:
        ax.remove()
    for ax, index in zip(axs.flat, indices):
        ax.imshow(x[index])
        ax.set(xticks=[], yticks=[])
        title = f"true: {class_names[np.argmax(y[index])]}"
        if predictions is not None:
            title += f"\npredicted: {class_names[np.argmax(predictions[index])]}"
        ax.set_title(title)
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same"))
    model.add(layers.LeakyReLU())
    model.add(layers.MaxPooling2D())
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(keras.Input(shape=input_shape))
    model.add(layers.Rescaling(1.0 / 255))
    for filters in (32, 64, 128):
        add_conv_block(model, filters)
    model.add(layers.Flatten())
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
    best = KeepBest(checkpoint_path, patience)
    return model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=[best] + list(callbacks),
    )


def plot_history(history):
    if hasattr(history, "history"):
        history = history.history
    fig = plt.figure()
    ax = fig.add_subplot()
    ax.plot(history["accuracy"], label="training")
    ax.plot(history["val_accuracy"], label="validation")
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy")
    ax.legend()
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    return model.predict(x)


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
    accuracy = np.mean(probabilities.argmax(axis=1) == y_test.argmax(axis=1))
    print(f"Accuracy on images the network never saw: {accuracy:.3f}")
