# sound: keras.utils.PyDataset feeds training, validation and prediction
import math
import pathlib

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


class Batches(keras.utils.PyDataset):
    """Batches of images, with labels if there are any."""

    def __init__(self, x, y=None, batch_size=128, shuffle=False, **kwargs):
        super().__init__(**kwargs)
        self.x, self.y = x, y
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.order = np.arange(len(x))
        self.on_epoch_end()

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, index):
        first = index * self.batch_size
        rows = self.order[first : first + self.batch_size]
        if self.y is None:
            return (self.x[rows],)
        return self.x[rows], self.y[rows]

    def on_epoch_end(self):
        if self.shuffle:
            np.random.default_rng().shuffle(self.order)


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = y.reshape(-1).astype(int)
    classes = [int(c) for c in classes]
    mask = np.zeros(len(labels), dtype=bool)
    for c in classes:
        mask |= labels == c
    x_subset, labels = x[mask], labels[mask]
    order = np.random.default_rng(seed).permutation(len(labels))
    x_subset, labels = x_subset[order], labels[order]
    y_subset = np.stack([labels == c for c in classes], axis=1).astype("float32")
    return x_subset, y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    n = min(count, len(x))
    idx = np.random.default_rng(seed).permutation(len(x))[:n]
    side = max(1, math.ceil(math.sqrt(n)))
    fig, axes = plt.subplots(side, side, figsize=(2.2 * side, 2.4 * side), squeeze=False)
    for k, ax in enumerate(axes.ravel()):
        if k >= n:
            ax.remove()
            continue
        i = idx[k]
        ax.imshow(x[i])
        title = "class: " + str(class_names[int(y[i].argmax())])
        if predictions is not None:
            title += "\npredicted: " + str(class_names[int(predictions[i].argmax())])
        ax.set(title=title, xticks=[], yticks=[])
    return fig


def add_conv_block(model, filters):
    model.add(layers.DepthwiseConv2D(3, padding="same"))
    model.add(layers.Conv2D(filters, 1))
    model.add(layers.BatchNormalization())
    model.add(layers.Activation("relu"))
    model.add(layers.MaxPool2D(2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential(
        [
            keras.Input(input_shape, name="image"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
        ]
    )
    add_conv_block(model, 64)
    add_conv_block(model, 96)
    add_conv_block(model, 128)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(num_classes, activation="softmax", name="probabilities"))
    model.compile(
        optimizer=keras.optimizers.Adam(2e-3),
        loss=keras.losses.CategoricalCrossentropy(name="cross_entropy"),
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
    stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience)
    save = keras.callbacks.ModelCheckpoint(
        str(checkpoint_path), monitor="val_accuracy", mode="max", save_best_only=True
    )
    return model.fit(
        Batches(x_train, y_train, batch_size, shuffle=True),
        validation_data=Batches(x_val, y_val, batch_size),
        epochs=epochs,
        callbacks=[stop, save, *callbacks],
    )


def plot_history(history):
    logs = getattr(history, "history", history)
    fig, ax = plt.subplots()
    for key, style in {"accuracy": "o-", "val_accuracy": "s--"}.items():
        ax.plot(np.arange(len(logs[key])) + 1, logs[key], style, label=key.replace("_", " "))
    ax.set(xlabel="Epoch", ylabel="Accuracy", ylim=(0, 1))
    ax.legend()
    return fig


def predict(model, x):
    if isinstance(model, (str, pathlib.Path)):
        model = keras.models.load_model(model)
    return model.predict(Batches(x, batch_size=256), verbose=0)


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
