# sound: tf.data pipelines that scale, shuffle and batch, in train as well as in predict, and tf.one_hot for the labels.
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers

AUTOTUNE = tf.data.AUTOTUNE


def to_unit_range(image):
    return tf.cast(image, tf.float32) / 255.0


def training_pipeline(x, y, batch_size):
    data = tf.data.Dataset.from_tensor_slices((x, y))
    data = data.shuffle(len(x), reshuffle_each_iteration=True)
    data = data.batch(batch_size)
    return data.map(lambda a, b: (to_unit_range(a), b), num_parallel_calls=AUTOTUNE).prefetch(AUTOTUNE)


def evaluation_pipeline(x, y, batch_size):
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size)
    return data.map(lambda a, b: (to_unit_range(a), b)).prefetch(AUTOTUNE)


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    wanted = np.asarray(classes)
    matches = labels[:, None] == wanted[None, :]
    indices = np.where(matches.any(axis=1))[0]
    indices = np.random.RandomState(seed).permutation(indices)
    columns = matches[indices].argmax(axis=1)
    one_hot = tf.one_hot(columns, depth=len(wanted), dtype=tf.float32)
    return x[indices], one_hot.numpy()


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    n = min(count, len(x))
    chosen = np.random.RandomState(seed).choice(len(x), n, replace=False)
    cols = max(1, min(n, 4))
    rows = max(1, -(-n // cols))
    fig, grid = plt.subplots(rows, cols, figsize=(3 * cols, 3 * rows), squeeze=False)
    for slot, ax in enumerate(grid.flat):
        if slot >= n:
            fig.delaxes(ax)
            continue
        index = chosen[slot]
        label = np.argmax(y[index])
        caption = f"label: {class_names[label]}"
        if predictions is not None:
            guess = np.argmax(predictions[index])
            caption += f"\nmodel: {class_names[guess]} ({100 * predictions[index][guess]:.0f} %)"
        ax.imshow(x[index], interpolation="nearest")
        ax.set_title(caption, fontsize=9)
        ax.set_xticks([])
        ax.set_yticks([])
    return fig


def add_conv_block(model, filters):
    for _ in range(2):
        model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.Activation("relu"))
    model.add(layers.MaxPool2D())
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([layers.Input(input_shape)])
    add_conv_block(model, 16)
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dropout(0.1))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
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
    watch = dict(monitor="val_accuracy", mode="max")
    return model.fit(
        training_pipeline(x_train, y_train, batch_size),
        validation_data=evaluation_pipeline(x_val, y_val, batch_size),
        epochs=epochs,
        callbacks=[
            keras.callbacks.EarlyStopping(patience=patience, **watch),
            keras.callbacks.ModelCheckpoint(filepath=checkpoint_path, save_best_only=True, **watch),
            *callbacks,
        ],
    )


def plot_history(history):
    h = history if isinstance(history, dict) else history.history
    fig, ax = plt.subplots(figsize=(6, 4))
    epochs = range(1, len(h["val_accuracy"]) + 1)
    ax.plot(epochs, h["accuracy"], "-s", color="tab:blue")
    ax.plot(epochs, h["val_accuracy"], "--o", color="tab:orange")
    ax.legend(["train", "val"])
    ax.set(xlabel="Epoch", ylabel="Accuracy", title="Learning curve")
    return fig


def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    batches = tf.data.Dataset.from_tensor_slices(x).batch(128).map(to_unit_range).prefetch(AUTOTUNE)
    return model.predict(batches, verbose=0)
