# sound: keras.ops and keras.random for encoding and shuffling, a hand-batched prediction with ops
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops


def permutation(n, seed):
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1)[0] >> 1)
    return ops.convert_to_numpy(keras.random.shuffle(ops.arange(n), seed=int(seed)))


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = ops.convert_to_tensor(np.asarray(y).reshape(-1, 1).astype("int32"))
    wanted = ops.convert_to_tensor(np.asarray(classes).reshape(1, -1).astype("int32"))
    hits = ops.convert_to_numpy(ops.equal(labels, wanted))
    keep = np.flatnonzero(hits.any(axis=1))
    keep = keep[permutation(len(keep), seed)]
    return x[keep], ops.convert_to_numpy(ops.cast(hits[keep], "float32"))


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    chosen = permutation(len(x), seed)[: min(count, len(x))]
    columns = 5
    rows = max(1, -(-len(chosen) // columns))
    fig, axes = plt.subplots(rows, columns, figsize=(11, 2.7 * rows), squeeze=False)
    [ax.axis("off") for ax in axes.ravel()]
    for ax, i in zip(axes.ravel(), chosen):
        ax.imshow(x[i])
        ax.set_title(class_names[int(ops.argmax(y[i]))])
        if predictions is not None:
            guess = class_names[int(ops.argmax(predictions[i]))]
            ax.set_title(f"{ax.get_title()}\nprediction {guess}")
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.Conv2D(filters, 1, activation="relu"))
    model.add(layers.MaxPooling2D(2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential(
        [
            keras.Input(shape=input_shape),
            layers.Rescaling(1 / 255),
            layers.GaussianNoise(0.02),
        ]
    )
    for filters in (32, 64, 128):
        add_conv_block(model, filters)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(num_classes))
    model.add(layers.Softmax())
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.CategoricalCrossentropy(from_logits=False),
        metrics=[keras.metrics.CategoricalAccuracy("accuracy")],
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
    stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience)
    save = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True
    )
    return model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=[*callbacks, save, stop],
    )


def plot_history(history):
    logs = history if isinstance(history, dict) else history.history
    fig, ax = plt.subplots()
    lines = ax.plot(np.column_stack([logs["accuracy"], logs["val_accuracy"]]))
    ax.legend(lines, ["training", "validation"])
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy")
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    outputs = []
    start = 0
    while start < len(x):
        batch = ops.convert_to_tensor(x[start : start + 128], dtype="float32")
        outputs.append(model(batch, training=False))
        start += 128
    return ops.convert_to_numpy(ops.concatenate(outputs, axis=0))


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
