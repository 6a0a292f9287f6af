# sound: every figure goes to a PNG and is then shown; ImageDataGenerator.flow with horizontal flips; checkpoint in the H5 format
# %% Task 1: libraries and helper
import os

import numpy as np
import matplotlib.pyplot as plt
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint
from tensorflow.keras.datasets import cifar10
from tensorflow.keras.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from tensorflow.keras.models import Sequential, load_model
from tensorflow.keras.preprocessing.image import ImageDataGenerator
from tensorflow.keras.utils import to_categorical

os.makedirs("figures", exist_ok=True)
class_names = ["automobile", "ship", "truck"]


def finish(name):
    plt.savefig(os.path.join("figures", name + ".png"), dpi=100, bbox_inches="tight")
    plt.show()
    plt.close()


# %% Task 2: vehicles without wings
(X, y), (X_t, y_t) = cifar10.load_data()
lookup = {1: 0, 8: 1, 9: 2}


def pick(X, y):
    keep = [label in lookup for label in y[:, 0]]
    X = X[keep]
    y = np.array([lookup[label] for label in y[keep, 0]])
    perm = np.random.permutation(len(y))
    return X[perm], to_categorical(y[perm], num_classes=3)


X_train, y_train = pick(X, y)
X_test, y_test = pick(X_t, y_t)
print(X_train.shape, y_train.shape, X_test.shape, y_test.shape)


# %% Task 3: examples
def plot_random(X, y, file_name):
    plt.figure(figsize=(10, 4))
    for j in range(10):
        r = np.random.randint(len(X))
        plt.subplot(2, 5, j + 1)
        plt.xticks([])
        plt.yticks([])
        plt.imshow(X[r])
        plt.xlabel(class_names[np.argmax(y[r])])
    finish(file_name)


plot_random(X_train, y_train, "train_examples")
plot_random(X_test, y_test, "test_examples")

# %% Task 4: network
model = Sequential()
model.add(Input(shape=(32, 32, 3)))


def add_conv(model, filters, dropout):
    model.add(Conv2D(filters, (3, 3), activation="relu", padding="same"))
    model.add(MaxPooling2D((2, 2)))
    model.add(Dropout(dropout))


add_conv(model, 32, 0.1)
add_conv(model, 64, 0.2)
add_conv(model, 128, 0.3)
model.add(Flatten())
model.add(Dense(128, activation="relu"))
model.add(Dense(3, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.summary()

# %% Task 5: training with a generator; only the training images are flipped
n_val = len(X_train) // 5
train_gen = ImageDataGenerator(rescale=1 / 255, horizontal_flip=True)
val_gen = ImageDataGenerator(rescale=1 / 255)

history = model.fit(
    train_gen.flow(X_train[n_val:], y_train[n_val:], batch_size=64),
    validation_data=val_gen.flow(X_train[:n_val], y_train[:n_val], batch_size=64, shuffle=False),
    epochs=25,
    callbacks=[
        EarlyStopping(monitor="val_loss", patience=5),
        ModelCheckpoint("best_model.h5", monitor="val_loss", save_best_only=True),
    ],
)

# %% Task 6: accuracy
plt.figure(figsize=(7, 4))
plt.plot(history.history["accuracy"], label="train")
plt.plot(history.history["val_accuracy"], label="val")
plt.title("accuracy")
plt.legend()
finish("accuracy")

# %% Task 6: predictions
model = load_model("best_model.h5")
pred = model.predict(X_test / 255)
labels = np.argmax(pred, axis=1)
plt.figure(figsize=(10, 4))
for j in range(10):
    r = np.random.randint(len(X_test))
    plt.subplot(2, 5, j + 1)
    plt.xticks([])
    plt.yticks([])
    plt.imshow(X_test[r])
    plt.xlabel("predicted " + class_names[labels[r]])
finish("predictions")
