# sound: pure object-oriented matplotlib without pyplot; the main part saves the figures as PNG
import os

import keras
import numpy as np
from keras import layers
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator


def new_figure(width, height):
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    wanted = np.asarray(classes)
    source, column = np.nonzero(labels[:, None] == wanted[None])
    mixed = np.random.default_rng(seed).permutation(source.size)
    rows = np.zeros((source.size, wanted.size), dtype=np.float16)
    rows[np.arange(source.size), column[mixed]] = 1
    return x[source[mixed]].copy(), rows


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    generator = np.random.default_rng(seed)
    amount = min(count, len(x))
    chosen = generator.choice(len(x), size=amount, replace=False)
    rows = max(1, -(-amount // 5))
    figure = new_figure(11, 2.6 * rows)
    grid = figure.subplots(rows, 5, squeeze=False)
    for ax in grid.flat:
        ax.set_axis_off()
    for ax, i in zip(grid.flat, chosen):
        ax.imshow(x[i])
        own = class_names[y[i].argmax()]
        if predictions is None:
            ax.set_title(own)
        else:
            ax.set_title(f"{own}\npredicted {class_names[predictions[i].argmax()]}")
    return figure


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="gelu"))
    model.add(layers.LayerNormalization())
    model.add(layers.MaxPooling2D(2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(keras.Input(shape=input_shape))
    model.add(layers.Rescaling(1 / 255))
    for filters in (32, 64, 96):
        add_conv_block(model, filters)
    model.add(layers.Flatten())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adam(5e-4),
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
    own = [
        keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience),
        keras.callbacks.ModelCheckpoint(
            checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True
        ),
    ]
    return model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=own + list(callbacks),
    )


def plot_history(history):
    logs = history if isinstance(history, dict) else history.history
    figure = new_figure(6, 4)
    ax = figure.add_subplot()
    ax.plot(logs["accuracy"], label="training")
    ax.plot(logs["val_accuracy"], label="validation")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy")
    ax.legend()
    return figure


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    return np.asarray(model.predict(x, verbose=0))


def main():
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_train, [len(x_train) // 10])
    y_val, y_train = np.split(y_train, [len(y_train) // 10])
    show_examples(x_train, y_train, class_names).savefig("examples.png")
    model = build_model()
    history = train(model, x_train, y_train, x_val, y_val)
    plot_history(history).savefig("history.png")
    probabilities = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=probabilities).savefig("predicted.png")
    accuracy = np.mean(probabilities.argmax(axis=1) == y_test.argmax(axis=1))
    print(f"Accuracy on images the network never saw: {accuracy:.3f}")


if __name__ == "__main__":
    main()
