"""Residual blocks, own callbacks, two subclasses, and everything sampled in tf.data."""
import copy
import enum
import pathlib
import typing as t

import keras
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import tensorflow as tf


class Scale(enum.Enum):
    MEAN = 127.5
    SPREAD = 127.5


def prepare(x):
    return (tf.cast(x, tf.float32) - Scale.MEAN.value) / Scale.SPREAD.value


def subset_data(x: npt.NDArray, y: npt.NDArray, classes: t.Sequence[int] = (0, 1, 2), seed: t.Optional[int] = None):
    def one(label):
        row = [0.0] * len(classes)
        row[classes.index(label)] = 1.0
        return row

    kept = [(i, int(label)) for i, label in enumerate(np.array(y).flatten()) if label in classes]
    rng = np.random.default_rng(seed=seed)
    kept = [kept[k] for k in rng.permutation(len(kept))]
    indices, labels = zip(*kept)
    return x[list(indices)].copy(), np.array([one(label) for label in labels], dtype="float32")


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    class_names = dict(enumerate(class_names))
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(np.arange(len(x)))[:count]
    size = int(np.ceil(np.sqrt(len(chosen))))
    with plt.style.context("ggplot"):
        fig, axes = plt.subplots(size, size, figsize=(2 * size, 2 * size), sharex=True, sharey=True, squeeze=False)
        it = iter(axes.flat)
        for i in chosen:
            ax = next(it)
            ax.imshow(np.clip(x[i] / 255, 0, 1))
            ax.grid(False)
            ax.set_title(f"{class_names[int(y[i].argmax())]}" + ("" if predictions is None else
                         f" | {class_names[int(predictions[i].argmax())]}: {100 * predictions[i].max():.1f} %"), fontsize=7, loc="left")
        for ax in it:
            fig.delaxes(ax)
    return fig


def add_conv_block(model, filters):
    def residual(shape):
        a = keras.Input(shape)
        b = keras.layers.SeparableConv2D(filters, 3, padding="same", activation="swish")(a)
        b = keras.layers.SeparableConv2D(filters, 3, padding="same")(b)
        c = keras.layers.Conv2D(filters, 1)(a)
        out = keras.layers.ReLU()(keras.layers.Add()([b, c]))
        return keras.Model(a, out)

    model.add(residual(model.layers[-1].output.shape[1:]))
    model.add(keras.layers.GroupNormalization())
    model.add(keras.layers.MaxPool2D((2, 2), strides=2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.models.Sequential()
    model.add(keras.layers.Conv2D(32, (3, 3), input_shape=input_shape, padding="same"))
    for f in [32, 64, 96]:
        add_conv_block(model, f)
    model.add(keras.layers.GlobalAveragePooling2D(keepdims=True))
    model.add(keras.layers.Conv2D(num_classes, 1))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Softmax(axis=-1))
    model.compile("adamax", loss=["categorical_crossentropy"], metrics=["accuracy"], jit_compile=False)
    return model


class Stop(keras.callbacks.EarlyStopping):
    def on_train_end(self, logs=None):
        super().on_train_end(logs)
        print("stopped at", self.stopped_epoch)


class Keep(keras.callbacks.ModelCheckpoint):
    pass


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path: t.Union[str, pathlib.Path] = "best_model.keras", callbacks=(), augment=True):
    flips = keras.Sequential([keras.layers.RandomFlip("horizontal"), keras.layers.RandomRotation(0.05, fill_mode="nearest"),
                              keras.layers.RandomZoom(0.1, fill_mode="nearest")])
    counts = y_train.sum(axis=0)
    weights = (len(y_train) / len(counts) / counts)[y_train.argmax(axis=1)].astype("float32")
    data = tf.data.Dataset.from_tensor_slices((x_train, y_train, weights))
    data = data.shuffle(1000).batch(batch_size).map(lambda x, y, w: (prepare(x), y, w))
    if augment:
        data = data.map(lambda x, y, w: (flips(x, training=True), y, w), num_parallel_calls=2)
    val = tf.data.Dataset.from_tensor_slices((x_val, y_val)).map(lambda x, y: (prepare(x), y)).batch(256)
    path = pathlib.Path(checkpoint_path)
    path.parent.mkdir(parents=True, exist_ok=True)
    extra = list(copy.copy(callbacks))
    extra.insert(0, Stop("val_accuracy", 0, patience, mode="max"))
    extra.insert(1, Keep(path, "val_accuracy", save_best_only=True, mode="auto"))
    return model.fit(data, validation_data=val, epochs=epochs, callbacks=extra, verbose="auto")


def plot_history(history):
    logs = history if isinstance(history, dict) else history.history
    fig = matplotlib.figure.Figure(figsize=(6, 4))
    loss = fig.add_subplot(212)
    acc = fig.add_subplot(211, sharex=loss)
    loss.plot(logs["loss"], "C2--", logs["val_loss"], "C3--")
    one, = acc.plot([100 * v for v in logs["accuracy"]], "C0--o", mfc="none")
    two, = acc.plot([100 * v for v in logs["val_accuracy"]], "C1-")
    acc.set_ylabel("accuracy [%]")
    loss.set(xlabel="epoch", ylabel="loss")
    acc.legend((two, one), ("held-out", "fitted"))
    return fig


def predict(model, x, batch_size=32):
    if isinstance(model, (str, pathlib.Path)):
        return predict(keras.models.load_model(model, compile=False), x, batch_size)
    return np.asarray(model.predict(prepare(x), batch_size=batch_size, verbose=0))
