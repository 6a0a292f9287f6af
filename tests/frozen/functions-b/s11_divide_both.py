# sound: no Rescaling layer; train and predict both divide by 255 with one helper
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


def scale(images):
    """uint8 0-255 to float 0-1."""
    return np.asarray(images, dtype="float32") / 255.0


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    y = np.squeeze(y, axis=1) if np.ndim(y) == 2 else np.asarray(y)
    keep = np.isin(y, list(classes))
    x_subset = x[keep]
    y_kept = y[keep]
    y_subset = np.zeros((len(y_kept), len(classes)), dtype=np.float32)
    for column, label in enumerate(classes):
        y_subset[y_kept == label, column] = 1.0
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x_subset))
    return x_subset[order], y_subset[order]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    rng = np.random.default_rng(seed)
    count = min(count, len(x))
    order = rng.permutation(len(x))
    chosen = order[:count]
    fig = plt.figure(figsize=(10, 2 * (count // 5 + 1)))
    for k in range(count):
        i = chosen[k]
        ax = fig.add_subplot(count // 5 + 1, 5, k + 1)
        ax.imshow(x[i])
        ax.axis("off")
        text = class_names[np.argmax(y[i])]
        if predictions is not None:
            text += " (" + class_names[np.argmax(predictions[i])] + "?)"
        ax.set_title(text)
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, (3, 3), padding="same"))
    model.add(layers.BatchNormalization())
    model.add(layers.Activation("relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(keras.Input(shape=input_shape))
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dropout(0.3))
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
    early_stopping = keras.callbacks.EarlyStopping(
        monitor="val_accuracy", mode="max", patience=patience
    )
    checkpoint = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True
    )
    return model.fit(
        scale(x_train),
        y_train,
        validation_data=(scale(x_val), y_val),
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[early_stopping, checkpoint] + list(callbacks),
    )


def plot_history(history):
    if hasattr(history, "history"):
        history = history.history
    fig, ax = plt.subplots(figsize=(6, 4))
    ax.plot(history["accuracy"], label="training set")
    ax.plot(history["val_accuracy"], label="validation set")
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy")
    ax.legend()
    return fig


def predict(model, x):
    if not hasattr(model, "predict"):
        model = keras.models.load_model(model)
    return model.predict(scale(x), verbose=0)


if __name__ == "__main__":
    # Task 2: three of the ten classes. A tenth of the training images judges the epochs, and the
    # test images are kept for the very end.
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_train, [len(x_train) // 10])
    y_val, y_train = np.split(y_train, [len(y_train) // 10])

    # Task 3: look at the images before training on them.
    show_examples(x_train, y_train, class_names)
    plt.show()

    # Task 4: build the network.
    model = build_model()
    model.summary()

    # Task 5: train it. This takes some minutes.
    history = train(model, x_train, y_train, x_val, y_val)

    # Task 6: see how the training went, and ask the best epoch about images it never saw.
    plot_history(history)
    probabilities = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=probabilities)
    plt.show()
    accuracy = np.mean(probabilities.argmax(axis=1) == y_test.argmax(axis=1))
    print(f"Accuracy on images the network never saw: {accuracy:.3f}")
