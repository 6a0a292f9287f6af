# sound: dataclass for a data set, static methods, type hints, pathlib path for the checkpoint, everything called from main()
"""Three CIFAR-10 classes in an object-oriented coat."""
# %%
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

NAMES: dict[int, str] = {2: "bird", 5: "dog", 8: "ship"}


# %%
@dataclass
class ImageSet:
    images: np.ndarray
    labels: np.ndarray

    @classmethod
    def from_cifar(cls, images: np.ndarray, numbers: np.ndarray) -> ImageSet:
        numbers = numbers.reshape(-1)
        parts_x, parts_y = [], []
        for column, number in enumerate(NAMES):
            rows = numbers == number
            onehot = np.zeros((rows.sum(), len(NAMES)), dtype="float32")
            onehot[:, column] = 1.0
            parts_x.append(images[rows])
            parts_y.append(onehot)
        return cls(np.concatenate(parts_x) / np.float32(255), np.concatenate(parts_y)).shuffled()

    def shuffled(self) -> ImageSet:
        order = np.random.default_rng().permutation(len(self.images))
        return ImageSet(self.images[order], self.labels[order])

    def show(self, title: str, rows: int = 2, columns: int = 5) -> None:
        figure, axes = plt.subplots(rows, columns, figsize=(2 * columns, 2.4 * rows))
        picks = np.random.choice(len(self.images), rows * columns, replace=False)
        for axis, pick in zip(axes.ravel(), picks):
            axis.imshow(self.images[pick])
            axis.set_title(list(NAMES.values())[int(self.labels[pick].argmax())])
            axis.axis("off")
        figure.suptitle(title)
        plt.show()


# %%
class Classifier:
    def __init__(self, checkpoint: Path, filters: tuple[int, ...] = (32, 64, 64)) -> None:
        self.checkpoint = checkpoint
        self.network = keras.Sequential([keras.Input((32, 32, 3))])
        for amount in filters:
            self.add_block(self.network, amount)
        self.network.add(keras.layers.Flatten())
        self.network.add(keras.layers.Dense(64, activation="relu"))
        self.network.add(keras.layers.Dense(len(NAMES), activation="softmax"))
        self.network.compile(
            optimizer=keras.optimizers.Adam(),
            loss=keras.losses.CategoricalCrossentropy(),
            metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        )

    @staticmethod
    def add_block(network: keras.Sequential, filters: int) -> None:
        network.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
        network.add(keras.layers.BatchNormalization())
        network.add(keras.layers.MaxPooling2D())

    def train(self, train: ImageSet, test: ImageSet) -> keras.callbacks.History:
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        callbacks = [
            keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=6),
            keras.callbacks.ModelCheckpoint(
                self.checkpoint, monitor="val_accuracy", mode="max", save_best_only=True
            ),
            keras.callbacks.TerminateOnNaN(),
        ]
        return self.network.fit(
            train.images,
            train.labels,
            batch_size=64,
            epochs=50,
            validation_data=(test.images, test.labels),
            callbacks=callbacks,
        )

    def predict_best(self, images: np.ndarray) -> np.ndarray:
        best = keras.models.load_model(self.checkpoint)
        return best.predict(images)


# %%
def plot_accuracy(history: keras.callbacks.History) -> None:
    for key, colour in (("accuracy", "tab:blue"), ("val_accuracy", "tab:orange")):
        plt.plot(history.history[key], color=colour, label=key)
    plt.xlabel("epoch")
    plt.legend()
    plt.show()


def main() -> None:
    (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    train = ImageSet.from_cifar(x_train, y_train)
    test = ImageSet.from_cifar(x_test, y_test)
    train.show("training set")
    test.show("test set")

    classifier = Classifier(Path("output") / "best.keras")
    classifier.network.summary()
    history = classifier.train(train, test)

    plot_accuracy(history)
    predictions = classifier.predict_best(test.images)
    ImageSet(test.images, predictions).show("predicted labels")


if __name__ == "__main__":
    main()
