import os
import tempfile
import keras
import numpy as np
import matplotlib.pyplot as plt
L = keras.layers
CB = keras.callbacks


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    """
    keep only some classes

    x: images
    y: labels
    classes: which ones
    seed: random seed
    """
    y = y.squeeze(-1) if y.ndim > 1 else y
    # stack: one row of booleans per class
    table = np.stack([y == c for c in classes])
    column, index = table.nonzero()
    perm = np.random.default_rng(seed).permutation(len(index))
    column, index = column[perm], index[perm]
    return x[index], np.identity(len(classes), dtype=np.float32)[column]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    gen = np.random.default_rng(seed)
    left = list(range(len(x)))
    chosen = []
    while left and len(chosen) < count:
        chosen.append(left.pop(gen.integers(len(left))))
    fig, axes = plt.subplot_mosaic([[str(c) for c in chosen]], figsize=(2 * len(chosen), 3))
    for c in chosen:
        axes[str(c)].imshow(x[c])
        axes[str(c)].axis("off")
        text = class_names[y[c].argmax()]
        if predictions is not None:
            text = f"{text} [{class_names[predictions[c].argmax()]}]"
        axes[str(c)].set_title(text, rotation=20)
    return fig


def add_conv_block(model, filters):
    model.add(L.Conv2D(max(filters // 2, 1), 3, activation="relu", padding="same"))
    model.add(L.Conv2D(filters, 3, activation="relu", padding="same"))
    model.add(L.MaxPooling2D(3))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(keras.Input(shape=input_shape))
    model.add(L.Rescaling(1 / 255))
    model.add(L.GaussianNoise(0.02))
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    model.add(L.Flatten())
    model.add(L.Dense(num_classes, activation="softmax"))
    model.compile(optimizer=keras.optimizers.Adam(), loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    # weights go to a temporary file; the whole model is written at the end with the best ones in it
    with tempfile.TemporaryDirectory() as folder:
        weights = os.path.join(folder, "best.weights.h5")
        history = model.fit(
            x_train, y_train, epochs=epochs, batch_size=batch_size, validation_data=(x_val, y_val), verbose=0,
            callbacks=[
                CB.EarlyStopping(monitor="val_accuracy", patience=patience),
                CB.ModelCheckpoint(weights, monitor="val_accuracy", save_best_only=True, save_weights_only=True),
            ] + list(callbacks),
        )
        model.load_weights(weights)
    model.save(checkpoint_path)
    return history


def plot_history(history):
    h = history if isinstance(history, dict) else history.history
    epochs = [e + 1 for e in range(len(h["accuracy"]))]
    fig, ax = plt.subplots()
    ax.step(epochs, h["accuracy"], where="mid", label="train")
    ax.step(epochs, h["val_accuracy"], where="mid", label="val")
    ax.set_xticks(epochs)
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Accuracy")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    fig.tight_layout()
    return fig


def predict(model, x):
    if isinstance(model, str) or isinstance(model, os.PathLike):
        model = keras.models.load_model(model)
    probs = [model.predict(chunk, verbose=0) for chunk in np.array_split(x, max(1, len(x) // 200))]
    return np.vstack(probs)
