# sound: while loops and a shuffle written by hand (Fisher-Yates), predictions made batch by batch
import os
import random

import keras
import matplotlib.pyplot as plt
import numpy as np


def my_shuffle(items, seed):
    """Fisher-Yates, on a copy of the list."""
    items = list(items)
    dice = random.Random(seed)
    last = len(items) - 1
    while last > 0:
        other = dice.randint(0, last)
        items[last], items[other] = items[other], items[last]
        last -= 1
    return items


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = [int(v) for v in np.array(y).reshape(-1)]
    classes = [int(c) for c in classes]
    found = []
    i = 0
    while i < len(labels):
        if labels[i] in classes:
            found.append(i)
        i += 1
    found = my_shuffle(found, seed)

    targets = []
    for i in found:
        row = [0.0] * len(classes)
        row[classes.index(labels[i])] = 1.0
        targets.append(row)
    x_subset = np.take(x, np.array(found, dtype=int), axis=0)
    y_subset = np.array(targets, dtype=float).reshape(-1, len(classes))
    return x_subset, y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    chosen = my_shuffle(range(len(x)), seed)[:count]
    lines = (len(chosen) - 1) // 5 + 1
    fig = plt.figure(figsize=(10, 2.5 * max(lines, 1)))
    k = 0
    while k < len(chosen):
        i = chosen[k]
        ax = fig.add_subplot(lines, 5, k + 1)
        ax.imshow(x[i])
        ax.axis("off")
        text = "it is: " + class_names[np.argmax(y[i])]
        if predictions is not None:
            text += "\nguess: " + class_names[np.argmax(predictions[i])]
        ax.set_title(text)
        k += 1
    return fig


def add_conv_block(model, filters):
    model.add(keras.layers.Conv2D(filters, (3, 3), padding="same"))
    model.add(keras.layers.PReLU(shared_axes=[1, 2]))
    model.add(keras.layers.MaxPooling2D((2, 2), (2, 2)))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(keras.layers.Input(shape=input_shape))
    model.add(keras.layers.Rescaling(1.0 / 255))
    filters = 32
    while filters <= 128:
        model = add_conv_block(model, filters)
        filters *= 2
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(50, activation="relu"))
    model.add(keras.layers.Dense(num_classes, activation="softmax"))
    model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
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
    stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience)
    save = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", save_best_only=True
    )
    history = model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        verbose=2,
        callbacks=[stop, save] + list(callbacks),
        validation_data=(x_val, y_val),
    )
    return history


def plot_history(history):
    if not isinstance(history, dict):
        history = history.history
    fig = plt.figure()
    ax = fig.add_axes([0.15, 0.15, 0.8, 0.75])
    names = {"accuracy": "training", "val_accuracy": "validation"}
    for key in names:
        ax.plot(history[key], label=names[key])
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy")
    ax.legend()
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    parts = []
    start = 0
    while start < len(x):
        batch = x[start : start + 200].astype("float32")
        part = model(batch, training=False)
        parts.append(keras.ops.convert_to_numpy(part))
        start += 200
    return np.concatenate(parts)


if __name__ == "__main__":
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = x_train[:1500], x_train[1500:]
    y_val, y_train = y_train[:1500], y_train[1500:]
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
