import sys

import keras
import numpy as np
import matplotlib.pyplot as plt
from keras import layers
from keras.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau

print("Python", sys.version)
print("Keras", keras.__version__)
print("careful: slow without a GPU!", file=sys.stderr)


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    print("before:", x.shape, y.shape)
    y = np.array(y).reshape(-1)
    idx = np.where(np.isin(y, np.array(classes)))[0]
    idx = np.random.default_rng(seed).choice(idx, size=len(idx), replace=False)
    x_subset = x[idx]
    y_subset = np.vstack([y[idx] == c for c in classes]).T.astype("float64")
    print("after:", x_subset.shape, y_subset.shape)
    return x_subset, y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    idx = np.arange(len(x))
    np.random.default_rng(seed).shuffle(idx)
    idx = idx[:count]
    ncols = 5 if len(idx) > 5 else len(idx)
    nrows = len(idx) // ncols + (len(idx) % ncols > 0)
    fig = plt.figure(figsize=(2.2 * ncols, 2.6 * nrows))
    for pos, i in enumerate(idx, start=1):
        ax = plt.subplot(nrows, ncols, pos)
        ax.imshow(x[i], aspect="equal")
        ax.axis("off")
        label = np.argmax(y[i])
        if predictions is not None:
            pred = np.argmax(predictions[i])
            mark = "correct" if pred == label else "WRONG"
            ax.set_title("{} vs. {}\n{}".format(class_names[label], class_names[pred], mark), fontsize=8)
        else:
            ax.set_title("{}".format(class_names[label]), fontsize=8)
    plt.tight_layout()
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.ReLU())
    model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.ReLU())
    model.add(layers.MaxPooling2D(pool_size=2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(keras.Input(shape=input_shape))
    model.add(layers.Rescaling(1.0 / 255))
    for filters in (16, 32, 48):
        model = add_conv_block(model, filters)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(0.002), metrics=["accuracy"])
    print("parameters:", model.count_params())
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    all_callbacks = [
        EarlyStopping(monitor="val_accuracy", mode="max", patience=patience, min_delta=0.001, restore_best_weights=True, verbose=1),
        ModelCheckpoint(checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True, verbose=1),
        ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=2, min_lr=1e-5, verbose=1),
    ]
    for extra in callbacks:
        all_callbacks.append(extra)
    history = model.fit(x_train, y_train, validation_data=(x_val, y_val), epochs=epochs, batch_size=batch_size,
                        callbacks=all_callbacks, verbose=1)
    best = int(np.argmax(history.history["val_accuracy"]))
    print("best epoch:", best + 1, "val_accuracy:", history.history["val_accuracy"][best])
    return history


def plot_history(history):
    hist = history.history if not isinstance(history, dict) else history
    fig, ax1 = plt.subplots(figsize=(8, 5))
    ep = range(1, len(hist["accuracy"]) + 1)
    best = int(np.argmax(hist["val_accuracy"]))
    ax1.plot(ep, hist["accuracy"], color="navy", label="training accuracy")
    ax1.plot(ep, hist["val_accuracy"], color="orange", label="validation accuracy")
    ax1.axvline(best + 1, color="grey", linestyle="--")
    ax1.annotate("best", (best + 1, hist["val_accuracy"][best]))
    ax1.set_xlabel("Epoch")
    ax1.set_ylabel("Accuracy")
    ax1.legend(loc=4)
    return fig


def predict(model, x):
    print("predicting", len(x), "images")
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return model.predict(x, verbose=1)
