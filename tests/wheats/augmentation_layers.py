"""
Assignment: CIFAR-10, 3 classes
Author: (removed)
"""
import random

import keras
from keras import layers, metrics
import matplotlib.pyplot as plt
import numpy as np


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    # put the indices in a list and shuffle that
    indices = []
    for i in range(len(y)):
        label = int(y[i][0]) if np.ndim(y) > 1 else int(y[i])
        if label in classes:
            indices.append((i, list(classes).index(label)))
    random.Random(seed).shuffle(indices)
    x_subset = np.empty((len(indices),) + x.shape[1:], dtype=x.dtype)
    y_subset = np.zeros((len(indices), len(classes)), dtype=np.float64)
    for k, (i, column) in enumerate(indices):
        x_subset[k] = x[i]
        y_subset[k, column] = 1.0
    return x_subset, y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    count = min(count, len(x))
    idx = random.Random(seed).sample(range(len(x)), count)
    fig, axes = plt.subplots(1, count, figsize=(2 * count, 3))
    if count == 1:
        axes = [axes]
    for ax, i in zip(axes, idx):
        ax.imshow(x[i])
        ax.axis("off")
        title = "Actual: " + class_names[np.argmax(y[i])]
        if predictions is not None:
            title += "\nPredicted: " + class_names[np.argmax(predictions[i])]
        ax.set_title(title, fontsize=9)
    fig.subplots_adjust(wspace=0.4)
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(max(1, filters // 2), 1, activation="relu"))
    model.add(layers.Conv2D(filters, 3, padding="same"))
    model.add(layers.BatchNormalization())
    model.add(layers.Activation("relu"))
    model.add(layers.MaxPooling2D(pool_size=(2, 2), strides=(2, 2), padding="same"))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    def augmentation():
        return [layers.RandomFlip("horizontal"), layers.RandomTranslation(0.05, 0.05)]

    model = keras.Sequential([keras.Input(shape=input_shape), *augmentation(), layers.Rescaling(scale=1.0 / 255)])
    for f in (32, 48, 64):
        add_conv_block(model, f)
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.25))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.001),
        loss="categorical_crossentropy",
        metrics=["accuracy", metrics.TopKCategoricalAccuracy(k=2, name="top2"), metrics.AUC(name="auc")],
    )
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    my_callbacks = [
        keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience),
        keras.callbacks.ModelCheckpoint(checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True),
    ]
    my_callbacks.extend(callbacks)
    history = model.fit(x_train, y_train, epochs=epochs, batch_size=batch_size,
                        validation_data=(x_val, y_val), callbacks=my_callbacks, verbose=0)
    print("best validation accuracy:", max(history.history["val_accuracy"]))
    return history


def plot_history(history):
    if isinstance(history, dict):
        acc, val_acc = history["accuracy"], history["val_accuracy"]
    else:
        acc, val_acc = history.history["accuracy"], history.history["val_accuracy"]
    fig, ax = plt.subplots()
    ax.plot(range(1, len(acc) + 1), acc, "b.-", label="Train accuracy")
    ax.plot(range(1, len(val_acc) + 1), val_acc, "r.-", label="Val accuracy")
    ax.set_title("Training and validation accuracy")
    ax.set_xlabel("Epochs")
    ax.set_ylabel("Accuracy")
    ax.set_ylim([0, 1])
    ax.legend()
    return fig


def predict(model, x):
    if type(model) is str:
        model = keras.models.load_model(model)
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(str(model))
    return model.predict(x, batch_size=64, verbose=0)
