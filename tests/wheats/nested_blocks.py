"""Each block is a small Sequential of its own, added to the big one."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import matplotlib.pyplot as plt
import numpy as np

N_DEFAULT = 10


def _column_of(classes):
    return {int(label): column for column, label in enumerate(classes)}


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    column_of = _column_of(classes)
    labels = np.asarray(y).ravel().tolist()
    pairs = [(i, column_of[label]) for i, label in enumerate(labels) if label in column_of]
    order = np.random.default_rng(seed).permutation(len(pairs))
    rows = np.array([pairs[k][0] for k in order], dtype=np.intp)
    columns = np.array([pairs[k][1] for k in order], dtype=np.intp)
    return np.take(x, rows, axis=0), keras.utils.to_categorical(columns, len(column_of))


def show_examples(x, y, class_names, predictions=None, count=N_DEFAULT, seed=None):
    chosen = np.random.default_rng(seed).choice(len(x), size=min(count, len(x)), replace=False)
    figure = plt.figure(constrained_layout=True)
    figure.suptitle("Some examples")
    grid = figure.add_gridspec(nrows=(len(chosen) - 1) // 5 + 1, ncols=5)
    for position, index in enumerate(chosen):
        axes = figure.add_subplot(grid[position // 5, position % 5])
        axes.imshow(x[index])
        axes.tick_params(bottom=False, left=False, labelbottom=False, labelleft=False)
        truth = class_names[np.argmax(y[index])]
        if predictions is None:
            axes.set_title(truth)
        else:
            guess = class_names[np.argmax(predictions[index])]
            axes.set_title(f"{truth}: ok, {guess}" if truth == guess else f"{truth}: wrong, {guess}")
    return figure


def add_conv_block(model, filters):
    block = keras.Sequential(
        [
            keras.layers.Conv2D(filters, 3, padding="same", activation="gelu"),
            keras.layers.Conv2D(filters, 3, padding="same", activation="gelu"),
            keras.layers.MaxPooling2D(3, strides=2, padding="same"),
        ]
    )
    model.add(block)
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape), keras.layers.Rescaling(2 / 255, offset=-1)])
    for width in (16, 24, 32):
        add_conv_block(model, width)
    model.add(keras.layers.GlobalAveragePooling2D())
    model.add(keras.layers.Dense(num_classes, activation="softmax", kernel_initializer="glorot_normal"))
    model.compile(
        optimizer=keras.optimizers.Adam(0.002),
        loss=keras.losses.CategoricalCrossentropy(from_logits=False),
        metrics=[keras.metrics.CategoricalAccuracy("accuracy")],
    )
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    stop = keras.callbacks.EarlyStopping("val_accuracy", 0, patience, 0, "max")
    keep = keras.callbacks.ModelCheckpoint(checkpoint_path, "val_accuracy", 0, True, mode="max")
    return model.fit(
        x_train.astype("float32"),
        y_train.astype("float32"),
        validation_data=(x_val.astype("float32"), y_val.astype("float32")),
        validation_batch_size=256,
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[keep, stop, *callbacks],
        verbose=0,
    )


def plot_history(history):
    numbers = getattr(history, "history", history)
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), constrained_layout=True)
    handles = []
    for key, label in (("accuracy", "training"), ("val_accuracy", "validation")):
        handles += axes[0].plot(range(1, len(numbers[key]) + 1), numbers[key], label=label)
    axes[0].set_ylabel("Accuracy")
    axes[1].plot(range(1, len(numbers["loss"]) + 1), numbers["loss"])
    axes[1].plot(range(1, len(numbers["val_loss"]) + 1), numbers["val_loss"])
    axes[1].set_ylabel("Loss")
    for ax in axes:
        ax.set_xlabel("Epoch")
    figure.legend(handles=handles, loc="outside upper right")
    return figure


def predict(model, x):
    if isinstance(model, (str, bytes, os.PathLike)):
        model = keras.models.load_model(os.fspath(model))
    return model.predict(np.asarray(x, dtype="float32"), verbose=0)
