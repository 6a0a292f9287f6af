# sound: Augmentation layers and Rescaling at the head of the model, blocks from a partial, evaluation with a loop over random single images.
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from tensorflow import keras

layer = keras.layers
Conv = partial(layer.Conv2D, kernel_size=3, padding="same", activation="relu")
KINDS = ("airplane", "automobile", "bird")

(train_x, train_y), (test_x, test_y) = keras.datasets.cifar10.load_data()


def subset_and_shuffle(x, y):
    y = y.astype(int).ravel()
    spots = np.argsort(np.random.rand(len(y)))
    spots = spots[y[spots] < len(KINDS)]
    return x[spots], np.identity(len(KINDS))[y[spots]]


train_x, train_y = subset_and_shuffle(train_x, train_y)
test_x, test_y = subset_and_shuffle(test_x, test_y)


def pictures(x, y, number=7):
    plt.figure(figsize=(number * 1.6, 2))
    for position in range(number):
        which = np.random.randint(len(x))
        axes = plt.subplot(1, number, position + 1)
        axes.imshow(x[which])
        axes.set_xlabel(KINDS[y[which].argmax()])
        axes.set_xticks(())
        axes.set_yticks(())
    plt.show()


pictures(train_x, train_y)
pictures(test_x, test_y)


def add_block(model, filters):
    model.add(Conv(filters))
    model.add(Conv(filters, strides=2))
    model.add(layer.BatchNormalization())
    return model


model = keras.Sequential([
    keras.Input((32, 32, 3)),
    layer.Rescaling(1.0 / 255),
    layer.RandomFlip("horizontal"),
    layer.RandomTranslation(0.1, 0.1),
])
for n in (24, 48, 96):
    model = add_block(model, n)
model.add(layer.GlobalAveragePooling2D())
model.add(layer.Dense(len(KINDS), activation="softmax"))
model.compile(optimizer=keras.optimizers.Adam(), loss="categorical_crossentropy", metrics=["accuracy"])
model.summary()

keeping = keras.callbacks.ModelCheckpoint("augmented.keras", monitor="val_accuracy", save_best_only=True)
ending = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=8)
past = model.fit(train_x, train_y, epochs=80, batch_size=128, validation_data=(test_x, test_y), callbacks=[keeping, ending])

epochs = np.arange(len(past.epoch)) + 1
plt.plot(epochs, past.history["accuracy"], label="on training images")
plt.plot(epochs, past.history["val_accuracy"], label="on validation images")
plt.xlabel("epoch")
plt.ylabel("accuracy")
plt.legend()
plt.show()

champion = keras.models.load_model("augmented.keras")
guess = champion.predict(test_x)
pictures(test_x, guess, number=9)
