#!/usr/bin/env python3
# CIFAR project. padding="valid" everywhere: 32 -> 30 -> 15 -> 13 -> 6 -> 4 -> 2
import tensorflow as tf
from tensorflow.keras.models import Sequential
from tensorflow.keras import layers, losses, optimizers
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    n = y.shape[0]
    y_flat = y.reshape(n,)
    lut = -np.ones(256, dtype=np.int32)
    lut[list(classes)] = np.arange(len(classes))
    new = lut[y_flat]
    keep = new >= 0
    X = x[keep]
    Y = tf.keras.utils.to_categorical(new[keep], num_classes=len(classes))
    order = np.arange(len(X))
    np.random.Generator(np.random.PCG64(seed)).shuffle(order)
    return X[order], Y[order]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    count = int(min(count, len(x)))
    which = np.random.default_rng(seed).choice(len(x), size=(count,), replace=False)
    fig, axarr = plt.subplots(2, max(1, (count + 1) // 2), figsize=(12, 5))
    axarr = axarr.reshape(-1)
    n = 0
    while n < len(axarr):
        axarr[n].axis("off")
        if n < count:
            w = which[n]
            axarr[n].imshow(x[w])
            txt = class_names[list(y[w]).index(1)]
            if predictions is not None:
                txt += "\nCNN: " + class_names[list(predictions[w]).index(max(predictions[w]))]
            axarr[n].set_title(txt)
        n += 1
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, (3, 3)))
    model.add(layers.ELU())
    model.add(layers.BatchNormalization())
    model.add(layers.MaxPooling2D((2, 2)))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = Sequential()
    model.add(layers.InputLayer(shape=input_shape))
    model.add(layers.Rescaling(1 / 255.0))
    for k in range(3):
        add_conv_block(model, 16 * (k + 1))
    model.add(layers.Flatten())
    model.add(layers.Dense(48, activation="elu"))
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer=optimizers.Adam(), loss=losses.categorical_crossentropy,
                  metrics=[tf.keras.metrics.CategoricalAccuracy(name="accuracy"), tf.keras.metrics.Precision()])
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    stopper = tf.keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience, min_delta=0.001)
    saver = tf.keras.callbacks.ModelCheckpoint(checkpoint_path, monitor="val_accuracy", mode="max",
                                               save_best_only=True, save_weights_only=False, save_freq="epoch")
    return model.fit(x_train, y_train, validation_data=(x_val, y_val), epochs=epochs, batch_size=batch_size,
                     callbacks=[stopper, saver, *callbacks], verbose=0)


def plot_history(history):
    h = history if isinstance(history, dict) else history.history
    fig = plt.figure(figsize=(8, 6), dpi=80)
    ax = fig.gca()
    ax.plot(h["accuracy"], "k-", lw=2)
    ax.plot(h["val_accuracy"], "k--", lw=2)
    ax.set_xlabel("Epoch number")
    ax.set_ylabel("Classification accuracy")
    fig.legend(["Training", "Validation"])
    return fig


def predict(model, x):
    if not isinstance(model, tf.keras.Model):
        model = tf.keras.models.load_model(model, compile=False)
    return model.predict(x, verbose=0)


if __name__ == "__main__":
    print(build_model().summary())
