"""Object-oriented solution; the functions of the assignment are thin wrappers."""

from dataclasses import dataclass, field

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


@dataclass(frozen=True)
class Settings:
    widths: tuple = (16, 32, 64)
    dropout: float = 0.15
    learning_rate: float = 1e-3
    scale: float = 255.0


SETTINGS = Settings()


class ClassSubset:
    """Selects some classes of a labelled image set."""

    def __init__(self, classes, seed=None):
        self.classes = tuple(classes)
        self.generator = np.random.default_rng(seed)

    def indices(self, labels):
        found = [np.flatnonzero(labels == wanted) for wanted in self.classes]
        joined = np.concatenate(found)
        return self.generator.permutation(joined)

    def encode(self, labels):
        table = np.zeros((max(max(self.classes), int(labels.max(initial=0))) + 1, len(self.classes)), "float32")
        table[list(self.classes), range(len(self.classes))] = 1.0
        return table[labels]

    def __call__(self, x, y):
        labels = np.asarray(y).reshape(-1).astype(int)
        chosen = self.indices(labels)
        return x[chosen], self.encode(labels[chosen])


class Gallery:
    def __init__(self, class_names):
        self.class_names = class_names

    def title(self, one_hot, probabilities):
        text = f"{self.class_names[one_hot.argmax()]}"
        if probabilities is not None:
            text += f" (net says {self.class_names[probabilities.argmax()]})"
        return text

    def show(self, x, y, predictions, chosen):
        figure, axes = plt.subplots(len(chosen), 1, figsize=(3, 2.5 * len(chosen)), squeeze=False)
        for axis, i in zip(axes[:, 0], chosen):
            axis.imshow(x[i])
            axis.set_title(self.title(y[i], None if predictions is None else predictions[i]))
            axis.axis("off")
        return figure


class BestKeeper(keras.callbacks.Callback):
    """Stops and saves in one callback."""

    def __init__(self, path, patience):
        super().__init__()
        self.path, self.patience = path, patience

    def on_train_begin(self, logs=None):
        self.best, self.since_best = None, 0

    def on_epoch_end(self, epoch, logs=None):
        accuracy = logs["val_accuracy"]
        if self.best is None or accuracy > self.best:
            self.best, self.since_best = accuracy, 0
            self.model.save(self.path, overwrite=True)
            return
        self.since_best += 1
        if self.since_best == self.patience:
            self.model.stop_training = True


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    return ClassSubset(classes, seed)(x, y)


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    order = np.random.default_rng(seed).permutation(len(x))
    return Gallery(class_names).show(x, y, predictions, order[:count])


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.Conv2D(filters, 2, strides=2, activation="relu"))
    model.add(layers.Dropout(SETTINGS.dropout))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape), layers.Rescaling(1.0 / SETTINGS.scale)])
    for width in SETTINGS.widths:
        add_conv_block(model, width)
    model.add(layers.Flatten())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adam(SETTINGS.learning_rate),
        loss=keras.losses.CategoricalCrossentropy(name="cce"),
        metrics=["accuracy", "mse"],
    )
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    keeper = BestKeeper(checkpoint_path, patience)
    return model.fit(x_train, y_train, epochs=epochs, batch_size=batch_size, validation_data=(x_val, y_val),
                     callbacks=[keeper, *callbacks], verbose=0)


@dataclass
class Curves:
    accuracy: list = field(default_factory=list)
    val_accuracy: list = field(default_factory=list)

    @classmethod
    def of(cls, history):
        values = history if isinstance(history, dict) else history.history
        return cls(values["accuracy"], values["val_accuracy"])

    def draw(self, axis):
        epochs = range(1, len(self.accuracy) + 1)
        axis.plot(epochs, self.val_accuracy, "C1", label="validation set")
        axis.plot(epochs, self.accuracy, "C0", label="training set")
        axis.axhline(1 / 3, color="grey", linewidth=0.8, linestyle=":")
        axis.set(xlabel="Epochs", ylabel="Accuracy")
        axis.legend()


def plot_history(history):
    figure, axis = plt.subplots()
    Curves.of(history).draw(axis)
    return figure


class Predictor:
    def __init__(self, model):
        self.model = model if isinstance(model, keras.Model) else keras.models.load_model(model)

    def __call__(self, x):
        return self.model.predict(x, verbose=0)


def predict(model, x):
    return Predictor(model)(x)
