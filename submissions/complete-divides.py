"""Deep learning course project: airplane, automobile or bird?

Scaling is done by hand here: train() and predict() both divide by 255.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D

CLASS_NAMES = ["airplane", "automobile", "bird"]


def scale(x):
    return np.asarray(x, dtype="float32") / 255


# Task 2


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    y = np.asarray(y).flatten()
    indices = np.concatenate([np.where(y == label)[0] for label in classes])
    indices = np.random.default_rng(seed).permutation(indices)
    one_hot = np.stack([y[indices] == label for label in classes], axis=1)
    return x[indices], one_hot.astype("float32")


# Task 3


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    count = min(count, len(x))
    rows = -(-count // 5)
    fig, axes = plt.subplots(rows, 5, figsize=(10, 2.4 * rows), squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    chosen = np.random.default_rng(seed).choice(len(x), count, replace=False)
    for ax, i in zip(axes.flat, chosen):
        ax.imshow(x[i])
        title = class_names[y[i].argmax()]
        if predictions is not None:
            title += f"\n(model: {class_names[predictions[i].argmax()]})"
        ax.set_title(title)
    return fig


# Task 4


def add_conv_block(model, filters):
    model.add(Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(BatchNormalization())
    model.add(Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(MaxPooling2D())
    model.add(Dropout(0.2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(keras.Input(shape=input_shape))
    for filters in (16, 32, 64):
        add_conv_block(model, filters)
    model.add(Flatten())
    model.add(Dense(num_classes, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


# Task 5


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
    stop = EarlyStopping(monitor="val_accuracy", mode="max", patience=patience)
    save = ModelCheckpoint(checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True)
    return model.fit(
        scale(x_train),
        y_train,
        validation_data=(scale(x_val), y_val),
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[stop, save] + list(callbacks),
    )


# Task 6


def plot_history(history):
    curves = history if isinstance(history, dict) else history.history
    epochs = np.arange(len(curves["accuracy"])) + 1
    fig, ax = plt.subplots()
    ax.plot(epochs, curves["accuracy"], "o-", label="training")
    ax.plot(epochs, curves["val_accuracy"], "o--", label="validation")
    ax.set(xlabel="epoch", ylabel="accuracy")
    ax.legend()
    return fig


def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return model.predict(scale(x))


if __name__ == "__main__":
    (x, y), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x, y = subset_data(x, y, seed=7)
    x_test, y_test = subset_data(x_test, y_test, seed=7)
    show_examples(x, y, CLASS_NAMES)

    model = build_model()
    model.summary()
    history = train(model, x[3000:], y[3000:], x[:3000], y[:3000])
    plot_history(history)

    predictions = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, CLASS_NAMES, predictions)
    print("test accuracy:", (predictions.argmax(1) == y_test.argmax(1)).mean())
    plt.show()
