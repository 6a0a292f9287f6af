# sound: scikit-learn's shuffle and OneHotEncoder, with the columns put in the order of classes
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import shuffle


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    keep = np.flatnonzero(np.isin(labels, list(classes)))
    if len(keep) == 0:
        return x[keep], np.zeros((0, len(classes)))
    x_kept, y_kept = shuffle(x[keep], labels[keep], random_state=np.random.RandomState(seed))
    ascending = sorted(int(c) for c in classes)
    encoder = OneHotEncoder(categories=[ascending], sparse_output=False)
    encoded = encoder.fit_transform(y_kept.astype(int).reshape(-1, 1))
    return x_kept, encoded[:, [ascending.index(int(c)) for c in classes]]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    picks = shuffle(np.arange(len(x)), random_state=np.random.RandomState(seed))[:count]
    per_row = 5
    n_rows = max(1, -(-len(picks) // per_row))
    fig = plt.figure(figsize=(2 * per_row, 2.5 * n_rows))
    for number, pick in enumerate(picks):
        ax = fig.add_subplot(n_rows, per_row, number + 1)
        ax.imshow(x[pick])
        ax.axis("off")
        parts = [class_names[np.argmax(y[pick])]]
        if predictions is not None:
            parts.append(f"[{class_names[np.argmax(predictions[pick])]}]")
        ax.set_title(" ".join(parts))
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, (3, 3), padding="same", activation="relu"))
    model.add(layers.AveragePooling2D(pool_size=(2, 2)))
    model.add(layers.BatchNormalization())
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(keras.Input(shape=input_shape))
    model.add(layers.Rescaling(1 / 255))
    model = add_conv_block(model, 32)
    model = add_conv_block(model, 64)
    model = add_conv_block(model, 128)
    model.add(layers.Flatten())
    model.add(layers.Dense(96, activation="relu"))
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adamax", loss="categorical_crossentropy", metrics=["accuracy"])
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
    cb = [
        keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience, verbose=1),
        keras.callbacks.ModelCheckpoint(
            checkpoint_path, monitor="val_accuracy", save_best_only=True, verbose=1
        ),
    ]
    return model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=cb + list(callbacks),
    )


def plot_history(history):
    logs = history if isinstance(history, dict) else history.history
    fig, ax = plt.subplots()
    for name in ("accuracy", "val_accuracy"):
        ax.plot(logs[name], label=name)
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy")
    ax.legend()
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
    n_val = len(x_train) // 10
    x_val, y_val = x_train[:n_val], y_train[:n_val]
    x_train, y_train = x_train[n_val:], y_train[n_val:]

    show_examples(x_train, y_train, class_names)
    plt.show()

    model = build_model()
    model.summary()
    history = train(model, x_train, y_train, x_val, y_val)

    plot_history(history)
    probabilities = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=probabilities)
    plt.show()
    truth, guess = y_test.argmax(axis=1), probabilities.argmax(axis=1)
    print(confusion_matrix(truth, guess))
    print(f"Accuracy on images the network never saw: {accuracy_score(truth, guess):.3f}")
