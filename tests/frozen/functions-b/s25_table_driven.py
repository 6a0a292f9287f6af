# sound: layers come from a table of names and options; History logs are read with a helper
import os

import keras
import matplotlib.pyplot as plt
import numpy as np

BLOCK = [
    ("Conv2D", {"kernel_size": 3, "padding": "same"}),
    ("BatchNormalization", {}),
    ("Activation", {"activation": "relu"}),
    ("MaxPooling2D", {"pool_size": 2}),
]


def make(name, **options):
    return getattr(keras.layers, name)(**options)


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    columns = np.select([labels == c for c in classes], list(range(len(classes))), default=-1)
    rng = np.random.default_rng(seed)
    noise = rng.random(len(labels))
    order = np.argsort(noise, kind="stable")
    order = order[columns[order] >= 0]
    return x[order], keras.utils.to_categorical(columns[order], num_classes=len(classes))


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    rng = np.random.default_rng(seed)
    picks = list(rng.permutation(len(x)))[:count]
    width = 5
    height = max(1, -(-len(picks) // width))
    fig = plt.figure(figsize=(2 * width, 2.5 * height))
    for cell in range(len(picks)):
        i = picks[cell]
        ax = plt.subplot2grid((height, width), (cell // width, cell % width), fig=fig)
        ax.imshow(x[i])
        ax.axis("off")
        caption = class_names[np.argmax(y[i])]
        if predictions is not None:
            caption = caption + "\n=> " + class_names[np.argmax(predictions[i])]
        ax.set_title(caption)
    return fig


def add_conv_block(model, filters):
    for name, options in BLOCK:
        if name == "Conv2D":
            options = {**options, "filters": filters}
        model.add(make(name, **options))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(keras.Input(shape=input_shape))
    model.add(make("Rescaling", scale=1 / 255))
    for filters in (32, 64, 128):
        add_conv_block(model, filters)
    for name, options in (
        ("Flatten", {}),
        ("Dense", {"units": 64, "activation": "relu"}),
        ("Dropout", {"rate": 0.3}),
        ("Dense", {"units": num_classes, "activation": "softmax"}),
    ):
        model.add(make(name, **options))
    settings = {
        "optimizer": "adam",
        "loss": "categorical_crossentropy",
        "metrics": ["accuracy"],
    }
    model.compile(**settings)
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
    common = {"monitor": "val_accuracy", "mode": "max"}
    fit_options = {
        "epochs": epochs,
        "batch_size": batch_size,
        "validation_data": (x_val, y_val),
        "callbacks": [
            keras.callbacks.EarlyStopping(patience=patience, **common),
            keras.callbacks.ModelCheckpoint(checkpoint_path, save_best_only=True, **common),
            *callbacks,
        ],
    }
    return model.fit(x_train, y_train, **fit_options)


def logs_of(history):
    try:
        return history.history
    except AttributeError:
        return history


def plot_history(history):
    logs = logs_of(history)
    fig, ax = plt.subplots()
    x_axis = list(range(1, len(logs["accuracy"]) + 1))
    ax.plot(x_axis, logs["accuracy"], marker=".", label="accuracy on training images")
    ax.plot(x_axis, logs["val_accuracy"], marker="x", label="accuracy on validation images")
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy")
    ax.legend()
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    return model.predict(x, verbose=0)


if __name__ == "__main__":
    # Task 2: three of the ten classes. A tenth of the training images judges the epochs, and the
    # test images are kept for the very end.
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_train, [len(x_train) // 10])
    y_val, y_train = np.split(y_train, [len(y_train) // 10])

    # Task 3: look at the images before training on them.
    show_examples(x_train, y_train, class_names)
    plt.show()

    # Task 4: build the network.
    model = build_model()
    model.summary()

    # Task 5: train it. This takes some minutes.
    history = train(model, x_train, y_train, x_val, y_val)

    # Task 6: see how the training went, and ask the best epoch about images it never saw.
    plot_history(history)
    probabilities = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=probabilities)
    plt.show()
    accuracy = np.mean(probabilities.argmax(axis=1) == y_test.argmax(axis=1))
    print(f"Accuracy on images the network never saw: {accuracy:.3f}")
