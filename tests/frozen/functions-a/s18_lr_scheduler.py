# sound: LearningRateScheduler and a LambdaCallback that prints, list built with extend
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.callbacks import (
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
)
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D, Rescaling


def step_decay(epoch, lr):
    """Ten percent slower every epoch after the fifth."""
    if epoch < 5:
        return lr
    return lr * 0.9


def report(epoch, logs):
    print("epoch", epoch + 1, "validation accuracy", logs["val_accuracy"])


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    y = np.ravel(y)
    mask = np.logical_or.reduce([y == c for c in classes])
    x, y = x[mask], y[mask]
    # same permutation for both
    p = np.random.default_rng(seed).permutation(len(y))
    x, y = x[p], y[p]
    one_hot = np.stack([y == c for c in classes], axis=1).astype(np.float32)
    return x, one_hot


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x))[:count]
    fig = plt.figure(figsize=(12, 6))
    rows = (len(order) + 4) // 5
    for position, i in enumerate(order):
        ax = plt.subplot(rows, 5, position + 1)
        plt.imshow(x[i])
        plt.axis("off")
        if predictions is None:
            ax.set_title(class_names[np.argmax(y[i])])
        else:
            ax.set_title(
                "truth: " + class_names[np.argmax(y[i])]
                + "\nmodel: " + class_names[np.argmax(predictions[i])]
            )
    return fig


def add_conv_block(model, filters):
    model.add(Conv2D(max(filters // 2, 1), 1, activation="relu"))
    model.add(Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(MaxPooling2D())
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape), Rescaling(1 / 255.0)])
    for n in [32, 64, 128]:
        add_conv_block(model, n)
    model.add(Flatten())
    model.add(Dense(64, activation="relu"))
    model.add(Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adam(0.001),
        loss=keras.losses.categorical_crossentropy,
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
    callback_list = [
        EarlyStopping(monitor="val_accuracy", patience=patience),
        ModelCheckpoint(checkpoint_path, monitor="val_accuracy", save_best_only=True),
        LearningRateScheduler(step_decay),
        LambdaCallback(on_epoch_end=report),
    ]
    callback_list.extend(callbacks)
    history = model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=callback_list,
        verbose=0,
    )
    return history


def plot_history(history):
    if isinstance(history, dict):
        h = history
    else:
        h = history.history
    fig = plt.figure(figsize=(6, 4))
    n = len(h["accuracy"])
    plt.plot(np.linspace(1, n, n), h["accuracy"], label="training accuracy")
    plt.plot(np.linspace(1, n, n), h["val_accuracy"], label="validation accuracy")
    plt.xlabel("Epochs")
    plt.ylabel("Accuracy")
    plt.legend()
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    return model.predict(x, verbose=0)


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
