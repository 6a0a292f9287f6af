import functools
import logging
import time
import warnings

import keras
import matplotlib.pyplot as plt
import numpy as np

logging.basicConfig(level=logging.INFO)
log = logging.getLogger("cifar")


def timed(function):
    """Log how long a call took."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        start = time.perf_counter()
        result = function(*args, **kwargs)
        log.info("%s took %.2f s", function.__name__, time.perf_counter() - start)
        return result

    return wrapper


@timed
def subset_data(x, y, classes=(0, 1, 2), seed=None):
    y1d = np.asarray(y).flatten()
    keep = np.any([y1d == c for c in classes], axis=0)
    x_kept, y_kept = x[keep], y1d[keep]
    relabelled = np.empty(len(y_kept), dtype=int)
    for new, old in enumerate(classes):
        relabelled[y_kept == old] = new
    y_hot = keras.utils.to_categorical(relabelled, num_classes=len(classes))
    # shuffle both with the same generator state
    s = np.random.SeedSequence(seed).entropy
    np.random.default_rng(s).shuffle(x_kept)
    np.random.default_rng(s).shuffle(y_hot)
    return x_kept, y_hot


@timed
def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    if count > len(x):
        warnings.warn(f"only {len(x)} images there")
        count = len(x)
    index = np.random.default_rng(seed).choice(len(x), count, replace=False, shuffle=True)
    fig, axes = plt.subplots(nrows=max(1, count // 2 + count % 2), ncols=2, figsize=(5, count), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, i in zip(axes.flat, index):
        axis.imshow(x[i].astype("uint8"))
        true_name = class_names[np.flatnonzero(y[i])[0]]
        if predictions is None:
            axis.set_title(true_name)
        else:
            axis.set_title("T: " + true_name + ", P: " + class_names[np.argsort(predictions[i])[-1]])
    return fig


@timed
def add_conv_block(model, filters):
    model.add(keras.layers.Conv2D(filters, kernel_size=3, padding="same", activation="swish"))
    model.add(keras.layers.LayerNormalization())
    model.add(keras.layers.MaxPooling2D(2))
    return model


@timed
def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential(layers=[keras.Input(shape=input_shape), keras.layers.Rescaling(1 / 255)])
    for filters in (16, 32, 64):
        add_conv_block(model, filters)
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(units=num_classes, activation="softmax", name="probabilities"))
    model.compile(optimizer="adamw", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


@timed
def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    class Reporter(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            log.info("epoch %d: %s", epoch + 1, {k: round(float(v), 3) for k, v in logs.items()})

    return model.fit(
        x_train, y_train, epochs=epochs, batch_size=batch_size, verbose="auto", validation_data=(x_val, y_val),
        callbacks=keras.callbacks.CallbackList([
            keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience, mode="auto"),
            keras.callbacks.ModelCheckpoint(checkpoint_path, monitor="val_accuracy", save_best_only=True, mode="auto"),
            Reporter(),
        ], model=model).callbacks + list(callbacks),
    )


@timed
def plot_history(history):
    values = history.history if hasattr(history, "history") else history
    with plt.style.context("ggplot"):
        fig, ax = plt.subplots()
        ax.plot(values["accuracy"], label="Accuracy (train)")
        ax.plot(values["val_accuracy"], label="Accuracy (validation)")
        ax.set_xlabel("Epoch", fontsize=12)
        ax.set_ylabel("Accuracy", fontsize=12)
        ax.legend(frameon=False)
    return fig


@timed
def predict(model, x):
    if not isinstance(model, keras.Model):
        log.info("loading %s", model)
        model = keras.models.load_model(model)
    return model.predict(x, verbose=2)
