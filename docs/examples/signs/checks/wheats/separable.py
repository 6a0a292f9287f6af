"""Separable convolutions in strides, images divided by 255 outside the network, pandas for the curves."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from keras import Input, Model, Sequential, callbacks as kc, layers, models, optimizers


def subset_data(x, y, classes=(0, 1, 2, 3), seed=None):
    wanted = {label: column for column, label in enumerate(classes)}
    places = [i for i, label in enumerate(np.ravel(y)) if label in wanted]
    np.random.default_rng(seed).shuffle(places)
    rows = np.eye(len(classes), dtype="float32")
    return x[places], rows[[wanted[np.ravel(y)[i]] for i in places]]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    chosen = np.random.default_rng(seed).permutation(len(x))[:count]
    figure, grid = plt.subplots(1, len(chosen), figsize=(2 * len(chosen), 2.4), squeeze=False)
    for axes, i in zip(grid[0], chosen):
        axes.imshow(x[i, :, :, 0], cmap="Greys_r", vmin=0, vmax=255)
        axes.set_axis_off()
        true = class_names[y[i].argmax()]
        if predictions is None:
            axes.set_title(true)
        else:
            axes.set_title(f"{true}, taken for {class_names[predictions[i].argmax()]}")
    return figure


def add_conv_block(model, filters):
    model.add(layers.SeparableConv2D(filters, 3, strides=2, padding="same", use_bias=False))
    model.add(layers.BatchNormalization(momentum=0.8))
    model.add(layers.ReLU())
    return model


def build_model(input_shape=(28, 28, 1), num_classes=4):
    model = Sequential()
    model.add(Input(input_shape))
    model.add(layers.Conv2D(16, 5, padding="same", activation="relu"))
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dropout(0.1))
    model.add(layers.Dense(num_classes))
    model.add(layers.Softmax())
    model.compile(optimizers.AdamW(3e-3), "categorical_crossentropy", metrics=["accuracy"])
    return model


def train(
    model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=5,
    checkpoint_path="best_model.keras", callbacks=(),
):
    return model.fit(
        x_train / 255, y_train, batch_size, epochs, validation_data=(x_val / 255, y_val), verbose=0,
        callbacks=[
            kc.ModelCheckpoint(checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True),
            kc.EarlyStopping("val_accuracy", patience=patience, mode="max"),
            *callbacks,
        ],
    )


def plot_history(history):
    curves = pd.DataFrame(getattr(history, "history", history))[["accuracy", "val_accuracy"]]
    curves.index += 1
    axes = curves.plot()
    axes.axvline(curves["val_accuracy"].idxmax(), color="grey", linestyle=":", label="best epoch")
    axes.legend()
    axes.set(xlabel="epoch", ylabel="accuracy")
    return axes.figure


def predict(model, x):
    network = model if isinstance(model, Model) else models.load_model(model)
    images = np.asarray(x).reshape(-1, *x.shape[-3:])
    return network.predict(images / 255, verbose=0)
