# sound: tf.data pipelines for training and validation, tf.one_hot for the labels
import os

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

AUTOTUNE = tf.data.AUTOTUNE


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    classes = [int(c) for c in classes]
    labels = tf.reshape(tf.cast(tf.convert_to_tensor(y), tf.int64), [-1]).numpy()
    # position of each label among the classes, -1 for the unwanted ones
    table = {c: j for j, c in enumerate(classes)}
    columns = np.array([table.get(label, -1) for label in labels.tolist()], dtype=np.int64)
    indices = np.where(columns != -1)[0]
    np.random.default_rng(seed).shuffle(indices)
    x_subset = x[indices]
    y_subset = tf.one_hot(columns[indices], depth=len(classes)).numpy()
    return x_subset, y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    rng = np.random.default_rng(seed)
    indices = rng.choice(len(x), min(count, len(x)), replace=False)
    rows = max(1, (len(indices) + 3) // 4)
    fig, axes = plt.subplots(rows, 4, figsize=(9, 2.6 * rows))
    axes = np.ravel(axes)
    for ax in axes:
        ax.axis("off")
    for ax, i in zip(axes, indices):
        ax.imshow(x[i])
        text = class_names[tf.argmax(y[i]).numpy()]
        if predictions is not None:
            text = f"{text} -> {class_names[tf.argmax(predictions[i]).numpy()]}"
        ax.set_title(text)
    return fig


def add_conv_block(model, filters):
    model.add(tf.keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(tf.keras.layers.MaxPool2D())
    model.add(tf.keras.layers.BatchNormalization())
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = tf.keras.Sequential()
    model.add(tf.keras.layers.InputLayer(shape=input_shape))
    model.add(tf.keras.layers.Rescaling(1.0 / 255))
    for filters in (32, 64, 96):
        add_conv_block(model, filters)
    model.add(tf.keras.layers.GlobalAveragePooling2D())
    model.add(tf.keras.layers.Dense(64, activation="relu"))
    model.add(tf.keras.layers.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer=tf.keras.optimizers.Adam(),
        loss=tf.keras.losses.CategoricalCrossentropy(),
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
    train_ds = tf.data.Dataset.from_tensor_slices((x_train, y_train))
    train_ds = train_ds.shuffle(len(x_train))
    train_ds = train_ds.batch(batch_size)
    train_ds = train_ds.prefetch(AUTOTUNE)
    val_ds = tf.data.Dataset.from_tensor_slices((x_val, y_val)).batch(batch_size)

    stop = tf.keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience)
    save = tf.keras.callbacks.ModelCheckpoint(
        checkpoint_path,
        monitor="val_accuracy",
        save_best_only=True,
    )
    return model.fit(
        train_ds,
        validation_data=val_ds,
        epochs=epochs,
        callbacks=[stop, save, *callbacks],
    )


def plot_history(history):
    if not isinstance(history, dict):
        history = history.history
    acc = history["accuracy"]
    val_acc = history["val_accuracy"]
    epochs_range = range(len(acc))
    fig = plt.figure(figsize=(6, 5))
    plt.plot(epochs_range, acc, label="Training Accuracy")
    plt.plot(epochs_range, val_acc, label="Validation Accuracy")
    plt.xlabel("Epoch")
    plt.ylabel("Accuracy")
    plt.legend(loc="lower right")
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = tf.keras.models.load_model(model)
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(256)
    return model.predict(dataset)


if __name__ == "__main__":
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = tf.keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_train, [len(x_train) // 10])
    y_val, y_train = np.split(y_train, [len(y_train) // 10])
    show_examples(x_train, y_train, class_names)
    plt.show()
    model = build_model()
    model.summary()
    history = train(model, x_train, y_train, x_val, y_val)
    plot_history(history)
    probabilities = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=probabilities)
    plt.show()
    print(np.mean(probabilities.argmax(axis=1) == y_test.argmax(axis=1)))
