# sound: object-oriented Matplotlib with GridSpec and subfigures, labels as text below the pictures
# %%
# Task 1 - Set up
import keras
import numpy as np
from keras import Sequential, layers
from matplotlib import pyplot as plt
from matplotlib.gridspec import GridSpec

# %%
# Task 2 - Pre-process
WANTED = {"deer": 4, "dog": 5, "truck": 9}
NAMES = tuple(WANTED)


def load_three():
    """Training and test set as (images in [-1, 1], one-hot rows)."""
    parts = []
    for images, labels in keras.datasets.cifar10.load_data():
        labels = labels.flatten()
        xs, ys = [], []
        for number, original in enumerate(WANTED.values()):
            of_class = images[labels == original]
            xs.append(of_class)
            ys.append(np.full(len(of_class), number))
        x = np.concatenate(xs).astype("float32") / 127.5 - 1.0
        y = np.concatenate(ys)
        order = np.random.permutation(len(y))
        parts.append((x[order], keras.ops.convert_to_numpy(keras.ops.one_hot(y[order], 3))))
    return parts


(x_train, y_train), (x_test, y_test) = load_three()


# %%
# Task 3 - Visualise
def draw_sample(images, rows, caption, size=10):
    chosen = np.random.choice(len(images), size=size, replace=False)
    fig = plt.figure(figsize=(11, 5), layout="constrained")
    fig.suptitle(caption)
    grid = GridSpec(2, size // 2, figure=fig)
    for cell, index in enumerate(chosen):
        ax = fig.add_subplot(grid[cell])
        ax.imshow((images[index] + 1.0) / 2.0)
        ax.text(0.5, -0.12, NAMES[rows[index].argmax()], ha="center", transform=ax.transAxes)
        ax.set_axis_off()
    plt.show()
    return fig


draw_sample(x_train, y_train, "Training images")
draw_sample(x_test, y_test, "Test images")


# %%
# Task 4 - Create the model
def append_convolution(network, filters, repeat):
    for _ in range(repeat):
        network.add(layers.Conv2D(filters, 3, padding="same"))
        network.add(layers.LeakyReLU(negative_slope=0.1))
    network.add(layers.AveragePooling2D(2))


def create_model():
    network = Sequential([layers.InputLayer(shape=(32, 32, 3))])
    append_convolution(network, 24, repeat=1)
    append_convolution(network, 48, repeat=2)
    append_convolution(network, 96, repeat=1)
    network.add(layers.Flatten())
    network.add(layers.Dropout(0.4))
    network.add(layers.Dense(3, activation="softmax"))
    network.compile("adamw", "categorical_crossentropy", metrics=["accuracy"])
    return network


network = create_model()
network.summary(expand_nested=True)

# %%
# Task 5 - Train
record = network.fit(
    x=x_train,
    y=y_train,
    batch_size=32,
    epochs=25,
    validation_data=(x_test, y_test),
    callbacks=[
        keras.callbacks.ModelCheckpoint(
            filepath="network.keras", monitor="val_accuracy", mode="max", save_best_only=True
        ),
        keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=5),
    ],
)

# %%
# Task 6 - Predict
fig = plt.figure(figsize=(6, 4))
ax = fig.add_axes((0.12, 0.14, 0.84, 0.76))
(line_train,) = ax.plot(record.history["accuracy"], color="tab:blue")
(line_val,) = ax.plot(record.history["val_accuracy"], color="tab:orange")
ax.legend([line_train, line_val], ["training accuracy", "validation accuracy"])
ax.set_xlabel("epoch")
ax.set_ylim(0, 1)
plt.show()

best_network = keras.saving.load_model("network.keras")
forecast = best_network.predict(x_test, batch_size=256)
draw_sample(x_test, forecast, "Test images with predicted labels")
