"""Custom training loop with GradientTape."""
from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import keras
import matplotlib.patches as mpatches
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import Sequential, layers


@dataclass
class Best:
    patience: int
    value: float = -1.0
    waited: int = 0
    seen: list = field(default_factory=list)

    def update(self, value: float) -> bool:
        self.seen.append(value)
        if value > self.value:
            self.value, self.waited = value, 0
            return True
        self.waited += 1
        return False

    @property
    def stop(self) -> bool:
        return self.waited >= self.patience


def subset_data(x: np.ndarray, y: np.ndarray, classes=(0, 1, 2), seed: int | None = None):
    y = y.ravel()
    classes = np.array(list(classes))
    mask = (y[:, np.newaxis] == classes).any(axis=1)
    x, y = x[mask].copy(), y[mask]
    one_hot = (y[:, np.newaxis] == classes).astype(np.float64)
    if seed is not None:
        np.random.seed(seed)
    p = np.random.permutation(len(x))
    return x[p], one_hot[p]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None) -> plt.Figure:
    if seed is not None:
        np.random.seed(seed)
    ids = np.random.choice(len(x), size=min(len(x), count), replace=False)
    fig = plt.figure(figsize=(12, 6), dpi=80)
    grid = fig.add_gridspec(3, 4)
    for k, i in enumerate(ids):
        ax = fig.add_subplot(grid[k // 4, k % 4])
        ax.imshow(x[i])
        ax.axis("off")
        true = class_names[int(np.argmax(y[i]))].capitalize()
        match predictions:
            case None:
                ax.set_title(true)
            case _:
                guess = class_names[int(np.argmax(predictions[i]))].capitalize()
                ax.set_title(f"{guess}\n(true: {true})", color="green" if guess == true else "red")
    return fig


def add_conv_block(model: Sequential, filters: int) -> Sequential:
    model.add(layers.Conv2D(filters, (3, 3), padding="same", use_bias=False))
    model.add(layers.GroupNormalization(groups=8))
    model.add(layers.Activation("gelu"))
    model.add(layers.Conv2D(filters, (2, 2), strides=(2, 2), padding="valid"))
    model.add(layers.LeakyReLU(negative_slope=0.1))
    return model


def build_model(input_shape: tuple[int, int, int] = (32, 32, 3), num_classes: int = 3) -> Sequential:
    model = Sequential(layers=[layers.Input(shape=input_shape)])
    for i in range(3):
        add_conv_block(model, 16 * 2**i)
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dense(units=num_classes, activation="softmax", kernel_regularizer=keras.regularizers.L2(1e-4)))
    model.compile(optimizer=keras.optimizers.AdamW(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    loss_fn = keras.losses.CategoricalCrossentropy()
    train_loss, train_acc = keras.metrics.Mean(), keras.metrics.CategoricalAccuracy()
    val_loss, val_acc = keras.metrics.Mean(), keras.metrics.CategoricalAccuracy()
    history = keras.callbacks.History()
    every = keras.callbacks.CallbackList([*callbacks, history], model=model, epochs=epochs)
    best = Best(patience)

    @tf.function
    def training_step(xb, yb):
        with tf.GradientTape() as tape:
            out = model(xb, training=True)
            loss = loss_fn(yb, out) + tf.add_n(model.losses or [0.0])
        grads = tape.gradient(loss, model.trainable_variables)
        model.optimizer.apply_gradients(zip(grads, model.trainable_variables))
        return loss, out

    model.stop_training = False
    every.on_train_begin()
    for epoch in range(epochs):
        every.on_epoch_begin(epoch)
        for metric in (train_loss, train_acc, val_loss, val_acc):
            metric.reset_state()
        order = np.random.permutation(len(x_train))
        for step, start in enumerate(range(0, len(order), batch_size)):
            every.on_train_batch_begin(step)
            rows = order[start:start + batch_size]
            xb, yb = tf.constant(x_train[rows], tf.float32) / 255.0, tf.constant(y_train[rows])
            loss, out = training_step(xb, yb)
            train_loss.update_state(loss)
            train_acc.update_state(yb, out)
            every.on_train_batch_end(step)
        for start in range(0, len(x_val), batch_size):
            xb = tf.constant(x_val[start:start + batch_size], tf.float32) / 255.0
            yb = tf.constant(y_val[start:start + batch_size])
            out = model(xb, training=False)
            val_loss.update_state(loss_fn(yb, out))
            val_acc.update_state(yb, out)
        logs = {"loss": float(train_loss.result()), "accuracy": float(train_acc.result()),
                "val_loss": float(val_loss.result()), "val_accuracy": float(val_acc.result())}
        if best.update(logs["val_accuracy"]):
            model.save(Path(checkpoint_path))
        every.on_epoch_end(epoch, logs)
        if best.stop or model.stop_training:
            break
    every.on_train_end()
    return history


def plot_history(history):
    h = history if isinstance(history, dict) else history.history
    fig, ax = plt.subplots(1, 1)
    x = np.arange(len(h["accuracy"]))
    ax.step(x, h["accuracy"], color="tab:blue", where="mid")
    ax.plot(x, h["val_accuracy"], color="tab:orange", marker="x")
    ax.legend(handles=[mpatches.Patch(color="tab:blue", label="training"),
                       mpatches.Patch(color="tab:orange", label="validation")])
    ax.set(xlabel="epoch", ylabel="accuracy", title="History", ylim=(0, 1))
    fig.savefig("history.png")
    return fig


def predict(model, x):
    match model:
        case str() | Path():
            model = keras.models.load_model(model)
    ds = tf.data.Dataset.from_tensor_slices(np.asarray(x, "float32") / 255.0).batch(64)
    return model.predict(ds, verbose=0)
