# sound: Model as a list of layers, the block helper returns layers that are unpacked into Sequential([...]); np.eye labels.
import numpy as np
import matplotlib.pyplot as plt
import keras
from keras import layers as L
from keras.callbacks import EarlyStopping, ModelCheckpoint

rng = np.random.default_rng(2024)
words = np.array(["plane", "car", "bird"])

# --- data
(xtr, ytr), (xte, yte) = keras.datasets.cifar10.load_data()


def three(x, y):
    y = y[:, 0]
    ok = np.in1d(y, [0, 1, 2]) if hasattr(np, "in1d") else np.isin(y, [0, 1, 2])
    x, y = x[ok], y[ok]
    mix = rng.permutation(len(y))
    return x[mix], np.eye(3)[y[mix]]


xtr, ytr = three(xtr, ytr)
xte, yte = three(xte, yte)


# --- pictures
def gallery(x, lab, caption):
    chosen = rng.integers(0, len(x), 15)
    f, a = plt.subplots(3, 5, figsize=(9, 6))
    f.suptitle(caption)
    for ax, c in zip(a.flatten(), chosen):
        ax.imshow(x[c])
        ax.set_title(words[lab[c].argmax()])
        ax.set_xticks([])
        ax.set_yticks([])
    plt.show()


gallery(xtr, ytr, "training images")
gallery(xte, yte, "test images")


# --- model
def conv_block(filters, times=2):
    return [L.Conv2D(filters, 3, padding="same", activation="relu") for _ in range(times)] + [L.MaxPooling2D(), L.Dropout(0.3)]


model = keras.Sequential([
    L.Input((32, 32, 3)),
    *conv_block(32),
    *conv_block(64),
    *conv_block(128, times=1),
    L.Flatten(),
    L.Dense(128, activation="relu"),
    L.Dense(3, activation="softmax"),
])
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(learning_rate=0.001), metrics=["accuracy"])
model.summary()

# --- training
stop = EarlyStopping(monitor="val_accuracy", mode="max", patience=5, verbose=1)
save = ModelCheckpoint("cnn.keras", monitor="val_accuracy", mode="max", save_best_only=True, verbose=1)
log = model.fit(xtr / 255, ytr, validation_data=(xte / 255, yte), epochs=50, batch_size=64, callbacks=[stop, save])

# --- results
fig, ax = plt.subplots()
ax.plot(log.history["accuracy"], label="training")
ax.plot(log.history["val_accuracy"], label="validation")
ax.legend()
plt.show()

model = keras.models.load_model("cnn.keras")
answer = model.predict(xte / 255)
gallery(xte, answer, "predicted by the best model")
