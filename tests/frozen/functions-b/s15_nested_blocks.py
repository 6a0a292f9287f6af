# sound: every block is a nested Sequential, added as a single layer
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import Sequential, layers


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    y = np.asarray(y).ravel()
    kept = np.concatenate([np.flatnonzero(y == c) for c in classes])
    columns = np.repeat(np.arange(len(classes)), [np.count_nonzero(y == c) for c in classes])
    order = np.random.default_rng(seed).permutation(len(kept))
    return x[kept[order]], np.identity(len(classes))[columns[order]]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    n = min(count, len(x))
    chosen = np.random.default_rng(seed).choice(len(x), n, replace=False)
    fig, axes = plt.subplots(2, max(1, (n + 1) // 2), figsize=(12, 5), squeeze=False)
    remaining = iter(chosen)
    for ax in axes.ravel():
        ax.axis("off")
        i = next(remaining, None)
        if i is None:
            continue
        ax.imshow(x[i])
        ax.set_title(class_names[y[i].argmax()])
        if predictions is not None:
            ax.set_title(ax.get_title() + "\nis seen as " + class_names[predictions[i].argmax()])
    return fig


def conv_block(filters):
    return Sequential(
        [
            layers.Conv2D(filters, 3, padding="same"),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.MaxPooling2D(),
        ]
    )


def add_conv_block(model, filters):
    model.add(conv_block(filters))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = Sequential([layers.Input(shape=input_shape), layers.Rescaling(1.0 / 255)])
    for filters in (32, 64, 128):
        add_conv_block(model, filters)
    model.add(layers.Flatten())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=0.05, momentum=0.9, nesterov=True),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
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
        monitor="val_accuracy",
        patience=patience,
        mode="max",
    )
    model_checkpoint = keras.callbacks.ModelCheckpoint(
        filepath=checkpoint_path,
        monitor="val_accuracy",
        save_best_only=True,
        save_weights_only=False,
        mode="max",
    )
    return model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        verbose=1,
        callbacks=[early_stopping, model_checkpoint, *callbacks],
        validation_data=(x_val, y_val),
        shuffle=True,
    )


def plot_history(history):
    logs = history.history if isinstance(history, keras.callbacks.History) else history
    fig, ax = plt.subplots()
    epochs = range(1, len(logs["val_accuracy"]) + 1)
    ax.plot(epochs, logs["accuracy"], "-", epochs, logs["val_accuracy"], "--")
    ax.legend(("on the training set", "on the validation set"))
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy")
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    return model.predict(x, verbose=0)


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
