# sound: sklearn's shuffle keeps images and labels paired; ReduceLROnPlateau as a further callback
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import callbacks as kc
from keras import layers
from sklearn.metrics import accuracy_score, classification_report
from sklearn.utils import shuffle


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.squeeze(y, axis=1) if y.ndim == 2 else y
    wanted = np.isin(labels, np.asarray(classes))
    state = np.random.RandomState(seed)
    x_subset, labels = shuffle(x[wanted], labels[wanted], random_state=state)

    y_subset = np.zeros((len(labels), len(classes)))
    for column, value in enumerate(classes):
        y_subset[:, column] = labels == value
    return x_subset, y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    numbers = shuffle(np.arange(len(x)), random_state=np.random.RandomState(seed))[:count]
    n_cols = 4
    n_rows = len(numbers) // n_cols + 1
    fig, axes = plt.subplots(n_rows, n_cols, figsize=(10, 3 * n_rows), squeeze=False)
    axes = axes.flatten()
    for ax, number in zip(axes, numbers):
        ax.imshow(x[number])
        ax.set_title(class_names[np.argmax(y[number])])
        if predictions is not None:
            ax.set_title(
                "is {}\nlooks like {}".format(
                    class_names[np.argmax(y[number])],
                    class_names[np.argmax(predictions[number])],
                )
            )
    for ax in axes:
        ax.axis("off")
    plt.tight_layout()
    return fig


def add_conv_block(model, filters):
    for _ in range(2):
        model.add(layers.Conv2D(filters, 3, padding="same", activation="elu"))
    model.add(layers.MaxPooling2D())
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential(name="small_cnn")
    model.add(layers.Input(input_shape))
    model.add(layers.Rescaling(scale=1 / 255, name="scale"))
    add_conv_block(model, 16)
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(num_classes, activation="softmax", name="probabilities"))
    model.compile(
        optimizer=keras.optimizers.Adam(2e-3),
        loss="categorical_crossentropy",
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
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
    stop = kc.EarlyStopping(monitor="val_accuracy", patience=patience, mode="max")
    keep = kc.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True
    )
    slower = kc.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=2)
    return model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_val, y_val),
        callbacks=[stop, keep, slower, *callbacks],
    )


def plot_history(history):
    h = history if isinstance(history, dict) else history.history
    fig, ax = plt.subplots()
    (line_train,) = ax.plot(h["accuracy"], "b-")
    (line_val,) = ax.plot(h["val_accuracy"], "r-")
    ax.legend([line_train, line_val], ["train", "val"])
    ax.set_xlabel("epoch number")
    ax.set_ylabel("accuracy")
    return fig


def predict(model, x):
    if isinstance(model, (str, bytes, os.PathLike)):
        model = keras.models.load_model(model)
    return model.predict(x)


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
    truth, guess = y_test.argmax(axis=1), probabilities.argmax(axis=1)
    print(accuracy_score(truth, guess))
    print(classification_report(truth, guess, target_names=class_names))
