import keras
import numpy as np
import tensorflow as tf
from matplotlib import pyplot as plt
from keras.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU, Rescaling


def subset_data(x, y, classes=(0, 1, 2), seed=None, verbose=False):
    y = tf.cast(np.squeeze(y), tf.int32)
    hits = tf.cast(y[:, None] == tf.constant(list(classes), tf.int32)[None, :], tf.float32)
    idx = np.argwhere(hits.numpy().sum(axis=1) > 0).squeeze()
    rng = np.random.Generator(np.random.PCG64(seed))
    rng.shuffle(idx)
    if verbose:
        print("kept", len(idx))
    return np.take(x, idx, axis=0), tf.gather(hits, idx).numpy()


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    rng = np.random.default_rng(seed)
    idx = rng.choice(np.arange(len(x)), size=min(count, len(x)), replace=False, shuffle=True)
    plt.figure(figsize=(10, 5))
    for n, i in enumerate(idx, start=1):
        plt.subplot(4, 5, n) if len(idx) <= 20 else plt.subplot(len(idx), 1, n)
        plt.imshow(x[i], cmap="gray")
        plt.xticks([])
        plt.yticks([])
        label = class_names[tf.argmax(y[i])]
        plt.title(label if predictions is None else "{} / {}".format(label, class_names[tf.argmax(predictions[i])]))
        plt.xlabel(f"#{i}")
        plt.grid(False)
    plt.tight_layout()
    plt.show()
    return plt.gcf()


def add_conv_block(model, filters):
    for layer in (Conv2D(filters, 5, padding="valid"), ReLU(), Conv2D(filters, 5, padding="valid"), ReLU(), MaxPool2D()):
        model.add(layer)
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(input_shape), Rescaling(1.0 / 255.0)])
    add_conv_block(model, 24)
    add_conv_block(model, 48)
    model.add(Flatten())
    model.add(Dense(64, "relu"))
    model.add(Dense(num_classes, activation="softmax"))
    model.compile(keras.optimizers.SGD(0.02, momentum=0.9, nesterov=True), loss=keras.losses.categorical_crossentropy,
                  metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")])
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    """A training loop of my own: one fit per epoch, so that I can look at every epoch myself."""
    history = None
    curves = {}
    best, best_epoch = -np.inf, -1
    for epoch in range(epochs):
        history = model.fit(x_train, y_train, batch_size=batch_size, epochs=1, validation_data=(x_val, y_val),
                            callbacks=list(callbacks), verbose=0)
        for key, values in history.history.items():
            curves.setdefault(key, []).append(values[-1])
        now = curves["val_accuracy"][-1]
        if now > best:
            best, best_epoch = now, epoch
            model.save(checkpoint_path)
        elif epoch - best_epoch >= patience:
            break
    history.history = curves
    history.epoch = list(range(len(curves["loss"])))
    return history


def plot_history(history):
    if not isinstance(history, dict):
        history = history.history
    fig, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(6, 8))
    for ax, key, name in ((top, "accuracy", "Accuracy"), (bottom, "loss", "Loss")):
        ax.plot(history[key], ls="--", marker="o")
        ax.plot(history[f"val_{key}"], ls="-", marker="^")
        ax.set_ylabel(name)
        ax.legend(["Train", "Validation"], loc="best")
        ax.grid(alpha=0.3)
    bottom.set_xlabel("Epoch")
    plt.show()
    return fig


def predict(model, x):
    net = keras.saving.load_model(model) if isinstance(model, str) else model
    return np.concatenate([net.predict_on_batch(part) for part in np.array_split(x, max(1, len(x) // 32))])
