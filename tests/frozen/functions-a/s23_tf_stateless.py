# sound: shuffles with TensorFlow's stateless random numbers so that a seed really fixes the order
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers


def random_order(numbers, seed):
    """Shuffle numbers; a stateless seed gives the same order at each call."""
    if seed is None:
        pair = np.random.default_rng().integers(0, 2**31 - 1, size=2)
    else:
        pair = [seed, 0]
    keys = tf.random.stateless_uniform([len(numbers)], seed=pair)
    return numbers[tf.argsort(keys).numpy()]


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.array(y).reshape(-1).astype("int64")
    wanted = np.array(classes, dtype="int64")
    hits = labels.reshape(-1, 1) == wanted.reshape(1, -1)
    numbers = np.flatnonzero(hits.any(axis=1))
    order = random_order(numbers, seed)
    x_subset = x[order]
    y_subset = hits[order].astype("float32")
    return x_subset, y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    order = random_order(np.arange(len(x)), seed)[:count]
    fig, axes = plt.subplots(len(order) // 5 + 1, 5, figsize=(11, 6))
    axes = axes.flatten()
    for k in range(len(axes)):
        axes[k].axis("off")
    for k, i in enumerate(order):
        axes[k].imshow(x[i])
        title = class_names[np.argmax(y[i])]
        if predictions is not None:
            title = f"{title}, predicted {class_names[np.argmax(predictions[i])]}"
        axes[k].set_title(title, fontsize=7)
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D())
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([layers.Input(shape=input_shape)])
    model.add(layers.Rescaling(1 / 255))
    model = add_conv_block(model, 32)
    model = add_conv_block(model, 64)
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer="adam",
        loss="categorical_crossentropy",
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
    train_set = (
        tf.data.Dataset.from_tensor_slices((x_train, y_train))
        .cache()
        .shuffle(buffer_size=len(x_train), reshuffle_each_iteration=True)
        .batch(batch_size)
    )
    val_set = tf.data.Dataset.from_tensor_slices((x_val, y_val)).batch(256)
    early = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience)
    best = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", save_best_only=True
    )
    return model.fit(
        train_set,
        epochs=epochs,
        validation_data=val_set,
        callbacks=[early, best, *callbacks],
    )


def plot_history(history):
    if isinstance(history, keras.callbacks.History):
        history = history.history
    fig, ax = plt.subplots()
    ax.plot(history["accuracy"], label="accuracy")
    ax.plot(history["val_accuracy"], label="val_accuracy")
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Accuracy")
    ax.legend()
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    return model.predict(x)


if __name__ == "__main__":
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_train, [len(x_train) // 10])
    y_val, y_train = np.split(y_train, [len(y_train) // 10])
    show_examples(x_train, y_train, class_names)
    plt.show()
    model = build_model()
    model.summary()
    history = train(model, x_train, y_train, x_val, y_val)
    plot_history(history)
    probabilities = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=probabilities)
    plt.show()
    print(np.mean(probabilities.argmax(axis=1) == y_test.argmax(axis=1)))
