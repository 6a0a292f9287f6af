# sound: as terse as it can honestly be, one expression per function where possible
import keras
import matplotlib.pyplot as plt
import numpy as np

K, C = keras.layers, keras.callbacks


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    hot = np.ravel(y)[:, None] == np.array(classes)
    i = np.random.default_rng(seed).permutation(np.nonzero(hot.any(1))[0])
    return x[i], hot[i].astype(float)


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    fig = plt.figure(figsize=(12, 5))
    for k, i in enumerate(np.random.default_rng(seed).permutation(len(x))[:count]):
        ax = fig.add_subplot(-(-min(count, len(x)) // 5), 5, k + 1, xticks=[], yticks=[])
        ax.imshow(x[i])
        ax.set_title(" / ".join(class_names[p[i].argmax()] for p in (y, predictions) if p is not None))
    return fig


def add_conv_block(model, filters):
    for layer in K.Conv2D(filters, 3, padding="same", activation="relu"), K.MaxPooling2D():
        model.add(layer)
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    m = keras.Sequential([keras.Input(input_shape), K.Rescaling(1 / 255)])
    [add_conv_block(m, f) for f in (32, 64, 64)]
    m.add(K.Flatten())
    m.add(K.Dense(num_classes, "softmax"))
    m.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return m


def train(
    model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
    checkpoint_path="best_model.keras", callbacks=(),
):
    stop = C.EarlyStopping("val_accuracy", patience=patience, mode="max")
    save = C.ModelCheckpoint(checkpoint_path, "val_accuracy", save_best_only=True, mode="max")
    return model.fit(
        x_train, y_train, batch_size, epochs,
        validation_data=(x_val, y_val), callbacks=[stop, save, *callbacks],
    )


def plot_history(history):
    h = getattr(history, "history", history)
    fig, ax = plt.subplots()
    ax.plot(h["accuracy"])
    ax.plot(h["val_accuracy"])
    ax.legend(["train", "val"])
    ax.set(xlabel="epoch", ylabel="accuracy")
    return fig


def predict(model, x):
    m = model if isinstance(model, keras.Model) else keras.models.load_model(model)
    return m.predict(x, verbose=0)


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
