# sound: objects do the work (selection, gallery, scaler, keeper of the best weights in memory), and the seven functions only call them.
import os
from dataclasses import dataclass, field

import keras
import matplotlib.pyplot as plt
import numpy as np


class Selection:
    """The images of some classes."""

    def __init__(self, x, y, classes):
        self.classes = tuple(classes)
        labels = np.asarray(y).reshape(len(y))
        self.columns = np.full(len(labels), -1)
        for column, label in enumerate(self.classes):
            self.columns[labels == label] = column
        self.indices = np.flatnonzero(self.columns >= 0)
        self.x = x

    def shuffled(self, seed):
        order = self.indices.copy()
        np.random.Generator(np.random.PCG64(seed)).shuffle(order)
        targets = np.zeros((len(order), len(self.classes)))
        targets[np.arange(len(order)), self.columns[order]] = 1
        return self.x[order], targets


@dataclass
class Gallery:
    """A grid of images with titles."""

    columns: int = 5
    cell: float = 2.3
    entries: list = field(default_factory=list)

    def add(self, image, title):
        self.entries.append((image, title))

    def draw(self):
        rows = max(1, -(-len(self.entries) // self.columns))
        figure = plt.figure(figsize=(self.columns * self.cell, rows * (self.cell + 0.5)))
        for place, (image, title) in enumerate(self.entries, start=1):
            axes = figure.add_subplot(rows, self.columns, place)
            axes.imshow(image)
            axes.set(title=title, xticks=[], yticks=[])
        return figure


class Scaler:
    """Maps 0..255 to -1..1."""

    def __call__(self, x):
        return np.asarray(x, dtype=np.float32) / 127.5 - 1.0


class BestInMemory(keras.callbacks.Callback):
    """Remembers the weights of the best epoch and writes them into a model file at the end of training."""

    def __init__(self, path, patience):
        super().__init__()
        self.path = os.fspath(path)
        self.patience = patience

    def on_train_begin(self, logs=None):
        self.best_score = None
        self.best_epoch = None
        self.best_weights = None

    def on_epoch_end(self, epoch, logs=None):
        score = logs["val_accuracy"]
        if self.best_score is None or score > self.best_score:
            self.best_score = score
            self.best_epoch = epoch
            self.best_weights = self.model.get_weights()
        elif epoch - self.best_epoch >= self.patience:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        folder = os.path.dirname(self.path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        last = self.model.get_weights()
        self.model.set_weights(self.best_weights)
        self.model.save(self.path)
        self.model.set_weights(last)


scaler = Scaler()


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    return Selection(x, y, classes).shuffled(seed)


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    gallery = Gallery()
    order = np.random.default_rng(seed).permutation(len(x))
    for i in order[:count]:
        title = f"is {class_names[np.argmax(y[i])]}"
        if predictions is not None:
            title += f", seems {class_names[np.argmax(predictions[i])]}"
        gallery.add(x[i], title)
    return gallery.draw()


def add_conv_block(model, filters):
    model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="elu"))
    model.add(keras.layers.BatchNormalization(momentum=0.9))
    model.add(keras.layers.MaxPooling2D())
    model.add(keras.layers.Dropout(0.1))
    return model


class ModelFactory:
    widths = (32, 64, 128)

    def __call__(self, input_shape, num_classes):
        model = keras.Sequential([keras.layers.InputLayer(shape=input_shape)])
        for width in self.widths:
            add_conv_block(model, width)
        model.add(keras.layers.GlobalAveragePooling2D())
        model.add(keras.layers.Dense(num_classes))
        model.add(keras.layers.Activation("softmax"))
        model.compile(
            optimizer=keras.optimizers.RMSprop(1e-3),
            loss=keras.losses.CategoricalCrossentropy(from_logits=False),
            metrics=["accuracy"],
        )
        return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    return ModelFactory()(input_shape, num_classes)


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
    keeper = BestInMemory(checkpoint_path, patience)
    return model.fit(
        scaler(x_train),
        y_train,
        validation_data=(scaler(x_val), y_val),
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[*callbacks, keeper],
    )


class Curves:
    def __init__(self, history):
        self.values = history.history if hasattr(history, "history") else dict(history)

    def draw(self, axes):
        for key, name in {"accuracy": "training", "val_accuracy": "validation"}.items():
            y = self.values[key]
            axes.plot(np.arange(len(y)) + 1, y, label=name, marker="d")
        axes.set(xlabel="epoch", ylabel="accuracy", xlim=(0.5, len(self.values["accuracy"]) + 0.5))
        axes.legend()


def plot_history(history):
    figure, axes = plt.subplots()
    Curves(history).draw(axes)
    return figure


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    return model.predict(scaler(x), verbose=0)
