# sound: professional script with a guarded main(), logging, pathlib and type hints
"""Tell three classes of CIFAR-10 apart with a small convolutional network."""
from __future__ import annotations

# %%
# Task 1 - Set up
import logging
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from keras.callbacks import EarlyStopping, ModelCheckpoint

LOGGER = logging.getLogger("cifar3")
CLASSES: tuple[int, ...] = (3, 5, 7)
NAMES: tuple[str, ...] = ("cat", "dog", "horse")
CHECKPOINT = Path("checkpoints") / "best.keras"
SEED = 2024


# %%
# Task 2 - Pre-process
def select_and_shuffle(
    images: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return scaled images and one-hot rows of the three classes, in random order."""
    flat = labels.ravel()
    keep = np.isin(flat, CLASSES)
    images, flat = images[keep], flat[keep]
    order = rng.permutation(len(flat))
    images, flat = images[order], flat[order]
    index = np.searchsorted(CLASSES, flat)
    return images.astype("float32") / 255.0, keras.utils.to_categorical(index, len(CLASSES))


# %%
# Task 3 - Visualise
def show_random(
    images: np.ndarray,
    labels: np.ndarray,
    rng: np.random.Generator,
    heading: str,
    rows: int = 3,
    columns: int = 4,
) -> None:
    """Show a random sample of the images with the names of their classes."""
    count = min(rows * columns, len(images))
    chosen = rng.choice(len(images), size=count, replace=False)
    figure, axes = plt.subplots(rows, columns, figsize=(2 * columns, 2.2 * rows))
    for axis in axes.flat:
        axis.axis("off")
    for axis, position in zip(axes.flat, chosen):
        axis.imshow(images[position])
        axis.set_title(NAMES[int(labels[position].argmax())])
    figure.suptitle(heading)
    figure.tight_layout()
    plt.show()


# %%
# Task 4 - Create the model
def add_block(model: keras.Sequential, filters: int, dropout: float) -> None:
    """Append one convolution block to the network."""
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.MaxPooling2D())
    model.add(layers.Dropout(dropout))


def create_model(input_shape: tuple[int, ...]) -> keras.Sequential:
    """Build and compile the network."""
    model = keras.Sequential(name="cifar3")
    model.add(keras.Input(shape=input_shape))
    for filters, dropout in ((32, 0.1), (64, 0.2), (128, 0.3)):
        add_block(model, filters, dropout)
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(len(CLASSES), activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


# %%
# Task 5 - Train
def train(
    model: keras.Sequential,
    training: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
) -> keras.callbacks.History:
    """Fit the network; the best epoch goes to CHECKPOINT."""
    CHECKPOINT.parent.mkdir(parents=True, exist_ok=True)
    callbacks = [
        EarlyStopping(monitor="val_loss", patience=6, verbose=1),
        ModelCheckpoint(str(CHECKPOINT), monitor="val_accuracy", mode="max", save_best_only=True),
    ]
    return model.fit(
        *training,
        validation_data=validation,
        epochs=40,
        batch_size=64,
        callbacks=callbacks,
        verbose=2,
    )


# %%
# Task 6 - Predict
def plot_accuracy(history: keras.callbacks.History) -> None:
    """Plot both accuracy curves in one figure."""
    figure, axis = plt.subplots()
    epochs = range(1, len(history.history["accuracy"]) + 1)
    axis.plot(epochs, history.history["accuracy"], label="training")
    axis.plot(epochs, history.history["val_accuracy"], label="validation")
    axis.set(xlabel="epoch", ylabel="accuracy", title="Accuracy")
    axis.legend()
    plt.show()


def main() -> None:
    """Run the project from loading to predicting."""
    logging.basicConfig(level=logging.INFO)
    keras.utils.set_random_seed(SEED)
    rng = np.random.default_rng(SEED)

    raw_train, raw_test = keras.datasets.cifar10.load_data()
    x_train, y_train = select_and_shuffle(*raw_train, rng)
    x_test, y_test = select_and_shuffle(*raw_test, rng)
    LOGGER.info("training %s, test %s", x_train.shape, x_test.shape)

    show_random(x_train, y_train, rng, "Training set")
    show_random(x_test, y_test, rng, "Test set")

    model = create_model(x_train.shape[1:])
    model.summary()

    history = train(model, (x_train, y_train), (x_test, y_test))
    plot_accuracy(history)

    best = keras.models.load_model(CHECKPOINT)
    loss, accuracy = best.evaluate(x_test, y_test, verbose=0)
    LOGGER.info("best network: loss %.3f, accuracy %.3f", loss, accuracy)
    predicted = best.predict(x_test, verbose=0)
    show_random(x_test, predicted, rng, "Predicted labels")


if __name__ == "__main__":
    main()
