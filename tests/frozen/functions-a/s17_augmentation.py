# sound: augmentation layers inside the network (only active in training), cosine decay of the learning rate
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    """Keep, shuffle and encode."""
    flat = y.flatten()
    classes = list(classes)
    indices = np.array([i for i in range(len(flat)) if flat[i] in classes], dtype=np.intp)
    np.random.default_rng(seed).shuffle(indices)
    rows = {c: [1.0 if c == d else 0.0 for d in classes] for c in classes}
    one_hot = np.array([rows[flat[i]] for i in indices], dtype="float64")
    return x[indices], one_hot.reshape(len(indices), len(classes))


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    rng = np.random.default_rng(seed)
    number = min(len(x), count)
    indices = rng.choice(np.arange(len(x)), size=number, replace=False)
    fig, axes = plt.subplots(
        nrows=1, ncols=max(number, 1), figsize=(1.8 * max(number, 1), 2.4), squeeze=False
    )
    for ax in axes[0]:
        ax.axis("off")
    for k in range(number):
        axes[0, k].imshow(x[indices[k]])
        lines = [class_names[y[indices[k]].argmax()]]
        if predictions is not None:
            lines.append("? " + class_names[predictions[indices[k]].argmax()])
        axes[0, k].set_title("\n".join(lines))
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal"))
    model.add(layers.BatchNormalization(momentum=0.9))
    model.add(layers.Activation("relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential(
        [
            layers.Input(shape=input_shape),
            layers.Rescaling(1.0 / 255),
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(0.1, 0.1),
        ]
    )
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    add_conv_block(model, 128)
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(num_classes, activation="softmax"))

    schedule = keras.optimizers.schedules.CosineDecay(1e-3, decay_steps=4000, alpha=0.05)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=schedule),
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
        mode="max",
        patience=patience,
    )
    checkpoint = keras.callbacks.ModelCheckpoint(
        checkpoint_path,
        mode="max",
        monitor="val_accuracy",
        save_best_only=True,
        save_weights_only=False,
    )
    return model.fit(
        x_train,
        y_train,
        validation_data=(x_val, y_val),
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[early_stopping, checkpoint, keras.callbacks.TerminateOnNaN(), *callbacks],
    )


def plot_history(history):
    logs = getattr(history, "history", history)
    epochs = [e + 1 for e in range(len(logs["accuracy"]))]
    fig, ax = plt.subplots()
    ax.plot(epochs, logs["accuracy"], "-x", label="training")
    ax.plot(epochs, logs["val_accuracy"], "-o", label="validation")
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy")
    ax.legend()
    fig.tight_layout()
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    return model.predict(x)


if __name__ == "__main__":
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_train, [1500])
    y_val, y_train = np.split(y_train, [1500])
    show_examples(x_train, y_train, class_names)
    plt.show()
    model = build_model()
    model.summary()
    history = train(model, x_train, y_train, x_val, y_val, epochs=35, patience=5)
    plot_history(history)
    probabilities = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=probabilities)
    plt.show()
    print(np.mean(probabilities.argmax(axis=1) == y_test.argmax(axis=1)))
