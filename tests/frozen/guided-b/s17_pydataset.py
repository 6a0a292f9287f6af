# sound: training batches from a PyDataset of its own that mirrors images at random, arrays for validation
# %%
# Task 1 - Set up
import math

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

RNG = np.random.default_rng(3)

# %%
# Task 2 - Pre-process
SELECTED = {"bird": 2, "frog": 6, "ship": 8}
NAMES = list(SELECTED)


def subset(images, labels):
    labels = labels.astype("int64").reshape(-1)
    lookup = {old: new for new, old in enumerate(SELECTED.values())}
    index = np.array([i for i in range(len(labels)) if labels[i] in lookup])
    index = RNG.permutation(index)
    numbers = np.array([lookup[labels[i]] for i in index])
    rows = (numbers[:, None] == np.arange(3)).astype("float32")
    return images[index].astype("float32") / 255.0, rows


class MirroredBatches(keras.utils.PyDataset):
    """Batches in a new order in each epoch; every second image or so is mirrored."""

    def __init__(self, images, rows, batch_size, **kwargs):
        super().__init__(**kwargs)
        self.images, self.rows, self.batch_size = images, rows, batch_size
        self.order = np.arange(len(images))
        self.on_epoch_end()

    def __len__(self):
        return math.ceil(len(self.images) / self.batch_size)

    def __getitem__(self, number):
        chosen = self.order[number * self.batch_size : (number + 1) * self.batch_size]
        batch = self.images[chosen].copy()
        mirrored = RNG.random(len(batch)) < 0.5
        batch[mirrored] = batch[mirrored, :, ::-1]
        return batch, self.rows[chosen]

    def on_epoch_end(self):
        RNG.shuffle(self.order)


(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_train, y_train = subset(x_train, y_train)
x_test, y_test = subset(x_test, y_test)


# %%
# Task 3 - Visualise
def show_random(images, rows, title, cells=(2, 4)):
    fig, axes = plt.subplots(*cells, figsize=(2.2 * cells[1], 2.4 * cells[0]))
    for ax in axes.flat:
        k = int(RNG.integers(len(images)))
        ax.imshow(images[k])
        ax.set_title(NAMES[int(rows[k].argmax())])
        ax.set_axis_off()
    fig.suptitle(title)
    plt.show()


show_random(x_train, y_train, "training set")
show_random(x_test, y_test, "test set")


# %%
# Task 4 - Create the model
def residual_free_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="swish"))
    model.add(layers.Conv2D(filters, 3, strides=2, padding="same", activation="swish"))
    model.add(layers.BatchNormalization())


def create_model():
    model = keras.Sequential()
    model.add(keras.Input((32, 32, 3)))
    for filters in [16, 32, 64]:
        residual_free_block(model, filters)
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(32, activation="swish"))
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


model = create_model()
model.summary()

# %%
# Task 5 - Train
batches = MirroredBatches(x_train, y_train, batch_size=64)
history = model.fit(
    batches,
    epochs=40,
    validation_data=(x_test, y_test),
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=7),
        keras.callbacks.ModelCheckpoint(
            "mirrored.keras", monitor="val_accuracy", mode="max", save_best_only=True
        ),
        keras.callbacks.TerminateOnNaN(),
    ],
)

# %%
# Task 6 - Predict
fig, ax = plt.subplots()
ax.plot(history.history["accuracy"], label="training (mirrored)")
ax.plot(history.history["val_accuracy"], label="validation")
ax.set(xlabel="epoch", ylabel="accuracy")
ax.legend()
plt.show()

best = keras.models.load_model("mirrored.keras")
guesses = best.predict(x_test)
show_random(x_test, guesses, "predicted labels", cells=(3, 5))
