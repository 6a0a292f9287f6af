import keras
from keras import layers, ops
import numpy as np
import matplotlib.pyplot as plt


class Checkpoint(keras.callbacks.Callback):
    """Saves the model when it is at least as good as ever before."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.record = 0.0

    def on_epoch_end(self, epoch, logs=None):
        if logs.get("val_accuracy") >= self.record:
            self.record = logs.get("val_accuracy")
            self.model.save(self.path)


class EarlyStop(keras.callbacks.Callback):
    def __init__(self, patience):
        super().__init__()
        self.patience = patience
        self.values = []

    def on_epoch_end(self, epoch, logs=None):
        self.values.append(logs["val_accuracy"])
        # index of the first best epoch
        best = self.values.index(max(self.values))
        if len(self.values) - 1 - best >= self.patience:
            print("early stop")
            self.model.stop_training = True


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    y = np.asarray(y)
    if y.ndim == 2:
        y = y[:, 0]
    parts_x, parts_y = [], []
    for j, c in enumerate(classes):
        part = x[y == c]
        hot = np.zeros((len(part), len(classes)), dtype="float32")
        hot[:, j] = 1
        parts_x.append(part)
        parts_y.append(hot)
    all_x = np.concatenate(parts_x, axis=0)
    all_y = np.concatenate(parts_y, axis=0)
    order = np.random.RandomState(seed).permutation(len(all_x))
    return all_x[order], all_y[order]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    count = min([count, len(x)])
    order = np.random.RandomState(seed).choice(len(x), count, replace=False)
    fig, axes = plt.subplots(1, count, figsize=(count * 2, 2.5), squeeze=False)
    for k in range(count):
        axes[0, k].imshow(x[order[k]])
        axes[0, k].axis("off")
        lines = ["label: " + class_names[int(ops.argmax(y[order[k]]))]]
        if predictions is not None:
            lines += ["guess: " + class_names[int(ops.argmax(predictions[order[k]]))]]
        axes[0, k].set_title("\n".join(lines))
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.AveragePooling2D(2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([layers.Input(shape=input_shape), layers.Rescaling(1 / 255)])
    for filters in [32, 48, 64]:
        add_conv_block(model, filters)
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer=keras.optimizers.RMSprop(0.001), loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    own = [Checkpoint(checkpoint_path), EarlyStop(patience)]
    own += callbacks
    return model.fit(x_train, y_train, epochs=epochs, batch_size=batch_size, shuffle=True,
                     validation_data=[x_val, y_val], callbacks=own, verbose=0)


def plot_history(history):
    if isinstance(history, keras.callbacks.History):
        history = history.history
    fig, axs = plt.subplots(2, 1, sharex=True)
    for ax, name in zip(axs, ("accuracy", "loss")):
        x = np.arange(1, len(history[name]) + 1)
        ax.plot(x, history[name], marker="o", label="training " + name)
        ax.plot(x, history["val_" + name], marker="s", label="validation " + name)
        ax.set_ylabel(name)
        ax.legend()
    fig.supxlabel("epoch")
    return fig


def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    result = np.zeros((len(x), model.output_shape[-1]), dtype="float32")
    for first in range(0, len(x), 128):
        batch = ops.convert_to_tensor(x[first:first + 128], dtype="float32")
        result[first:first + 128] = ops.convert_to_numpy(model(batch, training=False))
    return result
