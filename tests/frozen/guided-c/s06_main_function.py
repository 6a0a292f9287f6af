# sound: a script with small functions and main(), everything local, both callbacks watch val_loss, dataclass as configuration
"""Image classification with three of the CIFAR-10 classes."""
# ---- Task 1 -----------------------------------------------------------------
from dataclasses import dataclass, field

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


@dataclass
class Config:
    classes: list = field(default_factory=lambda: ["bird", "dog", "horse"])
    epochs: int = 12
    batch_size: int = 64
    model_file: str = "best.keras"


CIFAR10_NAMES = (
    "airplane automobile bird cat deer dog frog horse ship truck".split()
)


# ---- Task 2 -----------------------------------------------------------------
def select(x, y, classes):
    ids = [CIFAR10_NAMES.index(c) for c in classes]
    onehot = (y == np.array(ids)).astype("float32")  # (n, 1) against (3,) gives (n, 3)
    chosen = onehot.any(axis=1)
    x, onehot = x[chosen], onehot[chosen]
    perm = np.random.permutation(len(x))
    return x[perm], onehot[perm]


def load(cfg):
    (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    train = select(x_train, y_train, cfg.classes)
    test = select(x_test, y_test, cfg.classes)
    return train, test


# ---- Task 3 -----------------------------------------------------------------
def show(x, labels, cfg, title, n=12):
    plt.figure(figsize=(9, 7))
    for i in range(n):
        j = np.random.randint(0, len(x))
        plt.subplot(3, n // 3, i + 1)
        plt.imshow(x[j])
        plt.title(cfg.classes[np.argmax(labels[j])])
        plt.axis("off")
    plt.suptitle(title)
    plt.show()


# ---- Task 4 -----------------------------------------------------------------
def add_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.MaxPooling2D())
    model.add(layers.Dropout(0.2))


def build():
    model = keras.Sequential()
    model.add(layers.Input((32, 32, 3)))
    add_block(model, 32)
    add_block(model, 64)
    add_block(model, 128)
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(optimizer="nadam", loss="categorical_crossentropy", metrics=["accuracy"])
    model.summary()
    return model


# ---- Task 5 -----------------------------------------------------------------
def train_model(model, train, test, cfg):
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=4)
    save = keras.callbacks.ModelCheckpoint(cfg.model_file, monitor="val_loss", save_best_only=True)
    return model.fit(
        train[0] / 255, train[1],
        validation_data=(test[0] / 255, test[1]),
        batch_size=cfg.batch_size,
        epochs=cfg.epochs,
        callbacks=[stop, save],
    )


# ---- Task 6 -----------------------------------------------------------------
def plot_history(history):
    for key, name in (("accuracy", "train"), ("val_accuracy", "test")):
        plt.plot(history.history[key], label=name)
    plt.title("accuracy per epoch")
    plt.legend()
    plt.show()


def main():
    cfg = Config()
    train, test = load(cfg)
    show(*train, cfg, "training examples")
    show(*test, cfg, "test examples")
    model = build()
    history = train_model(model, train, test, cfg)
    plot_history(history)
    best = keras.saving.load_model(cfg.model_file)
    predicted = best.predict(test[0] / 255)
    show(test[0], predicted, cfg, "predicted by the best model")


if __name__ == "__main__":
    main()
