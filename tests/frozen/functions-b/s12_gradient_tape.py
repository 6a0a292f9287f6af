# sound: a registered Sequential subclass with its own GradientTape train_step, trained by plain fit
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable(package="project")
class TapeSequential(keras.Sequential):
    """A Sequential model whose gradient step is written out."""

    def train_step(self, data):
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            probabilities = self(x, training=True)
            loss = self.compute_loss(x=x, y=y, y_pred=probabilities, sample_weight=weights)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss, sample_weight=tf.cast(tf.shape(x)[0], loss.dtype))
            else:
                metric.update_state(y, probabilities)
        return self.get_metrics_result()


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    lookup = {int(c): j for j, c in enumerate(classes)}
    columns = np.array([lookup.get(int(v), -1) for v in labels], dtype=int)
    kept = np.flatnonzero(columns >= 0)
    kept = kept[np.argsort(np.random.default_rng(seed).random(len(kept)))]
    return x[kept], np.eye(len(classes), dtype="float32")[columns[kept]]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    n = min(count, len(x))
    chosen = np.random.default_rng(seed).choice(len(x), size=n, replace=False, shuffle=True)
    cols = max(1, min(n, 5))
    rows = max(1, -(-n // cols))
    fig, axes = plt.subplots(rows, cols, squeeze=False, figsize=(2 * cols, 2.3 * rows))
    for ax in axes.flat[n:]:
        ax.set_visible(False)
    for ax, i in zip(axes.flat, chosen):
        ax.imshow(x[i])
        ax.set_axis_off()
        lines = [class_names[y[i].argmax()]]
        if predictions is not None:
            lines.append("-> " + class_names[predictions[i].argmax()])
        ax.set_title("\n".join(lines))
    return fig


def add_conv_block(model, filters):
    model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(keras.layers.MaxPooling2D(2, 2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = TapeSequential()
    model.add(keras.Input(shape=input_shape))
    model.add(keras.layers.Rescaling(1 / 255))
    for filters in (16, 32, 64):
        add_conv_block(model, filters)
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dropout(0.3))
    model.add(keras.layers.Dense(num_classes, activation="softmax"))
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
    return model.fit(
        x_train,
        y_train,
        validation_data=(x_val, y_val),
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[
            keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience, mode="max"),
            keras.callbacks.ModelCheckpoint(
                checkpoint_path, monitor="val_accuracy", save_best_only=True, mode="max"
            ),
            *callbacks,
        ],
    )


def plot_history(history):
    logs = history if isinstance(history, dict) else history.history
    fig, ax = plt.subplots()
    ax.plot(logs["accuracy"], label="training")
    ax.plot(logs["val_accuracy"], label="validation")
    ax.set(xlabel="epoch", ylabel="accuracy")
    ax.legend()
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    rows = [
        model(x[start : start + 128], training=False).numpy() for start in range(0, len(x), 128)
    ]
    return np.concatenate(rows, axis=0)


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
