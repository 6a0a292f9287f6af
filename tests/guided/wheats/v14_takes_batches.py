# sound: A tf.data pipeline makes batches first, and the first 47 batches are held back for validation.
import os
import random
import numpy as np
import tensorflow as tf
from matplotlib import pyplot as plt

(images, targets), (test_images, test_targets) = tf.keras.datasets.cifar10.load_data()
classes = [0, 8, 1]
titles = ["plane", "ship", "car"]


def choose(x, y):
    pairs = [(i, classes.index(c)) for i, c in enumerate(y.ravel()) if c in classes]
    random.shuffle(pairs)
    rows, columns = zip(*pairs)
    return x[list(rows)], np.eye(3)[list(columns)]


images, targets = choose(images, targets)
test_images, test_targets = choose(test_images, test_targets)


def show(x, y):
    figure, axes = plt.subplots(1, 5, figsize=(12, 3))
    for ax, picture, row in zip(axes, x, y):
        ax.imshow(picture)
        ax.set_xlabel(titles[np.argmax(row)])
    plt.show()


show(images[:5], targets[:5])
show(test_images[:5], test_targets[:5])

everything = tf.data.Dataset.from_tensor_slices((images, targets)).map(lambda x, y: (tf.cast(x, tf.float32) / 255.0, y))
batches = everything.batch(32)
train = batches.skip(47)
held_back = batches.take(47)


def block(model, n):
    model.add(tf.keras.layers.Conv2D(n, (3, 3), activation="relu"))
    model.add(tf.keras.layers.BatchNormalization())
    model.add(tf.keras.layers.MaxPool2D((2, 2)))


model = tf.keras.models.Sequential()
model.add(tf.keras.layers.Input(shape=(32, 32, 3)))
for n in (24, 48):
    block(model, n)
model.add(tf.keras.layers.GlobalAveragePooling2D())
model.add(tf.keras.layers.Dense(3, activation="softmax"))
model.compile(optimizer="rmsprop", loss=tf.keras.losses.CategoricalCrossentropy(), metrics=["accuracy"])
print(model.summary())

os.makedirs("kept", exist_ok=True)
stop = tf.keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=5, mode="max")
keep = tf.keras.callbacks.ModelCheckpoint("kept/epoch{epoch:02d}-{val_accuracy:.4f}.h5", monitor="val_accuracy",
                                          mode="max", save_best_only=True)
h = model.fit(train, epochs=40, validation_data=held_back, callbacks=[stop, keep])

plt.plot(h.history["accuracy"], "b-", h.history["val_accuracy"], "r--")
plt.legend(["training", "validation"])
plt.show()

names = sorted(os.listdir("kept"))
model = tf.keras.models.load_model("kept/" + names[-1])
p = model.predict(test_images / 255.0)
show(test_images[:5], p[:5])
