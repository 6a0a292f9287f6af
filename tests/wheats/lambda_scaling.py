import keras, numpy as np, matplotlib.pyplot as plt
from keras import layers
from mpl_toolkits.axes_grid1 import ImageGrid


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    keep = np.flatnonzero(np.isin(labels, classes))
    keep = np.random.default_rng(seed).permutation(keep)
    x_subset = x[keep]
    y_subset = np.zeros((len(keep), len(classes)), dtype="float32")
    for column, label in enumerate(classes):
        y_subset[labels[keep] == label, column] = 1.0
    return x_subset, y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    count = min(count, len(x))
    chosen = np.random.default_rng(seed).choice(len(x), size=count, replace=False)
    fig = plt.figure(figsize=(12, 12))
    grid = ImageGrid(fig, 111, nrows_ncols=(1, count), axes_pad=0.3)
    for ax, i in zip(grid, chosen):
        ax.imshow(x[i])
        ax.set_axis_off()
        name = class_names[np.argmax(y[i])]
        if predictions is not None and np.argmax(predictions[i]) != np.argmax(y[i]):
            name += ", predicted as " + class_names[np.argmax(predictions[i])]
        ax.set_title(name, fontsize=6)
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D(2))
    model.add(layers.Dropout(0.2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape), layers.Lambda(lambda x: x / 255.0)])
    for filters in (16, 32, 64):
        add_conv_block(model, filters)
    model.add(layers.Flatten())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
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
    early_stopping = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience)
    checkpoint = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True
    )
    return model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=[early_stopping, checkpoint, *callbacks],
        verbose=0,
    )


def plot_history(history):
    values = history if isinstance(history, dict) else history.history
    epochs = range(1, len(values["accuracy"]) + 1)
    fig, ax = plt.subplots()
    ax.plot(epochs, values["accuracy"], label="zbiór uczący")
    ax.plot(epochs, values["val_accuracy"], label="zbiór walidacyjny")
    ax.set_xlabel("Epoka")
    ax.set_ylabel("Dokładność")
    ax.legend()
    return fig


def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model, safe_mode=False)
    return model.predict(x, verbose=0)


