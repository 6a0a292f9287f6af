# sound: everything in `main()`, `sorted(os.listdir())[-1]`.

#!/usr/bin/env python
# %% Task 1: imports
import os
import shutil

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint
from tensorflow.keras.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from tensorflow.keras.models import Sequential, load_model

FOLDER = "saved_models"
NAMES = ("bird", "frog", "truck")


# %% Task 2: helpers for the data
def one_class(x, y, number):
    return x[(y == number).reshape(-1)]


def make_three(x, y):
    birds = one_class(x, y, 2)
    frogs = one_class(x, y, 6)
    trucks = one_class(x, y, 9)
    images = np.concatenate((birds, frogs, trucks), axis=0)
    labels = np.array([0] * len(birds) + [1] * len(frogs) + [2] * len(trucks))
    onehot = tf.one_hot(labels, 3).numpy()
    p = np.random.permutation(len(images))
    return images[p], onehot[p]


# %% Task 3: helper for the pictures
def draw(x, texts, title):
    plt.figure(figsize=(10, 6))
    plt.suptitle(title)
    for i in range(len(x)):
        plt.subplot(3, 5, i + 1)
        plt.imshow(x[i])
        plt.title(texts[i])
        plt.axis("off")
    plt.show()


def draw_random(x, y, title):
    r = np.random.choice(len(x), 15, replace=False)
    draw(x[r], [NAMES[k] for k in y[r].argmax(axis=1)], title)


# %% Task 4: helpers for the model
def conv_block(model, filters, dropout):
    model.add(Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(MaxPooling2D())
    model.add(Dropout(dropout))


def make_model():
    model = Sequential()
    model.add(Input(shape=(32, 32, 3)))
    conv_block(model, 32, 0.2)
    conv_block(model, 64, 0.3)
    conv_block(model, 128, 0.4)
    model.add(Flatten())
    model.add(Dense(3, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


# %% all together
def main():
    # Task 2
    (x_train, y_train), (x_test, y_test) = tf.keras.datasets.cifar10.load_data()
    x_train, y_train = make_three(x_train, y_train)
    x_test, y_test = make_three(x_test, y_test)
    print(x_train.shape, y_train.shape, x_test.shape, y_test.shape)

    # Task 3
    draw_random(x_train, y_train, "training images")
    draw_random(x_test, y_test, "test images")

    # Task 4
    model = make_model()
    model.summary()

    # Task 5
    x_train = x_train.astype("float32") / 255.0
    x_test = x_test.astype("float32") / 255.0

    if os.path.isdir(FOLDER):
        shutil.rmtree(FOLDER)
    os.mkdir(FOLDER)
    stop = EarlyStopping(monitor="val_accuracy", patience=4)
    keep = ModelCheckpoint(os.path.join(FOLDER, "acc_{val_accuracy:.3f}.keras"),
                           monitor="val_accuracy", mode="max", save_best_only=True)
    history = model.fit(x_train, y_train, validation_split=0.2,
                        epochs=20, batch_size=64, callbacks=[stop, keep])

    # Task 6
    plt.figure()
    plt.plot(history.history["accuracy"], "-", label="training")
    plt.plot(history.history["val_accuracy"], "--", label="validation")
    plt.ylabel("accuracy")
    plt.legend()
    plt.show()

    saved = sorted(os.listdir(FOLDER))
    print(saved)
    best = load_model(os.path.join(FOLDER, saved[-1]))
    print(best.evaluate(x_test, y_test))
    r = np.random.choice(len(x_test), 15, replace=False)
    answers = best.predict(x_test[r]).argmax(axis=1)
    draw(x_test[r], [NAMES[k] for k in answers], "predictions")


if __name__ == "__main__":
    main()
