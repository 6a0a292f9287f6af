# no rescaling anywhere: a BatchNormalization right behind the input takes care of it
from tensorflow import keras
from tensorflow.keras import layers
import numpy as np
import matplotlib.pyplot as plt


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    wanted = [int(c) for c in classes]
    y_list = [int(v) for v in np.ravel(y)]
    idx = [i for i, v in enumerate(y_list) if v in wanted]
    np.random.default_rng(seed).shuffle(idx)
    x_subset = x[idx]
    y_subset = keras.utils.to_categorical([wanted.index(y_list[i]) for i in idx], num_classes=len(wanted))
    return x_subset, y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    rng = np.random.default_rng(seed)
    picks = rng.permutation(len(x))[: min(len(x), count)]
    fig, axs = plt.subplots(1, len(picks), figsize=(1.8 * len(picks), 2.4))
    for ax, p in zip(np.atleast_1d(axs), picks):
        ax.imshow(x[p], interpolation="nearest")
        ax.set_xticks([])
        ax.set_yticks([])
        label = class_names[np.argmax(y[p])]
        if predictions is None:
            ax.set_title(label)
        else:
            guess = class_names[np.argmax(predictions[p])]
            ax.set_title(f"{label}\n({guess})", color="green" if guess == label else "red")
    plt.tight_layout()
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same"))
    model.add(layers.Activation("relu"))
    model.add(layers.AveragePooling2D(2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential(name="cifar_net")
    model.add(keras.Input(input_shape))
    model.add(layers.BatchNormalization(momentum=0.9))
    add_conv_block(model, 24)
    add_conv_block(model, 32)
    add_conv_block(model, 48)
    model.add(layers.Flatten())
    model.add(layers.Dense(num_classes))
    model.add(layers.Activation("softmax"))
    model.compile(keras.optimizers.SGD(0.02, momentum=0.9, nesterov=True), "categorical_crossentropy", metrics=["accuracy"])
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience)
    save = keras.callbacks.ModelCheckpoint(filepath=checkpoint_path, monitor="val_accuracy", save_best_only=True, verbose=1)
    history = model.fit(x_train, y_train, epochs=epochs, batch_size=batch_size, validation_data=(x_val, y_val),
                        callbacks=[stop, save] + list(callbacks))
    return history


def plot_history(history):
    if not isinstance(history, dict):
        history = history.history
    fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    n = np.arange(1, len(history["accuracy"]) + 1)
    left.plot(n, history["accuracy"], label="train")
    left.plot(n, history["val_accuracy"], label="validation")
    left.set(xlabel="epoch", ylabel="accuracy", title="accuracy")
    left.legend()
    right.plot(n, history["loss"], label="train")
    right.plot(n, history["val_loss"], label="validation")
    right.set(xlabel="epoch", ylabel="loss", title="loss")
    right.legend()
    return fig


def predict(model, x):
    if isinstance(model, str):
        model = keras.models.load_model(model)
    elif not hasattr(model, "predict"):  # a pathlib.Path
        model = keras.models.load_model(str(model))
    return model.predict(x)
