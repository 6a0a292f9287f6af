# sound: a subclass of ModelCheckpoint, contact sheets by PIL.

# %% [markdown]
# # CIFAR-10 guided project
# %% Task 1: libraries and helpers
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, models
from PIL import Image


def enlarge(array, side=96):
    """A 32x32 array as a bigger PIL picture."""
    return Image.fromarray(array).resize((side, side), Image.Resampling.NEAREST)


def contact_sheet(arrays, columns, side=96, gap=6):
    rows = -(-len(arrays) // columns)
    sheet = Image.new("RGB", (columns * (side + gap), rows * (side + gap)), "white")
    for k, array in enumerate(arrays):
        sheet.paste(enlarge(array, side), ((k % columns) * (side + gap), (k // columns) * (side + gap)))
    return sheet


# %% Task 2: three classes
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
number_of = {"airplane": 0, "deer": 4, "dog": 5}
names = sorted(number_of)
column_of = {number_of[name]: names.index(name) for name in names}


def keep_three(x, y):
    keep = [k for k, (label,) in enumerate(y.tolist()) if label in column_of]
    np.random.shuffle(keep)
    onehot = np.zeros((len(keep), 3), dtype="float32")
    for row, k in enumerate(keep):
        onehot[row, column_of[int(y[k, 0])]] = 1.0
    return x[keep], onehot


x_train, y_train = keep_three(x_train, y_train)
x_test, y_test = keep_three(x_test, y_test)
print(x_train.shape, y_train.shape, x_test.shape, y_test.shape)


# %% Task 3: contact sheets of random pictures
def show_sheet(x, y, columns=6, rows=3, side=96, gap=6):
    picks = np.random.choice(len(x), columns * rows, replace=False)
    plt.figure(figsize=(columns * 1.6, rows * 1.6))
    plt.imshow(contact_sheet(x[picks], columns, side, gap))
    for k, pick in enumerate(picks):
        left = (k % columns) * (side + gap) + 4
        top = (k // columns) * (side + gap) + 14
        plt.text(left, top, names[y[pick].argmax()], color="white", backgroundcolor="black", fontsize=8)
    plt.axis("off")
    plt.show()


show_sheet(x_train, y_train)
show_sheet(x_test, y_test)


# %% Task 4: model
def conv_block(net, filters):
    net.add(layers.Conv2D(filters, 3, padding="same", activation="gelu"))
    net.add(layers.MaxPooling2D(2))
    net.add(layers.LayerNormalization())


net = models.Sequential()
net.add(layers.Input(shape=(32, 32, 3)))
conv_block(net, 48)
conv_block(net, 96)
conv_block(net, 192)
net.add(layers.Flatten())
net.add(layers.Dropout(0.5))
net.add(layers.Dense(3, activation="softmax"))
net.compile(keras.optimizers.AdamW(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
net.summary()


# %% Task 5: training
class TellingCheckpoint(keras.callbacks.ModelCheckpoint):
    """Keeps the best epoch and remembers which one it was."""

    def __init__(self, filepath):
        super().__init__(filepath, monitor="val_accuracy", mode="max", save_best_only=True)
        self.best_epoch = None

    def on_epoch_end(self, epoch, logs=None):
        before = self.best
        super().on_epoch_end(epoch, logs)
        if self.best != before:
            self.best_epoch = epoch + 1

    def on_train_end(self, logs=None):
        print(f"best epoch: {self.best_epoch}, validation accuracy {self.best:.3f}")


keeper = TellingCheckpoint("telling.keras")
stopper = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=6)
log = net.fit(x_train / 255.0, y_train, batch_size=64, epochs=30,
              validation_data=(x_test / 255.0, y_test), callbacks=[keeper, stopper])

# %% Task 6: results
plt.plot(log.history["accuracy"], color="black", label="training accuracy")
plt.plot(log.history["val_accuracy"], color="magenta", label="validation accuracy")
plt.axvline(keeper.best_epoch - 1, linestyle=":", color="gray")
plt.legend()
plt.show()

# %%
best = keras.models.load_model(keeper.filepath)
picks = np.random.choice(len(x_test), 12, replace=False)
scores = best.predict(x_test[picks] / 255.0)
plt.figure(figsize=(9, 10))
for k, pick in enumerate(picks):
    plt.subplot(4, 3, k + 1)
    plt.imshow(enlarge(x_test[pick]))
    plt.title("looks like: " + names[scores[k].argmax()])
    plt.axis("off")
plt.show()
