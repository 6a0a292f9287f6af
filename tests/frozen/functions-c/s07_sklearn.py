# sound: scikit-learn's shuffle and OneHotEncoder prepare the data, and a Normalization layer with given mean and variance scales in the model.
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import shuffle


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    classes = list(classes)
    kept = [i for i, label in enumerate(labels) if label in classes]
    columns = [classes.index(labels[i]) for i in kept]

    # the encoder gets column numbers, not labels, so that the order of `classes` is the order of the columns
    numbers = np.arange(len(classes)).reshape(-1, 1)
    encoder = OneHotEncoder(categories=[numbers.ravel()], sparse_output=False, dtype=np.float32)
    rows = encoder.fit_transform(numbers)

    x_subset, y_subset = x[kept], rows[columns]
    order = shuffle(np.arange(len(kept)), random_state=seed) if kept else []
    return x_subset[order], y_subset[order]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    order = shuffle(np.arange(len(x)), random_state=seed, n_samples=min(count, len(x)))
    truth = np.asarray(y).argmax(axis=-1)
    rows = max(1, (len(order) + 3) // 4)
    fig, axes = plt.subplots(rows, 4, figsize=(9, 2.5 * rows), squeeze=False, layout="constrained")
    for place, ax in enumerate(axes.flat):
        ax.set_axis_off()
        if place < len(order):
            i = order[place]
            ax.imshow(x[i])
            lines = [str(class_names[truth[i]])]
            if predictions is not None:
                best = int(np.argmax(predictions[i]))
                lines.append(f"{predictions[i][best]:.1%} {class_names[best]}")
            ax.set_title("\n".join(lines))
    return fig


def add_conv_block(model, filters):
    block = [
        layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal", use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.AveragePooling2D(2),
    ]
    for layer in block:
        model.add(layer)
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(keras.Input(shape=input_shape))
    model.add(layers.Normalization(axis=None, mean=120.0, variance=64.0**2))
    model.add(layers.RandomFlip("horizontal"))
    for filters in (32, 64, 128):
        add_conv_block(model, filters)
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.AdamW(learning_rate=1e-3, weight_decay=1e-4),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.05),
        metrics=["accuracy"],
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
    all_callbacks = [
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.EarlyStopping("val_accuracy", patience=patience, mode="max"),
        keras.callbacks.ModelCheckpoint(checkpoint_path, "val_accuracy", save_best_only=True, mode="max"),
    ]
    all_callbacks.extend(callbacks)
    return model.fit(
        x=x_train,
        y=y_train,
        batch_size=batch_size,
        epochs=epochs,
        callbacks=all_callbacks,
        validation_data=(x_val, y_val),
    )


def plot_history(history):
    scores = getattr(history, "history", history)
    fig, ax = plt.subplots()
    (first,) = ax.plot(scores["accuracy"], marker="x")
    (second,) = ax.plot(scores["val_accuracy"], marker="+")
    ax.set_xlabel("epoch (from 0)")
    ax.set_ylabel("accuracy")
    fig.legend([first, second], ["training", "validation"], loc="upper center", ncols=2)
    return fig


def predict(model, x):
    net = keras.models.load_model(model) if isinstance(model, (str, os.PathLike)) else model
    return net.predict(x, batch_size=64, verbose=0)
