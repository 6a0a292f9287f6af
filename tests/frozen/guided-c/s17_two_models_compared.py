# sound: two architectures trained and compared, one axis each for their accuracy, the better one's best checkpoint loaded for the predictions
# %%
# Section 1
import numpy as np
import keras
import matplotlib.pyplot as plt

keras.backend.clear_session()

# %%
# Section 2 (ship, frog, cat)
classes = ["ship", "frog", "cat"]
old_numbers = [8, 6, 3]

(x_train10, y_train10), (x_test10, y_test10) = keras.datasets.cifar10.load_data()


def filter_and_shuffle(x10, y10):
    x3 = np.zeros((0, 32, 32, 3), dtype=x10.dtype)
    y3 = np.zeros((0,), dtype=int)
    for new_number, old_number in enumerate(old_numbers):
        found = x10[np.ravel(y10) == old_number]
        x3 = np.append(x3, found, axis=0)
        y3 = np.append(y3, np.repeat(new_number, len(found)))
    one_hot = np.zeros((len(y3), 3))
    one_hot[np.arange(len(y3)), y3] = 1
    permutation = np.random.permutation(len(y3))
    return x3[permutation], one_hot[permutation]


x_train3, y_train3 = filter_and_shuffle(x_train10, y_train10)
x_test3, y_test3 = filter_and_shuffle(x_test10, y_test10)

# %%
# Section 3


def plot_random_images(x, y, heading=None):
    positions = np.random.randint(low=0, high=x.shape[0], size=9)
    fig, axs = plt.subplots(3, 3, figsize=(6, 6))
    for row in range(3):
        for col in range(3):
            p = positions[3 * row + col]
            axs[row, col].imshow(x[p])
            axs[row, col].set_title(classes[np.argmax(y[p])])
            axs[row, col].axis("off")
    if heading:
        fig.suptitle(heading)
    fig.subplots_adjust(hspace=0.4)
    plt.show()


plot_random_images(x_train3, y_train3, "Training")
plot_random_images(x_test3, y_test3, "Test")

# %%
# Section 4


def conv_block(model, filters, double=False):
    model.add(keras.layers.Conv2D(filters, 3, activation="relu", padding="same"))
    if double:
        model.add(keras.layers.Conv2D(filters, 3, activation="relu", padding="same"))
    model.add(keras.layers.MaxPooling2D(2))
    model.add(keras.layers.Dropout(0.25))
    return model


def make(kind):
    model = keras.models.Sequential(name=kind)
    model.add(keras.layers.InputLayer(shape=(32, 32, 3)))
    if kind == "small":
        model = conv_block(model, 16)
        model = conv_block(model, 32)
    else:
        model = conv_block(model, 32, double=True)
        model = conv_block(model, 64, double=True)
        model = conv_block(model, 128, double=True)
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(64, activation="relu"))
    model.add(keras.layers.Dense(3, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


models = {kind: make(kind) for kind in ("small", "large")}
for m in models.values():
    m.summary()

# %%
# Section 5
histories = {}
for kind, m in models.items():
    print("#### training the", kind, "model ####")
    cb = [
        keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=4, mode="max"),
        keras.callbacks.ModelCheckpoint(f"best_{kind}.keras", monitor="val_accuracy", mode="max", save_best_only=True),
    ]
    histories[kind] = m.fit(
        x_train3 / 255.0, y_train3,
        batch_size=96, epochs=20, verbose=2,
        validation_data=(x_test3 / 255.0, y_test3),
        callbacks=cb,
    ).history

# %%
# Section 6
fig, axs = plt.subplots(1, 2, sharey=True, figsize=(10, 4))
for ax, (kind, hist) in zip(axs, histories.items()):
    ax.plot(hist["accuracy"], label="training accuracy")
    ax.plot(hist["val_accuracy"], label="validation accuracy")
    ax.set_title(kind)
    ax.set_xlabel("epoch")
    ax.legend()
plt.show()

winner = max(histories, key=lambda kind: max(histories[kind]["val_accuracy"]))
print("the winner is the", winner, "model")
best_model = keras.models.load_model(f"best_{winner}.keras")
predictions = best_model.predict(x_test3 / 255.0)
plot_random_images(x_test3, predictions, f"Predictions ({winner})")
