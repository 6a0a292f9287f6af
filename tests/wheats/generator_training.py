import math

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


class Batches(keras.utils.PyDataset):
    """Batches of scaled images, in a new order each epoch, every second one mirrored at random."""

    def __init__(self, x, y, batch_size, augment, **kwargs):
        super().__init__(**kwargs)
        self.x, self.y = x, y
        self.batch_size = batch_size
        self.augment = augment
        self.order = np.arange(len(x))
        self.on_epoch_end()

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, k):
        idx = self.order[k * self.batch_size:(k + 1) * self.batch_size]
        x = self.x[idx].astype("float32") / 255.0
        if self.augment:
            flip = np.random.rand(len(x)) < 0.5
            x[flip] = x[flip, :, ::-1]
        return x, self.y[idx]

    def on_epoch_end(self):
        if self.augment:
            np.random.shuffle(self.order)


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.array(y).reshape(len(y))
    idx = np.array([i for i in range(len(labels)) if labels[i] in classes], dtype=int)
    rng = np.random.default_rng(seed)
    idx = idx[rng.permutation(idx.size)]
    columns = {c: j for j, c in enumerate(classes)}
    y_new = np.zeros((idx.size, len(columns)))
    for row, i in enumerate(idx):
        y_new[row, columns[labels[i]]] = 1
    return x[idx], y_new


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    n = count if count < len(x) else len(x)
    idx = np.random.default_rng(seed).choice(len(x), n, replace=False)
    fig, axes = plt.subplots(2, (n + 1) // 2, figsize=(n, 4), squeeze=False)
    for j, ax in enumerate(axes.flatten()):
        if j >= n:
            ax.remove()
            continue
        ax.imshow(x[idx[j]])
        ax.set_axis_off()
        name = class_names[np.argmax(y[idx[j]])]
        if predictions is not None:
            name = name + " -> " + class_names[np.argmax(predictions[idx[j]])]
        ax.set_title(name)
    return fig


def add_conv_block(model, filters):
    for _ in range(2):
        model.add(layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal"))
        model.add(layers.ELU())
    model.add(layers.MaxPooling2D())
    model.add(layers.SpatialDropout2D(0.1))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([layers.Input(input_shape)])
    for f in (16, 24, 32):
        model = add_conv_block(model, f)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(num_classes, "softmax"))
    model.compile("nadam", "categorical_crossentropy", metrics=["accuracy"])
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    return model.fit(
        Batches(x_train, y_train, batch_size, augment=True),
        validation_data=Batches(x_val, y_val, batch_size, augment=False),
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[
            keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience),
            keras.callbacks.ModelCheckpoint(checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True),
        ] + list(callbacks),
    )


def plot_history(history):
    if hasattr(history, "history"):
        history = history.history
    fig, ax = plt.subplots(figsize=(7, 4))
    epochs = list(range(1, 1 + len(history["val_accuracy"])))
    ax.plot(epochs, 100 * np.array(history["accuracy"]), label="train acc")
    ax.plot(epochs, 100 * np.array(history["val_accuracy"]), label="val acc")
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy in %")
    ax.legend(loc="best")
    return fig


def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    out = []
    for i in range(0, len(x), 100):
        out.extend(model.predict_on_batch(x[i:i + 100] / 255.0))
    return np.array(out)
