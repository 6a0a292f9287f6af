# sound: an endless Python generator with steps_per_epoch feeds fit
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, Rescaling
from keras.models import Sequential, load_model


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    flat = y.reshape(len(y))
    images, rows = [np.empty((0,) + x.shape[1:], x.dtype)], [np.empty((0, len(classes)))]
    for j, c in enumerate(classes):
        found = x[flat == c]
        row = np.zeros((len(found), len(classes)))
        row[:, j] = 1
        images.append(found)
        rows.append(row)
    images, rows = np.concatenate(images), np.concatenate(rows)
    order = np.random.RandomState(seed).permutation(len(images))
    return images[order], rows[order]


def batches(x, y, batch_size):
    """Yield the training set again and again, in a new order each time."""
    rng = np.random.default_rng()
    while True:
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            chosen = order[start : start + batch_size]
            yield x[chosen], y[chosen]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    number = min(count, len(x))
    chosen = np.random.RandomState(seed).choice(len(x), number, replace=False)
    fig = plt.figure(figsize=(15, 4))
    for position, index in enumerate(chosen):
        plt.subplot(2, (number + 1) // 2, position + 1)
        plt.imshow(x[index])
        plt.xticks([])
        plt.yticks([])
        label = class_names[np.argmax(y[index])]
        if predictions is not None:
            label = f"{label}, predicted {class_names[np.argmax(predictions[index])]}"
        plt.title(label, size=8)
    plt.tight_layout()
    return fig


def add_conv_block(model, filters):
    model.add(Conv2D(filters, (3, 3), activation="relu", padding="same"))
    model.add(BatchNormalization())
    model.add(Conv2D(filters, (3, 3), activation="relu", padding="same"))
    model.add(BatchNormalization())
    model.add(MaxPooling2D((2, 2)))
    model.add(Dropout(0.25))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = Sequential([keras.Input(shape=input_shape), Rescaling(1.0 / 255)])
    for filters in (32, 64, 128):
        add_conv_block(model, filters)
    model.add(Flatten())
    model.add(Dense(128, activation="relu"))
    model.add(Dense(num_classes, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
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
    steps = int(np.ceil(len(x_train) / batch_size))
    return model.fit(
        batches(x_train, y_train, batch_size),
        steps_per_epoch=steps,
        epochs=epochs,
        validation_data=(x_val, y_val),
        validation_batch_size=batch_size,
        callbacks=[
            EarlyStopping(monitor="val_accuracy", patience=patience, mode="max", verbose=1),
            ModelCheckpoint(checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True),
        ]
        + list(callbacks),
    )


def plot_history(history):
    values = history if isinstance(history, dict) else history.history
    fig = plt.figure()
    plt.plot(values["accuracy"])
    plt.plot(values["val_accuracy"])
    plt.title("model accuracy")
    plt.ylabel("accuracy")
    plt.xlabel("epoch")
    plt.legend(["train", "validation"], loc="upper left")
    return fig


def predict(model, x):
    if not isinstance(model, keras.Model):
        model = load_model(model)
    parts = [model.predict_on_batch(x[i : i + 100]) for i in range(0, len(x), 100)]
    return np.concatenate(parts)


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
