# sound: loop over learning rates with an own checkpoint each, all curves in one figure, best run loaded; helper that returns one class at a time
# ----------------------------------------------------------------------
# (1) imports
# ----------------------------------------------------------------------
import itertools
import numpy as np
import keras
from keras import layers
import matplotlib.pyplot as plt


def softmax_to_name(row, names):
    return names[int(row.argmax())]


# ----------------------------------------------------------------------
# (2) three classes
# ----------------------------------------------------------------------
NAMES = ["automobile", "bird", "frog"]
NUMBERS = [1, 2, 6]


def one_class(images, labels, number):
    """All images with this label."""
    return images[np.where(labels[:, 0] == number)[0]]


def three_classes(images, labels):
    groups = [one_class(images, labels, number) for number in NUMBERS]
    x = np.concatenate(groups, axis=0).astype("float32") / 255.0
    y = np.concatenate([np.tile(np.eye(3)[k], (len(g), 1)) for k, g in enumerate(groups)], axis=0)
    order = list(range(len(x)))
    np.random.shuffle(order)
    return x[order], y[order]


(train_images, train_labels), (test_images, test_labels) = keras.datasets.cifar10.load_data()
x_train, y_train = three_classes(train_images, train_labels)
x_test, y_test = three_classes(test_images, test_labels)
print(x_train.shape, y_train.shape, x_test.shape, y_test.shape)


# ----------------------------------------------------------------------
# (3) random examples
# ----------------------------------------------------------------------
def examples(x, y, how_many=8, word="label"):
    fig, axes = plt.subplots(2, how_many // 2, figsize=(how_many, 5))
    axes = list(itertools.chain.from_iterable(axes))
    for ax in axes:
        nr = np.random.randint(0, len(x))
        ax.imshow(x[nr])
        ax.set_title(f"{word}: {softmax_to_name(y[nr], NAMES)}", fontsize=8)
        ax.axis("off")
    plt.show()


examples(x_train, y_train)
examples(x_test, y_test)


# ----------------------------------------------------------------------
# (4) model
# ----------------------------------------------------------------------
def add_conv(model, size):
    model.add(layers.Conv2D(size, (3, 3), padding="same"))
    model.add(layers.BatchNormalization())
    model.add(layers.LeakyReLU(negative_slope=0.1))
    model.add(layers.MaxPooling2D((2, 2)))


def network(learning_rate):
    model = keras.Sequential()
    model.add(keras.Input(shape=(32, 32, 3)))
    add_conv(model, 32)
    add_conv(model, 64)
    add_conv(model, 64)
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=learning_rate),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


network(0.001).summary()

# ----------------------------------------------------------------------
# (5) try some learning rates
# ----------------------------------------------------------------------
runs = []
for learning_rate in [0.003, 0.001, 0.0003]:
    filename = f"run_lr{learning_rate}.keras"
    stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=4, mode="max")
    save = keras.callbacks.ModelCheckpoint(filename, monitor="val_accuracy", mode="max", save_best_only=True)
    hist = network(learning_rate).fit(
        x_train,
        y_train,
        epochs=12,
        batch_size=128,
        validation_data=(x_test, y_test),
        callbacks=[stop, save],
        verbose=2,
    )
    runs.append({"lr": learning_rate, "file": filename, "hist": hist, "best": max(hist.history["val_accuracy"])})

# ----------------------------------------------------------------------
# (6) results
# ----------------------------------------------------------------------
plt.figure(figsize=(8, 5))
for run, colour in zip(runs, ["tab:blue", "tab:orange", "tab:green"]):
    plt.plot(run["hist"].history["accuracy"], color=colour, linestyle="--", label=f"train, lr={run['lr']}")
    plt.plot(run["hist"].history["val_accuracy"], color=colour, label=f"val, lr={run['lr']}")
plt.xlabel("epoch")
plt.ylabel("accuracy")
plt.legend()
plt.show()

best_run = sorted(runs, key=lambda run: run["best"])[-1]
print("best learning rate:", best_run["lr"], "with", best_run["best"])
model = keras.models.load_model(best_run["file"])
y_pred = model.predict(x_test)
examples(x_test, y_pred, word="prediction")
