# sound: Holds back the training images from number 12,000 on for validation, and shows test images by their numbers.
import numpy as np
import keras
from keras import layers
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.datasets import cifar10
import matplotlib.pyplot as plt

NAMES = {3: "cat", 4: "deer", 5: "dog"}

(x_all, y_all), (x_test, y_test) = cifar10.load_data()


def three_of(x, y):
    rows = np.isin(y[:, 0], list(NAMES))
    x, y = x[rows], y[rows, 0]
    order = np.random.permutation(len(y))
    return x[order], keras.utils.to_categorical(y[order] - 3, 3)


x_all, y_all = three_of(x_all, y_all)
x_test, y_test = three_of(x_test, y_test)
x_train, x_val = x_all[:12000], x_all[12000:]
y_train, y_val = y_all[:12000], y_all[12000:]


def gallery(x, y, numbers):
    for place, number in enumerate(numbers):
        plt.subplot(2, 4, place + 1)
        plt.imshow(x[number])
        plt.title(list(NAMES.values())[int(y[number].argmax())])
        plt.axis("off")
    plt.show()


gallery(x_train, y_train, np.random.choice(12000, 8, replace=False))
gallery(x_test, y_test, np.random.choice(3000, 8, replace=False))


def add_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D())


net = keras.Sequential([keras.Input((32, 32, 3))])
add_block(net, 16)
add_block(net, 32)
net.add(layers.Flatten())
net.add(layers.Dense(3, activation="softmax"))
net.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
net.summary()

history = net.fit(
    x_train / 255, y_train, batch_size=64, epochs=25, validation_data=(x_val / 255, y_val),
    callbacks=[EarlyStopping("val_accuracy", patience=3), ModelCheckpoint("best.keras", "val_accuracy", save_best_only=True)],
).history

plt.plot(history["accuracy"], label="training")
plt.plot(history["val_accuracy"], label="validation")
plt.legend()
plt.show()

best = keras.models.load_model("best.keras")
answers = best.predict(x_test / 255)
gallery(x_test, answers, [5, 71, 402, 999, 1500, 2047, 2600, 2999])
