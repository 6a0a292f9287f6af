import os

import keras
import numpy as np
from keras.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Sequential, load_model
from matplotlib import pyplot as plt


# every picture gets mean 0 and standard deviation 1, on its own
def standardise(x):
    x = x.astype("float32")
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    std = x.std(axis=(1, 2, 3), keepdims=True)
    return (x - mean) / np.maximum(std, 1.0)


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    y = y.flatten()
    xs = np.concatenate([x[y == c] for c in classes])
    ys = np.concatenate([np.full((y == c).sum(), j) for j, c in enumerate(classes)])
    p = np.random.default_rng(seed).permutation(len(xs))
    return xs[p], np.eye(len(classes), dtype="float32")[ys[p]]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    count = min(count, len(x))
    idx = np.random.default_rng(seed).choice(len(x), count, False)
    fig = plt.figure(figsize=(12, 2.2 * (count // 5 + 1)))
    for k, i in enumerate(idx):
        plt.subplot(count // 5 + 1, 5, k + 1)
        plt.imshow(x[i] / 255)
        plt.axis("off")
        if predictions is None:
            plt.title(class_names[y[i].argmax()])
        else:
            plt.title("is %s, looks like %s" % (class_names[y[i].argmax()], class_names[predictions[i].argmax()]))
    return fig


def add_conv_block(model, filters):
    model.add(Conv2D(filters, (3, 3), activation="relu", padding="same"))
    model.add(MaxPooling2D((2, 2)))
    model.add(Dropout(0.1))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = Sequential()
    model.add(keras.Input(shape=tuple(input_shape)))
    for f in 32, 32, 64:
        add_conv_block(model, f)
    model.add(Flatten())
    model.add(Dense(32, activation="relu"))
    model.add(Dense(num_classes, activation="softmax"))
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    es = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience, verbose=1)
    mc = keras.callbacks.ModelCheckpoint(checkpoint_path, monitor="val_accuracy", save_best_only=True)
    return model.fit(standardise(x_train), y_train, epochs=epochs, batch_size=batch_size,
                     validation_data=(standardise(x_val), y_val), callbacks=[es, mc, *callbacks], verbose=1)


def plot_history(history):
    try:
        history = history.history
    except AttributeError:
        pass
    fig = plt.figure()
    ax = fig.add_axes([0.12, 0.12, 0.8, 0.8])
    line1, = ax.plot(history["accuracy"], color="tab:blue")
    line2, = ax.plot(history["val_accuracy"], color="tab:orange")
    ax.legend([line1, line2], ["Training accuracy", "Validation accuracy"])
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Accuracy")
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = load_model(model)
    return model(standardise(x), training=False)
