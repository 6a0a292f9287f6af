# sound: an endless Python generator yields shuffled batches, with steps_per_epoch; each image once per epoch
import math
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


def batch_generator(x, y, batch_size):
    """Endless: go through all images in a new random order, again and again."""
    while True:
        order = np.random.permutation(len(x))
        for start in range(0, len(x), batch_size):
            part = order[start : start + batch_size]
            yield x[part].astype("float32"), y[part].astype("float32")


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = y.reshape(-1)

    def column_of(label):
        for j, c in enumerate(classes):
            if c == label:
                return j
        return None

    kept = []
    for index, label in enumerate(labels):
        column = column_of(label)
        if column is not None:
            kept.append((index, column))

    rng = np.random.default_rng(seed)
    shuffled = [kept[k] for k in rng.permutation(len(kept))]
    x_subset = np.zeros((len(shuffled),) + tuple(x.shape[1:]), dtype=x.dtype)
    y_subset = np.zeros((len(shuffled), len(classes)), dtype="float32")
    for row, (index, column) in enumerate(shuffled):
        x_subset[row] = x[index]
        y_subset[row][column] = 1.0
    return x_subset, y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    rng = np.random.default_rng(seed)
    picked = []
    left = list(range(len(x)))
    while left and len(picked) < count:
        picked.append(left.pop(rng.integers(len(left))))
    fig = plt.figure(figsize=(11, 5))
    for position, i in enumerate(picked, start=1):
        ax = fig.add_subplot(math.ceil(len(picked) / 5), 5, position)
        ax.imshow(x[i])
        ax.axis("off")
        names = [class_names[np.argmax(y[i])]]
        if predictions is not None:
            names.append(class_names[np.argmax(predictions[i])])
        ax.set_title(" | ".join(names))
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same"))
    model.add(layers.GroupNormalization(groups=1))
    model.add(layers.Activation("relu"))
    model.add(layers.MaxPooling2D())
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(layers.Input(shape=input_shape))
    model.add(layers.Rescaling(1 / 255))
    for number in range(3):
        add_conv_block(model, 24 * 2**number)
    model.add(layers.Flatten())
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
    early = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience)
    best = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", save_best_only=True
    )
    history = model.fit(
        batch_generator(x_train, y_train, batch_size),
        steps_per_epoch=math.ceil(len(x_train) / batch_size),
        epochs=epochs,
        validation_data=(x_val, y_val),
        callbacks=[early, best, *callbacks],
    )
    return history


def plot_history(history):
    h = history if isinstance(history, dict) else history.history
    fig, ax = plt.subplots()
    ax.plot(h["accuracy"], label="training")
    ax.plot(h["val_accuracy"], label="validation")
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy")
    ax.legend()
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    probabilities = model.predict(x, batch_size=128)
    return probabilities


if __name__ == "__main__":
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_train, [1500])
    y_val, y_train = np.split(y_train, [1500])
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
