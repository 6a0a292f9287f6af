# sound: train is a loop of its own over epochs and batches with train_on_batch, evaluate and a keras CallbackList that keeps the History.
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


class SaveBest(keras.callbacks.Callback):
    """Last in the list: saves each new best model, and says when to stop."""

    def __init__(self, path, patience):
        super().__init__()
        self.path = os.fspath(path)
        self.patience = patience
        self.scores = []

    def on_epoch_end(self, epoch, logs=None):
        self.scores.append(float(logs["val_accuracy"]))
        best = int(np.argmax(self.scores))  # the first of equals
        if best == len(self.scores) - 1:
            os.makedirs(os.path.dirname(self.path) or ".", exist_ok=True)
            self.model.save(self.path)
        if len(self.scores) - 1 - best >= self.patience:
            self.model.stop_training = True


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    numbers = np.arange(len(labels))
    mask = np.zeros(len(labels), dtype=bool)
    for c in classes:
        mask |= labels == c
    numbers = numbers[mask]
    rng = np.random.default_rng(seed)
    rng.shuffle(numbers)
    y_subset = np.zeros((len(numbers), len(classes)), dtype="float64")
    for j, c in enumerate(classes):
        y_subset[labels[numbers] == c, j] = 1.0
    return np.take(x, numbers, axis=0), y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    rng = np.random.default_rng(seed)
    everyone = np.arange(len(x))
    rng.shuffle(everyone)
    shown = everyone[: min(len(everyone), count)]
    fig, axes = plt.subplots(1, max(1, len(shown)), figsize=(1.6 * max(1, len(shown)), 2.2), squeeze=False)
    if len(shown) == 0:
        axes[0, 0].remove()
    for k in range(len(shown)):
        i = shown[k]
        ax = axes[0, k]
        ax.imshow(x[i])
        ax.axis("off")
        ax.set_title(class_names[np.argmax(y[i])], fontsize=8)
        if predictions is not None:
            ax.set_title(ax.get_title() + "\n" + class_names[np.argmax(predictions[i])] + "?", fontsize=8)
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(max(1, filters // 2), 3, padding="same", activation="relu"))
    model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
    model.add(layers.BatchNormalization(momentum=0.9))
    model.add(layers.ReLU())
    model.add(layers.MaxPooling2D(2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(keras.Input(input_shape))
    model.add(layers.Rescaling(scale=1 / 255))
    for filters in (32, 64, 128):
        model = add_conv_block(model, filters)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(units=num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def run_epoch(model, x, y, batch_size, runner):
    """One pass over the shuffled images; returns the mean of each quantity over all images."""
    sums = {}
    order = np.random.default_rng().permutation(len(x))
    for step, start in enumerate(range(0, len(order), batch_size)):
        batch = order[start : start + batch_size]
        runner.on_train_batch_begin(step)
        logs = model.train_on_batch(x[batch], y[batch], return_dict=True)
        runner.on_train_batch_end(step, logs)
        for name, value in logs.items():
            sums[name] = sums.get(name, 0.0) + float(value) * len(batch)
    return {name: total / len(order) for name, total in sums.items()}


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
    runner = keras.callbacks.CallbackList(
        [*callbacks, SaveBest(checkpoint_path, patience)],
        add_history=True,
        add_progbar=False,
        model=model,
        epochs=epochs,
        steps=-(-len(x_train) // batch_size),
        verbose=0,
    )
    model.stop_training = False
    y_train = np.asarray(y_train, dtype="float32")
    logs = {}
    runner.on_train_begin()
    for epoch in range(epochs):
        runner.on_epoch_begin(epoch)
        logs = run_epoch(model, x_train, y_train, batch_size, runner)
        checked = model.evaluate(x_val, y_val, batch_size=batch_size, verbose=0, callbacks=runner, return_dict=True)
        logs.update({"val_" + name: float(value) for name, value in checked.items()})
        runner.on_epoch_end(epoch, logs)
        print(f"epoch {epoch + 1}/{epochs}:", ", ".join(f"{k} {v:.3f}" for k, v in logs.items()))
        if model.stop_training:
            break
    runner.on_train_end(logs)
    return model.history


def plot_history(history):
    if not isinstance(history, dict):
        history = history.history
    fig, ax = plt.subplots()
    ax.plot(list(range(1, len(history["accuracy"]) + 1)), history["accuracy"], "k.-", label="on training images")
    ax.plot(list(range(1, len(history["val_accuracy"]) + 1)), history["val_accuracy"], "g.-", label="on validation images")
    ax.set_xlabel("Epochs")
    ax.set_ylabel("Accuracy (0 to 1)")
    ax.grid(True)
    ax.legend()
    return fig


def predict(model, x):
    if isinstance(model, str) or hasattr(model, "__fspath__"):
        model = keras.models.load_model(model)
    return np.asarray(model.predict(x, verbose=0))
