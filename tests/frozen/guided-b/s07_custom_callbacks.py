# sound: own callbacks (time per epoch, gap between the accuracies) and a schedule beside the required two
# %%
# Task 1 - Set up
import math
import time

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from keras.callbacks import Callback, EarlyStopping, LearningRateScheduler, ModelCheckpoint

# %%
# Task 2 - Pre-process
CLASS_IDS = [0, 6, 7]
CLASS_NAMES = ["airplane", "frog", "horse"]
NUM_CLASSES = len(CLASS_IDS)


def filter_classes(x, y):
    y = np.ravel(y)
    keep = np.logical_or.reduce([y == c for c in CLASS_IDS])
    return x[keep], y[keep]


def renumber(y):
    lut = np.zeros(10, dtype=int)
    for new, old in enumerate(CLASS_IDS):
        lut[old] = new
    return lut[y]


def shuffle_together(x, y, seed):
    np.random.RandomState(seed).shuffle(x)
    np.random.RandomState(seed).shuffle(y)
    return x, y


(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_train, y_train = shuffle_together(*filter_classes(x_train, y_train), seed=101)
x_test, y_test = shuffle_together(*filter_classes(x_test, y_test), seed=202)

y_train_rows = keras.utils.to_categorical(renumber(y_train), NUM_CLASSES)
y_test_rows = keras.utils.to_categorical(renumber(y_test), NUM_CLASSES)

x_train = x_train.astype("float32") / 255
x_test = x_test.astype("float32") / 255


# %%
# Task 3 - Visualise
def visualise(x, rows, n_rows=3, n_cols=3, title=None):
    fig, axes = plt.subplots(n_rows, n_cols, figsize=(n_cols * 2, n_rows * 2.3))
    for ax in axes.flat:
        index = np.random.randint(0, len(x))
        ax.imshow(x[index])
        ax.set(title=CLASS_NAMES[np.argmax(rows[index])], xticks=[], yticks=[])
    if title:
        fig.suptitle(title)
    plt.show()


visualise(x_train, y_train_rows, title="train")
visualise(x_test, y_test_rows, title="test")


# %%
# Task 4 - Create the model
def add_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="elu"))
    model.add(layers.BatchNormalization())
    model.add(layers.MaxPooling2D())


def create_model():
    model = keras.models.Sequential()
    model.add(layers.Input(shape=x_train.shape[1:]))
    add_block(model, 32)
    add_block(model, 64)
    add_block(model, 96)
    model.add(layers.Flatten())
    model.add(layers.Dense(48, activation="elu"))
    model.add(layers.Dropout(0.4))
    model.add(layers.Dense(NUM_CLASSES, activation="softmax"))
    return model


model = create_model()
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.summary()


# %%
# Task 5 - Train
class EpochTimer(Callback):
    """Remembers how many seconds each epoch took."""

    def on_train_begin(self, logs=None):
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self._start)


class GapReporter(Callback):
    """Tells how far training and validation accuracy are apart."""

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        gap = logs.get("accuracy", 0.0) - logs.get("val_accuracy", 0.0)
        print(f"  gap after epoch {epoch + 1}: {gap:+.3f}")


def cosine(epoch, lr):
    return 1e-3 * 0.5 * (1 + math.cos(math.pi * min(epoch, 39) / 40))


timer = EpochTimer()
history = model.fit(
    x_train,
    y_train_rows,
    epochs=40,
    batch_size=128,
    validation_data=(x_test, y_test_rows),
    callbacks=[
        timer,
        GapReporter(),
        LearningRateScheduler(cosine),
        EarlyStopping(monitor="val_loss", mode="min", patience=7),
        ModelCheckpoint("best_epoch.keras", monitor="val_loss", mode="min", save_best_only=True),
    ],
)
print("mean seconds per epoch:", np.mean(timer.seconds))

# %%
# Task 6 - Predict
fig, ax = plt.subplots()
ax.plot(history.history["accuracy"])
ax.plot(history.history["val_accuracy"])
ax.legend(["accuracy", "val_accuracy"])
ax.set_xlabel("epoch")
plt.show()

model = keras.models.load_model("best_epoch.keras")
y_pred = model.predict(x_test)
visualise(x_test, y_pred, title="predicted")
