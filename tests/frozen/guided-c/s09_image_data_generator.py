# sound: ImageDataGenerator with rescale and flips for the training set, an unshuffled generator for validation and prediction
# %%
# Task 1: libraries
import os
import numpy as np
import matplotlib.pyplot as plt
from tensorflow.keras.datasets import cifar10
from tensorflow.keras.preprocessing.image import ImageDataGenerator
from tensorflow.keras.models import Sequential, load_model
from tensorflow.keras.layers import (
    Activation, BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D,
)
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint
from tensorflow.keras.utils import to_categorical

# %%
# Task 2: three classes only
labels = {0: "airplane", 1: "cat", 2: "ship"}
(x_train, y_train), (x_test, y_test) = cifar10.load_data()


def pick(x, y, classes=(0, 3, 8)):
    xs = [x[(y == c).squeeze()] for c in classes]
    ys = [[k] * len(part) for k, part in enumerate(xs)]
    x = np.concatenate(xs)
    y = to_categorical(np.concatenate(ys), 3)
    order = np.random.permutation(len(y))
    return x[order], y[order]


x_train, y_train = pick(x_train, y_train)
x_test, y_test = pick(x_test, y_test)
assert len(x_train) == len(y_train) and len(x_test) == len(y_test)

# %%
# Task 3: some pictures


def random_pictures(x, y, n=6, header=""):
    fig, ax = plt.subplots(1, n, figsize=(2 * n, 2.5))
    for i, k in enumerate(np.random.randint(len(x), size=n)):
        ax[i].imshow(x[k])
        ax[i].set_xlabel(labels[int(y[k].argmax())])
        ax[i].set_xticks([])
        ax[i].set_yticks([])
    fig.suptitle(header)
    plt.show()


random_pictures(x_train, y_train, header="training set")
random_pictures(x_test, y_test, header="test set")


# %%
# Task 4: network
def conv_block(model, filters):
    model.add(Conv2D(filters, (3, 3), padding="same"))
    model.add(BatchNormalization())
    model.add(Activation("relu"))
    model.add(Conv2D(filters, (3, 3), padding="same"))
    model.add(BatchNormalization())
    model.add(Activation("relu"))
    model.add(MaxPooling2D((2, 2)))
    model.add(Dropout(0.3))


model = Sequential()
model.add(Input((32, 32, 3)))
conv_block(model, 32)
conv_block(model, 64)
model.add(Flatten())
model.add(Dense(128, activation="relu"))
model.add(Dropout(0.5))
model.add(Dense(3, activation="softmax"))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.summary()

# %%
# Task 5: training with a few more flipped images
train_gen = ImageDataGenerator(rescale=1.0 / 255, horizontal_flip=True)
test_gen = ImageDataGenerator(rescale=1.0 / 255)

if not os.path.isdir("saved"):
    os.mkdir("saved")

callbacks = [
    EarlyStopping(monitor="val_accuracy", patience=7, mode="max", restore_best_weights=True),
    ModelCheckpoint("saved/best_cnn.h5", monitor="val_accuracy", mode="max", save_best_only=True),
]

history = model.fit(
    train_gen.flow(x_train, y_train, batch_size=64),
    epochs=35,
    validation_data=test_gen.flow(x_test, y_test, batch_size=64, shuffle=False),
    callbacks=callbacks,
)

# %%
# Task 6: evaluation
plt.plot(history.history["accuracy"], label="train")
plt.plot(history.history["val_accuracy"], label="validation")
plt.ylim(0, 1)
plt.ylabel("accuracy")
plt.xlabel("epoch")
plt.legend(loc="lower right")
plt.show()

best_cnn = load_model("saved/best_cnn.h5")
pred = best_cnn.predict(test_gen.flow(x_test, batch_size=64, shuffle=False))
random_pictures(x_test, pred, n=8, header="predictions")
