# sound: the convolution block holds a functional residual sub-model, and plot_history shows the loss in a second panel where there is one.
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    y = np.asarray(y).ravel()
    positions = np.concatenate([np.where(y == c)[0] for c in classes])
    targets = np.repeat(np.eye(len(classes)), [np.sum(y == c) for c in classes], axis=0)
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(positions))
    return x[positions[shuffled]], targets[shuffled]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    rng = np.random.default_rng(seed)
    indices = rng.choice(np.arange(len(x)), size=min(count, len(x)), replace=False)
    ncols = 5
    nrows = max(1, int(np.ceil(len(indices) / ncols)))
    fig, axes = plt.subplots(nrows, ncols, figsize=(10, 2.4 * nrows))
    axes = np.atleast_1d(axes).flatten()
    for ax, i in zip(axes, indices):
        ax.imshow(x[i].astype("uint8"))
        title = class_names[y[i].argmax()]
        if predictions is not None:
            p = predictions[i]
            title = f"{title} (pred. {class_names[p.argmax()]}, {p.max():.2f})"
        ax.set_title(title, fontsize=8)
    for ax in axes:
        ax.axis("off")
    return fig


def residual_unit(filters):
    """A small functional model: two convolutions and a shortcut, for maps of any size with `filters` channels."""
    inputs = keras.Input(shape=(None, None, filters))
    h = layers.Conv2D(filters, 3, padding="same", use_bias=False)(inputs)
    h = layers.BatchNormalization(momentum=0.9)(h)
    h = layers.Activation("relu")(h)
    h = layers.Conv2D(filters, 3, padding="same", use_bias=False)(h)
    h = layers.BatchNormalization(momentum=0.9)(h)
    outputs = layers.Activation("relu")(layers.Add()([inputs, h]))
    return keras.Model(inputs, outputs)


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D(2))
    model.add(residual_unit(filters))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(keras.Input(shape=input_shape))
    model.add(layers.Rescaling(1.0 / 127.5, offset=-1.0))
    for filters in [16, 32, 64]:
        add_conv_block(model, filters)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer="adam",
        loss="categorical_crossentropy",
        metrics=["accuracy", keras.metrics.Precision(name="precision")],
    )
    return model


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
    early_stopping = keras.callbacks.EarlyStopping(
        monitor="val_accuracy", mode="max", patience=patience, restore_best_weights=True
    )
    checkpoint = keras.callbacks.ModelCheckpoint(
        str(checkpoint_path), monitor="val_accuracy", mode="max", save_best_only=True
    )
    history = model.fit(
        x_train,
        y_train,
        validation_data=(x_val, y_val),
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[early_stopping, checkpoint] + list(callbacks),
    )
    return history


def plot_history(history):
    data = history if isinstance(history, dict) else history.history
    panels = [("accuracy", "Accuracy")]
    if "loss" in data and "val_loss" in data:
        panels.append(("loss", "Loss"))
    fig, axes = plt.subplots(1, len(panels), figsize=(6 * len(panels), 4), squeeze=False)
    for ax, (key, name) in zip(axes[0], panels):
        ax.plot(data[key], marker="o", label=f"train {key}")
        ax.plot(data["val_" + key], marker="o", label=f"val {key}")
        ax.set_xlabel("Epoch")
        ax.set_ylabel(name)
        ax.legend()
    fig.tight_layout()
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        loaded = keras.models.load_model(str(model))
    else:
        loaded = model
    return loaded.predict(np.asarray(x), verbose=0)
