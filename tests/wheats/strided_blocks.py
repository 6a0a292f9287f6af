import math

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

CLASSES = (0, 1, 2)


def to_unit(images):
    """uint8 -> [-1, 1]"""
    return np.asarray(images, dtype=np.float32) / 127.5 - 1.0


def subset_data(x, y, classes=CLASSES, seed=None):
    flat = np.squeeze(y, axis=1) if y.ndim == 2 else y
    mask = np.zeros(len(flat), dtype=bool)
    for c in classes:
        mask |= flat == c
    idx = np.where(mask)[0]
    rng = np.random.RandomState(seed)
    rng.shuffle(idx)
    lookup = {c: row for c, row in zip(classes, np.eye(len(classes)))}
    y_new = np.array([lookup[c] for c in flat[idx]]).reshape(len(idx), len(classes))
    return x[idx], y_new


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    n = min(count, x.shape[0])
    idx = np.random.RandomState(seed).permutation(x.shape[0])[:n]
    rows = math.ceil(n / 4)
    fig, axes = plt.subplots(rows, 4, figsize=(9, 2.5 * rows), squeeze=False)
    axes = axes.ravel()
    for ax in axes:
        ax.axis("off")
    for ax, i in zip(axes, idx):
        ax.imshow(x[i])
        t = f"true: {class_names[y[i].argmax()]}"
        if predictions is not None:
            t += f" / predicted: {class_names[predictions[i].argmax()]}"
        ax.set_title(t, fontsize=8)
    return fig


def add_conv_block(model, filters):
    model.add(tf.keras.layers.Conv2D(filters, (3, 3), strides=2, padding="same", use_bias=False))
    model.add(tf.keras.layers.BatchNormalization(momentum=0.9))
    model.add(tf.keras.layers.ReLU())
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = tf.keras.models.Sequential()
    model.add(tf.keras.layers.Input(shape=input_shape))
    for f in [32, 48, 64]:
        model = add_conv_block(model, f)
    model.add(tf.keras.layers.GlobalAveragePooling2D())
    model.add(tf.keras.layers.Dense(num_classes))
    model.add(tf.keras.layers.Softmax())
    model.compile(
        loss=tf.keras.losses.CategoricalCrossentropy(),
        optimizer=tf.keras.optimizers.Adam(2e-3),
        metrics=[tf.keras.metrics.CategoricalAccuracy(name="accuracy")],
    )
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    cbs = list(callbacks)
    cbs.append(tf.keras.callbacks.EarlyStopping("val_accuracy", patience=patience, restore_best_weights=True))
    cbs.append(tf.keras.callbacks.ModelCheckpoint(checkpoint_path, "val_accuracy", save_best_only=True))
    return model.fit(to_unit(x_train), y_train, batch_size, epochs, validation_data=(to_unit(x_val), y_val),
                     callbacks=cbs, verbose=2)


def plot_history(history):
    h = getattr(history, "history", history)
    fig = plt.figure(figsize=(6, 4))
    plt.plot(h["accuracy"], "o-")
    plt.plot(h["val_accuracy"], "s--")
    plt.xlabel("epoch")
    plt.ylabel("accuracy")
    plt.legend(["train", "val"], loc="lower right")
    plt.title("Accuracy")
    return fig


def predict(model, x):
    if isinstance(model, tf.keras.Model):
        net = model
    else:
        net = tf.keras.models.load_model(model)
    parts = []
    for start in range(0, len(x), 256):
        parts.append(net(to_unit(x[start:start + 256]), training=False).numpy())
    return np.concatenate(parts)
