# sound: tf.data pipelines divide by 255 in a map, in train and in predict; random flips in the training map
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers

AUTO = tf.data.AUTOTUNE


def to_unit(image):
    return tf.cast(image, tf.float32) / 255.0


def prepare(image, label):
    return to_unit(image), label


def flip(image, label):
    return tf.image.random_flip_left_right(image), label


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    keep = np.array([label in set(int(c) for c in classes) for label in labels.tolist()], dtype=bool)
    x_subset, labels = x[keep], labels[keep]
    order = np.random.default_rng(seed).permutation(len(x_subset))
    columns = [list(classes).index(label) for label in labels[order]]
    one_hot = tf.one_hot(np.array(columns, dtype="int32"), depth=len(classes))
    return x_subset[order], one_hot.numpy()


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    chosen = np.random.default_rng(seed).permutation(len(x))[:count]
    fig = plt.figure(figsize=(10, 6))
    for k, i in enumerate(chosen):
        ax = fig.add_subplot(int(np.ceil(len(chosen) / 4)), 4, k + 1)
        ax.imshow(x[i])
        ax.set_axis_off()
        true_name = class_names[np.argmax(y[i])]
        if predictions is None:
            ax.set_title(true_name)
            continue
        ax.set_title(f"{true_name}, guess: {class_names[np.argmax(predictions[i])]}")
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.MaxPooling2D(2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape)])
    for filters in (32, 64, 128):
        add_conv_block(model, filters)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(64, activation="relu"))
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
    training = (
        tf.data.Dataset.from_tensor_slices((x_train, y_train))
        .shuffle(len(x_train))
        .map(prepare, num_parallel_calls=AUTO)
        .map(flip, num_parallel_calls=AUTO)
        .batch(batch_size)
        .prefetch(AUTO)
    )
    validation = (
        tf.data.Dataset.from_tensor_slices((x_val, y_val))
        .map(prepare, num_parallel_calls=AUTO)
        .batch(batch_size)
        .prefetch(AUTO)
    )
    stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience)
    save = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True
    )
    return model.fit(
        training,
        validation_data=validation,
        epochs=epochs,
        callbacks=[stop, save, *callbacks],
    )


def plot_history(history):
    logs = history if isinstance(history, dict) else history.history
    fig = plt.figure()
    ax = fig.add_axes((0.12, 0.12, 0.8, 0.8))
    ax.plot(logs["accuracy"], label="Training")
    ax.plot(logs["val_accuracy"], label="Validation")
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Accuracy")
    ax.legend()
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    images = tf.data.Dataset.from_tensor_slices(x)
    images = images.map(to_unit, num_parallel_calls=AUTO)
    images = images.batch(128)
    return model.predict(images, verbose=0)


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
