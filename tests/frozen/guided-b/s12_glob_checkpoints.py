# sound: one checkpoint file for each epoch, the best found by glob and the accuracy in its name
# %%
# Task 1 - Set up
import glob
import os
import re
import shutil

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D, Rescaling

FOLDER = "epoch_checkpoints"

# %%
# Task 2 - Pre-process
names = ["airplane", "automobile", "bird"]


def first_three(images, labels):
    keep = (labels < 3).reshape(-1)
    images, labels = images[keep], labels[keep]
    order = np.arange(len(labels))
    np.random.shuffle(order)
    return images[order], keras.utils.to_categorical(labels[order], 3)


(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_train, y_train = first_three(x_train, y_train)
x_test, y_test = first_three(x_test, y_test)
print(y_train[:5])


# %%
# Task 3 - Visualise
def plot_random(images, onehot, title):
    fig, axs = plt.subplots(3, 3, figsize=(6, 7))
    fig.suptitle(title)
    for ax, i in zip(axs.flat, np.random.permutation(len(images))):
        ax.imshow(images[i])
        ax.set_title(names[np.argmax(onehot[i])])
        ax.axis("off")
    plt.show()


plot_random(x_train, y_train, "training set")
plot_random(x_test, y_test, "test set")


# %%
# Task 4 - Create the model
def conv_block(filters, model):
    model.add(Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(MaxPooling2D())
    model.add(Dropout(0.25))


def create_model():
    model = keras.Sequential()
    model.add(Input(shape=(32, 32, 3)))
    model.add(Rescaling(1 / 255))
    for filters in (32, 64):
        conv_block(filters, model)
    model.add(Flatten())
    model.add(Dense(128, activation="relu"))
    model.add(Dropout(0.5))
    model.add(Dense(3, activation="softmax"))
    model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
    model.summary()
    return model


model = create_model()

# %%
# Task 5 - Train
# files of an earlier run must not be found below
shutil.rmtree(FOLDER, ignore_errors=True)
os.makedirs(FOLDER)

checkpoint = keras.callbacks.ModelCheckpoint(
    os.path.join(FOLDER, "epoch{epoch:03d}_{val_accuracy:.5f}.keras"), monitor="val_accuracy"
)
stopping = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=5)
history = model.fit(
    x_train,
    y_train,
    batch_size=64,
    epochs=30,
    validation_data=(x_test, y_test),
    callbacks=[checkpoint, stopping],
)


# %%
# Task 6 - Predict
def accuracy_of(path):
    return float(re.search(r"_(\d\.\d+)\.keras$", path).group(1))


plt.figure()
plt.plot(history.history["accuracy"], "-", label="training")
plt.plot(history.history["val_accuracy"], "--", label="validation")
plt.title("Accuracy")
plt.legend()
plt.show()

files = sorted(glob.glob(os.path.join(FOLDER, "*.keras")), key=accuracy_of)
best_file = files[-1]
print("best of", len(files), "epochs:", best_file)
best = keras.models.load_model(best_file)
probabilities = best.predict(x_test)
plot_random(x_test, probabilities, "predicted")
