# sound: class-based: the work is in small classes, the required functions only hand over to them
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


class ClassSubset:
    """The images of some classes."""

    def __init__(self, classes, seed=None):
        self.classes = np.array(list(classes))
        self.generator = np.random.Generator(np.random.PCG64(seed))

    def __call__(self, x, y):
        labels = np.array(y).flatten()
        columns = np.full(len(labels), -1)
        for j, label in enumerate(self.classes):
            columns[labels == label] = j
        kept = np.where(columns >= 0)[0]
        kept = self.generator.permutation(kept)
        one_hot = np.zeros((len(kept), len(self.classes)), dtype="float32")
        one_hot[np.arange(len(kept)), columns[kept]] = 1
        return x[kept], one_hot


class Gallery:
    """A grid of images with titles."""

    per_row = 5

    def __init__(self, names):
        self.names = list(names)

    def name_of(self, row):
        return self.names[int(np.argmax(row))]

    def title(self, truth, guess):
        if guess is None:
            return self.name_of(truth)
        return f"{self.name_of(truth)} (model: {self.name_of(guess)})"

    def draw(self, x, y, predictions, indices):
        rows = max(1, (len(indices) + self.per_row - 1) // self.per_row)
        figure = plt.figure(figsize=(3 * self.per_row, 3 * rows))
        grid = figure.add_gridspec(rows, self.per_row)
        for place, index in enumerate(indices):
            axes = figure.add_subplot(grid[place // self.per_row, place % self.per_row])
            axes.imshow(x[index], interpolation="nearest")
            axes.set_xticks([])
            axes.set_yticks([])
            guess = None if predictions is None else predictions[index]
            axes.set_title(self.title(y[index], guess))
        return figure


class Network:
    """Builder of the network."""

    def __init__(self, model=None):
        self.model = keras.Sequential() if model is None else model

    def input(self, shape):
        self.model.add(keras.Input(shape=shape))
        self.model.add(layers.Rescaling(scale=1 / 255))
        return self

    def block(self, filters):
        self.model.add(layers.Conv2D(filters, (3, 3), padding="same", activation="relu"))
        self.model.add(layers.BatchNormalization())
        self.model.add(layers.AveragePooling2D((2, 2)))
        return self

    def head(self, num_classes):
        self.model.add(layers.Flatten())
        self.model.add(layers.Dropout(0.4))
        self.model.add(layers.Dense(num_classes, activation=keras.activations.softmax))
        return self

    def compiled(self):
        self.model.compile(
            optimizer=keras.optimizers.RMSprop(learning_rate=1e-3),
            loss=keras.losses.categorical_crossentropy,
            metrics=["accuracy"],
        )
        return self.model


class Trainer:
    """Early stopping and a checkpoint."""

    watched = "val_accuracy"

    def __init__(self, patience, path, extra):
        self.patience = patience
        self.path = path
        self.extra = list(extra)

    def callbacks(self):
        return [
            keras.callbacks.ModelCheckpoint(
                self.path, monitor=self.watched, save_best_only=True, mode="max"
            ),
            keras.callbacks.EarlyStopping(
                monitor=self.watched, patience=self.patience, mode="max"
            ),
        ] + self.extra

    def run(self, model, training, validation, **options):
        return model.fit(
            *training, validation_data=validation, callbacks=self.callbacks(), **options
        )


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    return ClassSubset(classes, seed)(x, y)


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    shuffled = np.random.default_rng(seed).permutation(len(x))
    indices = shuffled[: min(count, len(x))]
    return Gallery(class_names).draw(x, y, predictions, indices)


def add_conv_block(model, filters):
    return Network(model).block(filters).model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    network = Network().input(input_shape)
    add_conv_block(network.model, 32)
    add_conv_block(network.model, 64)
    add_conv_block(network.model, 64)
    return network.head(num_classes).compiled()


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
    trainer = Trainer(patience, checkpoint_path, callbacks)
    return trainer.run(
        model, (x_train, y_train), (x_val, y_val), epochs=epochs, batch_size=batch_size
    )


class Curves:
    def __init__(self, history):
        self.logs = history if isinstance(history, dict) else history.history

    def figure(self):
        figure = plt.figure(figsize=(7, 4))
        axes = figure.add_subplot()
        axes.plot(self.logs["accuracy"], color="tab:blue", label="training")
        axes.plot(self.logs["val_accuracy"], color="tab:orange", label="validation")
        axes.set_xlabel("Epoch")
        axes.set_ylabel("Accuracy")
        axes.legend()
        axes.grid(True)
        return figure


def plot_history(history):
    return Curves(history).figure()


def predict(model, x):
    if isinstance(model, (str, bytes, os.PathLike)):
        model = keras.models.load_model(os.fsdecode(model))
    return model.predict(x, verbose=0)


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
