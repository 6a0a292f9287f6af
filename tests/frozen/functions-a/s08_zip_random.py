# sound: zips images and labels into pairs, shuffles the list of pairs with random.Random, unzips with loops
import random
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    """Pairs of (image, label) are shuffled together so that they cannot get mixed up."""
    classes = list(classes)
    pairs = []
    for image, label in zip(x, y.ravel()):
        if label in classes:
            pairs.append((image, classes.index(label)))

    random.Random(seed).shuffle(pairs)

    images = np.empty((len(pairs), *x.shape[1:]), dtype=x.dtype)
    one_hot = np.zeros((len(pairs), len(classes)), dtype="float32")
    for k, (image, column) in enumerate(pairs):
        images[k] = image
        one_hot[k, column] = 1
    return images, one_hot


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    if count > len(x):
        count = len(x)
    indices = random.Random(seed).sample(range(len(x)), count)

    fig = plt.figure(figsize=(2 * max(count, 1), 3))
    for position, index in enumerate(indices):
        ax = fig.add_subplot(1, count, position + 1)
        ax.imshow(x[index])
        ax.axis("off")
        actual = class_names[y[index].argmax()]
        if predictions is None:
            ax.set_title(actual)
        else:
            predicted = class_names[predictions[index].argmax()]
            ax.set_title(f"{actual}\npred. {predicted}")
    return fig


def add_conv_block(model, filters):
    model.add(keras.layers.Conv2D(filters, 5, padding="same", activation="relu"))
    model.add(keras.layers.AveragePooling2D())
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential(
        [
            keras.Input(shape=input_shape),
            keras.layers.Rescaling(1 / 127.5, offset=-1),
        ]
    )
    for filters in (24, 48, 96):
        model = add_conv_block(model, filters)
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(96, activation="relu"))
    model.add(keras.layers.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer="nadam",
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
    my_callbacks = [
        keras.callbacks.EarlyStopping(
            monitor="val_accuracy",
            patience=patience,
            restore_best_weights=True,
        ),
        keras.callbacks.ModelCheckpoint(
            filepath=checkpoint_path,
            monitor="val_accuracy",
            save_best_only=True,
        ),
    ]
    my_callbacks += list(callbacks)
    return model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=my_callbacks,
    )


def plot_history(history):
    if type(history) is dict:
        logs = history
    else:
        logs = history.history
    fig, ax = plt.subplots()
    for key, name in (("accuracy", "training"), ("val_accuracy", "validation")):
        ax.plot(range(1, len(logs[key]) + 1), logs[key], marker=".", label=name)
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Accuracy")
    ax.legend()
    return fig


def predict(model, x):
    if isinstance(model, (str, Path)):
        model = keras.models.load_model(model)
    return model.predict(x)


if __name__ == "__main__":
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = x_train[:1500], x_train[1500:]
    y_val, y_train = y_train[:1500], y_train[1500:]
    show_examples(x_train, y_train, class_names, count=6)
    plt.show()
    model = build_model()
    model.summary()
    history = train(model, x_train, y_train, x_val, y_val)
    plot_history(history)
    probabilities = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=probabilities, count=6)
    plt.show()
    print("Accuracy:", np.mean(probabilities.argmax(axis=1) == y_test.argmax(axis=1)))
