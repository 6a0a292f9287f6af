# sound: shuffling by sorting random keys, plt-state figures with suptitle, EarlyStopping last, a printed report
import keras
import matplotlib.pyplot as plt
import numpy as np


def as_labels(y):
    y = np.asarray(y)
    if y.ndim == 2:
        y = y[:, 0]
    return y


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    rng = np.random.default_rng(seed)
    labels = as_labels(y)
    rows = []
    for i, label in enumerate(labels):
        for j, c in enumerate(classes):
            if label == c:
                rows.append((rng.random(), i, j))
    rows.sort()
    x_subset = np.zeros((len(rows),) + x.shape[1:], dtype=x.dtype)
    y_subset = np.zeros((len(rows), len(classes)))
    for k, (_, i, j) in enumerate(rows):
        x_subset[k] = x[i]
        y_subset[k, j] = 1.0
    return x_subset, y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    rng = np.random.default_rng(seed)
    remaining = list(range(len(x)))
    fig = plt.figure(figsize=(12, 6))
    fig.suptitle("Some images")
    total = min(count, len(x))
    for k in range(total):
        i = remaining.pop(int(rng.integers(len(remaining))))
        ax = fig.add_subplot((total + 4) // 5, 5, k + 1)
        plt.sca(ax)
        plt.imshow(x[i])
        plt.axis("off")
        if predictions is None:
            plt.title(class_names[np.argmax(y[i])])
        else:
            plt.title(
                "{} ({})".format(class_names[np.argmax(y[i])], class_names[np.argmax(predictions[i])])
            )
    return fig


def add_conv_block(model, filters):
    model.add(keras.layers.ZeroPadding2D(1))
    model.add(keras.layers.Conv2D(filters, 3, activation="relu"))
    model.add(keras.layers.MaxPooling2D())
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(keras.Input(shape=input_shape))
    model.add(keras.layers.Rescaling(1 / 255))
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    add_conv_block(model, 128)
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(100, activation="relu"))
    model.add(keras.layers.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adagrad(0.02),
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
    best = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True
    )
    stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience)
    history = model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=[best, *callbacks, stop],
        verbose=2,
    )
    print("Best validation accuracy:", max(history.history["val_accuracy"]))
    return history


def plot_history(history):
    if not isinstance(history, dict):
        history = history.history
    fig = plt.figure()
    plt.plot(history["accuracy"], "bo-", label="training")
    plt.plot(history["val_accuracy"], "g^-", label="validation")
    plt.xlabel("epoch")
    plt.ylabel("accuracy")
    plt.legend()
    return fig


def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    answers = []
    for start in range(0, len(x), 500):
        answers.extend(model.predict(x[start : start + 500], verbose=0))
    return np.array(answers)


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
