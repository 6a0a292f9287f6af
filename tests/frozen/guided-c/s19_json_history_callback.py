# sound: new numpy generator everywhere, a train() function with keyword arguments, own callback that prints progress, history written to JSON and plotted from the file read back
# %% 1. IMPORT LIBRARIES AND HELPER FUNCTIONS
import json
import time
from pathlib import Path

import keras
import numpy as np
from matplotlib import pyplot

generator = np.random.default_rng(seed=20240531)
OUT = Path("results_cifar")
OUT.mkdir(parents=True, exist_ok=True)


class Progress(keras.callbacks.Callback):
    """One short line per epoch; the progress bar fills my whole notebook."""

    def on_train_begin(self, logs=None):
        self.start = time.time()

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        print(f"[{time.time() - self.start:6.1f}s] epoch {epoch + 1}: " + ", ".join(f"{k}={v:.3f}" for k, v in logs.items()))


# %% 2. IMPORT DATA SET
COLUMNS = {"airplane": 0, "deer": 4, "horse": 7}
WORDS = sorted(COLUMNS)


def to_subset(images, labels, rng):
    index, onehot = [], []
    for position, word in enumerate(WORDS):
        rows = np.flatnonzero(labels == COLUMNS[word])
        index.append(rows)
        vector = np.zeros((rows.size, len(WORDS)), dtype="float32")
        vector[:, position] = 1.0
        onehot.append(vector)
    index, onehot = np.concatenate(index), np.concatenate(onehot)
    shuffled = rng.permutation(index.size)
    return images[index[shuffled]], onehot[shuffled]


(all_x, all_y), (all_x_test, all_y_test) = keras.datasets.cifar10.load_data()
x, y = to_subset(all_x, all_y, generator)
x_test, y_test = to_subset(all_x_test, all_y_test, generator)

# %% 3. PLOT EXAMPLES


def plot_sample(images, vectors, rng, size=(2, 4)):
    n = size[0] * size[1]
    pyplot.figure(figsize=(2 * size[1], 2.3 * size[0]))
    for i, k in enumerate(rng.choice(len(images), size=n, replace=False)):
        pyplot.subplot(*size, i + 1)
        pyplot.imshow(images[k], interpolation="nearest")
        pyplot.title(WORDS[vectors[k].argmax()])
        pyplot.axis("off")
    pyplot.tight_layout()
    pyplot.show()
    pyplot.close()


plot_sample(x, y, generator)
plot_sample(x_test, y_test, generator)

# %% 4. CREATE MODEL


def add_conv_block(model, *, filters, activation="relu"):
    model.add(keras.layers.Conv2D(filters, 3, padding="same", activation=activation))
    model.add(keras.layers.Conv2D(filters, 3, padding="same", activation=activation))
    model.add(keras.layers.MaxPooling2D(pool_size=2))
    model.add(keras.layers.Dropout(0.3))


def create_model(shape, classes):
    model = keras.Sequential()
    model.add(keras.layers.Input(shape=shape))
    add_conv_block(model, filters=32)
    add_conv_block(model, filters=64)
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(128, activation="relu"))
    model.add(keras.layers.Dropout(0.3))
    model.add(keras.layers.Dense(classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    model.summary()
    return model


network = create_model((32, 32, 3), 3)

# %% 5. TRAIN MODEL


def scale(images):
    return images.astype("float32") / 255.0


def train(model, *, epochs, batch_size, file):
    callbacks = [
        Progress(),
        keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=5, mode="max"),
        keras.callbacks.ModelCheckpoint(file, monitor="val_accuracy", mode="max", save_best_only=True),
    ]
    history = model.fit(
        scale(x), y,
        validation_data=(scale(x_test), y_test),
        epochs=epochs, batch_size=batch_size,
        callbacks=callbacks, verbose=0,
    )
    numbers = {key: [float(v) for v in values] for key, values in history.history.items()}
    (OUT / "history.json").write_text(json.dumps(numbers, indent=1))


train(network, epochs=25, batch_size=64, file=str(OUT / "network.keras"))

# %% 6. EVALUATE
history = json.loads((OUT / "history.json").read_text())
pyplot.plot(history["accuracy"], label="on the training set")
pyplot.plot(history["val_accuracy"], label="on the validation set")
pyplot.ylabel("accuracy")
pyplot.xlabel("epoch")
pyplot.legend()
pyplot.show()

trained = keras.models.load_model(OUT / "network.keras")
scores = trained.predict(scale(x_test), verbose=0)
plot_sample(x_test, scores, generator)
