# sound: checkpoints named by accuracy and the best file of an earlier session typed in by hand, with no fallback, as the brief allows (set aside if a crash for want of that file counts)
# %%
# Task 1: imports
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.datasets import cifar10
from keras.layers import Activation, BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from keras.models import Sequential, load_model
from keras.utils import to_categorical

# %%
# Task 2: load the data, three classes, shuffle, one-hot
(x_train, y_train), (x_test, y_test) = cifar10.load_data()
labels = ["cat", "deer", "dog"]  # 3, 4, 5


def get_three(x, y):
    index = np.where(np.logical_and(y >= 3, y <= 5))[0]
    np.random.shuffle(index)
    return x[index], to_categorical(y[index] - 3, 3)


x_train, y_train = get_three(x_train, y_train)
x_test, y_test = get_three(x_test, y_test)
print(x_train.shape, y_train.shape)
print(x_test.shape, y_test.shape)


# %%
# Task 3: random images
def random_images(x, y):
    fig = plt.figure(figsize=(10, 10))
    for i in range(16):
        j = np.random.randint(0, len(x))
        ax = fig.add_subplot(4, 4, i + 1)
        ax.imshow(x[j])
        ax.set_title(labels[np.argmax(y[j])])
        ax.axis("off")
    plt.show()


random_images(x_train, y_train)
random_images(x_test, y_test)


# %%
# Task 4: model
def block(model, filters):
    model.add(Conv2D(filters, (3, 3), padding="same"))
    model.add(BatchNormalization())
    model.add(Activation("relu"))
    model.add(MaxPooling2D((2, 2)))
    model.add(Dropout(0.25))


def create_model():
    model = Sequential()
    model.add(Input((32, 32, 3)))
    block(model, 32)
    block(model, 64)
    block(model, 128)
    model.add(Flatten())
    model.add(Dense(128, activation="relu"))
    model.add(Dropout(0.5))
    model.add(Dense(3, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    model.summary()
    return model


model = create_model()

# %%
# Task 5: train
os.makedirs("models", exist_ok=True)
early_stopping = EarlyStopping(monitor="val_accuracy", mode="max", patience=10)
model_checkpoint = ModelCheckpoint(
    "models/m_{val_accuracy:.3f}.h5", monitor="val_accuracy", mode="max", save_best_only=True
)
history = model.fit(
    x_train / 255,
    y_train,
    epochs=100,
    batch_size=64,
    validation_data=(x_test / 255, y_test),
    callbacks=[early_stopping, model_checkpoint],
)

# %%
# Task 6: curves and predictions
plt.plot(history.history["accuracy"], label="train")
plt.plot(history.history["val_accuracy"], label="val")
plt.legend()
plt.show()

# best file of the training above: 0.779
model = load_model("models/m_0.779.h5")
y_pred = model.predict(x_test / 255)
random_images(x_test, y_pred)
