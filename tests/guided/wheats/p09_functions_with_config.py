# sound: A config dictionary drives functions called from a run() at the end, np.where for labels.
import argparse
import os

import numpy as np
import tensorflow as tf
import matplotlib.pyplot as plt

CONFIG = {
    "classes": {"automobile": 1, "horse": 7, "truck": 9},
    "epochs": 40,
    "batch": 96,
    "patience": 5,
    "where": "artefacts",
}


def load_subset(cfg):
    ids = list(cfg["classes"].values())
    result = []
    for x, y in tf.keras.datasets.cifar10.load_data():
        y = y[:, 0]
        keep = np.isin(y, ids)
        x, y = x[keep], y[keep]
        y = np.where(y == ids[0], 0, np.where(y == ids[1], 1, 2))
        order = np.random.permutation(len(y))
        result += [x[order], tf.keras.utils.to_categorical(y[order], 3)]
    return result


def show(cfg, x, labels, count=6):
    names = list(cfg["classes"])
    fig, axes = plt.subplots(1, count, figsize=(2 * count, 2.4))
    for ax, i in zip(axes, np.random.choice(len(x), count, replace=False)):
        ax.imshow(x[i])
        ax.set_title(names[labels[i].argmax()])
        ax.axis("off")
    plt.show()


def add_conv_block(model, filters, dropout):
    for _ in range(2):
        model.add(tf.keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(tf.keras.layers.MaxPooling2D())
    model.add(tf.keras.layers.Dropout(dropout))
    return model


def create():
    model = tf.keras.Sequential([tf.keras.layers.Input((32, 32, 3))])
    for filters, dropout in ((16, 0.1), (32, 0.2), (64, 0.3)):
        model = add_conv_block(model, filters, dropout)
    model.add(tf.keras.layers.Flatten())
    model.add(tf.keras.layers.Dense(3, activation="softmax"))
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


def learn(cfg, model, x, y, xv, yv):
    os.makedirs(cfg["where"], exist_ok=True)
    stop = tf.keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=cfg["patience"])
    keep = tf.keras.callbacks.ModelCheckpoint(os.path.join(cfg["where"], "best.keras"), monitor="val_accuracy",
                                              save_best_only=True)
    return model.fit(x / 255.0, y, epochs=cfg["epochs"], batch_size=cfg["batch"],
                     validation_data=(xv / 255.0, yv), callbacks=[stop, keep])


def curves(history):
    plt.figure()
    plt.plot(history.history["accuracy"], label="accuracy")
    plt.plot(history.history["val_accuracy"], label="validation accuracy")
    plt.legend()
    plt.show()


def run(cfg):
    x, y, xv, yv = load_subset(cfg)
    show(cfg, x, y)
    show(cfg, xv, yv)
    model = create()
    model.summary()
    history = learn(cfg, model, x, y, xv, yv)
    curves(history)
    best = tf.keras.models.load_model(os.path.join(cfg["where"], "best.keras"))
    show(cfg, xv, best.predict(xv / 255.0), count=10)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=CONFIG["epochs"])
    arguments, _ = parser.parse_known_args()
    CONFIG["epochs"] = arguments.epochs
    run(CONFIG)
