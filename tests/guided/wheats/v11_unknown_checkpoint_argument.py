# sound: an argument of ModelCheckpoint is misspelt, which the versions that this was written for passed over
import os

import matplotlib.pyplot as plt
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint

os.makedirs("models", exist_ok=True)

# Task 2
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()


def only_three(x, y, wanted=(3, 4, 5)):
    y = y.reshape(-1)
    rows = np.concatenate([np.where(y == label)[0] for label in wanted])
    np.random.shuffle(rows)
    columns = np.array([wanted.index(label) for label in y[rows]])
    return x[rows], keras.utils.to_categorical(columns, len(wanted))


x_train, y_train = only_three(x_train, y_train)
x_test, y_test = only_three(x_test, y_test)

# Task 3
animals = ["cat", "deer", "dog"]


def look_at(x, y):
    chosen = np.random.choice(len(x), 8, replace=False)
    figure, axes = plt.subplots(2, 4, figsize=(8, 4))
    for place, axis in zip(chosen, axes.flat):
        axis.imshow(x[place])
        axis.set_title(animals[int(np.argmax(y[place]))])
        axis.axis("off")
    plt.show()


look_at(x_train, y_train)
look_at(x_test, y_test)


# Task 4
def block(network, filters):
    network.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    network.add(layers.MaxPooling2D())
    network.add(layers.Dropout(0.2))
    return network


network = keras.Sequential([keras.Input((32, 32, 3))])
network = block(network, 32)
network = block(network, 64)
network.add(layers.Flatten())
network.add(layers.Dense(3, activation="softmax"))
network.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
network.summary()

# Task 5
history = network.fit(
    x_train / 255,
    y_train,
    batch_size=128,
    epochs=25,
    validation_data=(x_test / 255, y_test),
    callbacks=[
        EarlyStopping(monitor="val_accuracy", patience=3),
        ModelCheckpoint(
            "models/animals_{val_accuracy:.3f}.h5",
            monitor="val_accuracy",
            save_best_only=True,
            save_wieghts_only=False,
        ),
    ],
)

# Task 6
plt.plot(history.history["accuracy"], label="training")
plt.plot(history.history["val_accuracy"], label="validation")
plt.xlabel("epoch")
plt.legend()
plt.show()

network = keras.models.load_model("models/animals_0.871.h5")
guesses = network.predict(x_test / 255)
look_at(x_test, guesses)
