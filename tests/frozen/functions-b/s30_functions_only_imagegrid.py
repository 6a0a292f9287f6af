# sound: functions only, no main part; ImageGrid for the pictures, 1x1 bottleneck blocks
"""The functions of the project; the notebook that comes with it calls them."""
import os

import numpy as np
from keras import Input, Model, Sequential, callbacks as kc, layers as kl, losses, models, optimizers
from matplotlib import pyplot
from mpl_toolkits.axes_grid1 import ImageGrid


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    y = np.asarray(y).reshape(-1)
    candidates = np.random.default_rng(seed).permutation(y.size)
    one_hot = np.zeros((y.size, len(classes)))
    for column, label in enumerate(classes):
        one_hot[:, column] = y == label
    selected = candidates[one_hot[candidates].sum(axis=1) > 0]
    return x[selected], one_hot[selected]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    n = min(count, len(x))
    chosen = np.random.default_rng(seed).choice(len(x), size=n, replace=False)
    figure = pyplot.figure(figsize=(12, 6))
    shape = (max(1, -(-n // 5)), min(5, max(1, n)))
    grid = ImageGrid(figure, 111, nrows_ncols=shape, axes_pad=0.5)
    for position, i in enumerate(chosen):
        ax = grid[position]
        ax.imshow(x[i])
        ax.set_xticks([])
        ax.set_yticks([])
        words = [class_names[np.argmax(y[i])]]
        if predictions is not None:
            words += ["as", class_names[np.argmax(predictions[i])]]
        ax.set_title(" ".join(words), fontsize=8)
    return figure


def add_conv_block(model, filters):
    model.add(kl.Conv2D(max(1, filters // 4), 1, activation="relu"))
    model.add(kl.Conv2D(max(1, filters // 4), 3, padding="same", activation="relu"))
    model.add(kl.Conv2D(filters, 1, activation="relu"))
    model.add(kl.BatchNormalization())
    model.add(kl.MaxPooling2D(2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = Sequential([Input(shape=input_shape), kl.Rescaling(1 / 255), kl.Conv2D(32, 3, padding="same")])
    for filters in (64, 128, 128):
        add_conv_block(model, filters)
    model.add(kl.GlobalAveragePooling2D())
    model.add(kl.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer=optimizers.Adam(optimizers.schedules.PiecewiseConstantDecay([800, 1600], [2e-3, 1e-3, 5e-4])),
        loss=losses.CategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    return model


def train(
    model, x_train, y_train, x_val, y_val,
    *, epochs=20, batch_size=128, patience=3, checkpoint_path="best_model.keras", callbacks=(),
):
    watch = ("val_accuracy",)
    stop = kc.EarlyStopping(*watch, patience=patience, mode="max", restore_best_weights=True)
    save = kc.ModelCheckpoint(checkpoint_path, *watch, save_best_only=True, mode="max")
    return model.fit(
        x_train, y_train, validation_data=(x_val, y_val),
        epochs=epochs, batch_size=batch_size, callbacks=[stop, save, *callbacks],
    )


def plot_history(history):
    logs = history if isinstance(history, dict) else history.history
    figure = pyplot.figure(figsize=(7, 4))
    ax = figure.subplots()
    ax.plot(logs["accuracy"], label="fit")
    ax.plot(logs["val_accuracy"], label="check")
    ax.set(xlabel="epoch", ylabel="accuracy")
    ax.legend()
    return figure


def predict(model, x):
    if not isinstance(model, Model):
        model = models.load_model(os.fspath(model))
    return model.predict(x, verbose=0)
