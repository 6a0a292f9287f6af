# sound: build_model returns a registered subclass of keras.Sequential with a train_step of its own, so fit runs a hand-written gradient step.
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable(package="course_project")
class HandTrained(keras.Sequential):
    """A Sequential whose gradient step is written out."""

    def train_step(self, data):
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=weights)
        variables = self.trainable_variables
        gradients = tape.gradient(loss, variables)
        self.optimizer.apply(gradients, variables)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss, sample_weight=tf.shape(x)[0])
        return self.compute_metrics(x, y, y_pred, sample_weight=weights)


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).flatten()
    lookup = {int(c): j for j, c in enumerate(classes)}
    pairs = [(i, lookup[int(label)]) for i, label in enumerate(labels) if int(label) in lookup]
    np.random.default_rng(seed).shuffle(pairs)
    pairs = np.array(pairs, dtype=int).reshape(-1, 2)
    one_hot = np.zeros((len(pairs), len(classes)), dtype=np.float32)
    one_hot[np.arange(len(pairs)), pairs[:, 1]] = 1
    return x[pairs[:, 0]], one_hot


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    total = len(x)
    picked = np.argsort(np.random.default_rng(seed).random(total))[: min(count, total)]
    side = max(1, int(np.ceil(np.sqrt(len(picked)))))
    fig = plt.figure(figsize=(2.2 * side, 2.6 * side))
    for k, i in enumerate(picked):
        ax = plt.subplot(side, side, k + 1)
        plt.imshow(x[i])
        plt.axis("off")
        text = class_names[int(np.argmax(y[i]))]
        if predictions is not None:
            text = text + " | " + class_names[int(np.argmax(predictions[i]))]
        plt.title(text)
    return fig


def add_conv_block(model, filters):
    model.add(keras.layers.Conv2D(filters, 5, padding="same", use_bias=False))
    model.add(keras.layers.BatchNormalization(momentum=0.9))
    model.add(keras.layers.Activation("gelu"))
    model.add(keras.layers.MaxPooling2D(pool_size=2, strides=2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = HandTrained()
    model.add(keras.Input(shape=input_shape))
    model.add(keras.layers.Rescaling(1 / 255.0))
    add_conv_block(model, 24)
    add_conv_block(model, 48)
    add_conv_block(model, 96)
    model.add(keras.layers.GlobalAveragePooling2D())
    model.add(keras.layers.Dense(64, activation="relu"))
    model.add(keras.layers.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=[keras.metrics.CategoricalAccuracy("accuracy")],
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
    checkpoint = keras.callbacks.ModelCheckpoint(
        filepath=checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True
    )
    stopping = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", min_delta=0.0, patience=patience)
    model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_val, y_val),
        callbacks=[checkpoint, stopping, *callbacks],
        verbose=2,
    )
    return model.history


def plot_history(history):
    record = history.history if isinstance(history, keras.callbacks.History) else history
    xs = 1 + np.arange(len(record["accuracy"]))
    fig, ax = plt.subplots(figsize=(7, 4))
    lines = ax.plot(xs, np.column_stack([record["accuracy"], record["val_accuracy"]]), marker="o")
    ax.legend(lines, ["training", "validation"])
    ax.set_xlabel("epoch")
    ax.set_ylabel("share of correct images")
    return fig


def predict(model, x):
    if isinstance(model, (str, bytes, os.PathLike)):
        model = keras.models.load_model(os.fsdecode(model))
    outputs = []
    for start in range(0, len(x), 100):
        batch = tf.convert_to_tensor(x[start : start + 100])
        outputs.append(keras.ops.convert_to_numpy(model(batch, training=False)))
    return np.vstack(outputs)
