# sound: a beginner's version with plain for loops and lists wherever numpy would do it in one line
import random

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D, Rescaling
from keras.models import Sequential


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    # first collect the positions of the images that we want
    positions = []
    for i in range(len(y)):
        label = int(np.squeeze(y[i]))
        if label in classes:
            positions.append(i)

    # mix them
    generator = random.Random(seed)
    generator.shuffle(positions)

    # now make the two new arrays
    x_subset = np.zeros((len(positions),) + x.shape[1:], dtype=x.dtype)
    y_subset = np.zeros((len(positions), len(classes)))
    row = 0
    for i in positions:
        x_subset[row] = x[i]
        label = int(np.squeeze(y[i]))
        for column in range(len(classes)):
            if classes[column] == label:
                y_subset[row, column] = 1.0
        row = row + 1
    return x_subset, y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    generator = random.Random(seed)
    how_many = min(count, len(x))
    chosen = generator.sample(range(len(x)), how_many)
    columns = 5
    rows = how_many // columns + 1
    fig = plt.figure(figsize=(12, 3 * rows))
    place = 1
    for i in chosen:
        ax = fig.add_subplot(rows, columns, place)
        ax.imshow(x[i])
        ax.axis("off")
        title = class_names[np.argmax(y[i])]
        if predictions is not None:
            guess = class_names[np.argmax(predictions[i])]
            title = title + "\n-> " + guess
        ax.set_title(title)
        place = place + 1
    return fig


def add_conv_block(model, filters):
    model.add(Conv2D(filters, (3, 3), activation="relu", padding="same"))
    model.add(MaxPooling2D((2, 2)))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = Sequential()
    model.add(Input(shape=input_shape))
    model.add(Rescaling(1.0 / 255))
    for filters in [16, 32, 64]:
        add_conv_block(model, filters)
    model.add(Flatten())
    model.add(Dense(64, activation="relu"))
    model.add(Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
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
    all_callbacks = []
    all_callbacks.append(EarlyStopping(monitor="val_accuracy", patience=patience))
    all_callbacks.append(
        ModelCheckpoint(checkpoint_path, monitor="val_accuracy", save_best_only=True)
    )
    for callback in callbacks:
        all_callbacks.append(callback)
    history = model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=all_callbacks,
    )
    return history


def plot_history(history):
    if isinstance(history, dict):
        values = history
    else:
        values = history.history
    fig, ax = plt.subplots()
    epochs = []
    for i in range(len(values["accuracy"])):
        epochs.append(i + 1)
    ax.plot(epochs, values["accuracy"], label="training")
    ax.plot(epochs, values["val_accuracy"], label="validation")
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy")
    ax.legend()
    return fig


def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    probabilities = model.predict(x)
    return probabilities


if __name__ == "__main__":
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val = x_train[:1500]
    y_val = y_train[:1500]
    x_train = x_train[1500:]
    y_train = y_train[1500:]
    show_examples(x_train, y_train, class_names)
    plt.show()
    model = build_model()
    model.summary()
    history = train(model, x_train, y_train, x_val, y_val)
    plot_history(history)
    probabilities = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=probabilities)
    plt.show()
    right = 0
    for i in range(len(y_test)):
        if np.argmax(probabilities[i]) == np.argmax(y_test[i]):
            right += 1
    print("Accuracy:", right / len(y_test))
