# sound: Rescaling and augmentation as layers, `random.sample`, `validation_split`.

"""CIFAR-3: augmentation and rescaling live inside the model."""
# %% Imports
import random

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from keras.callbacks import EarlyStopping, ModelCheckpoint

ANIMALS = {"cat": 3, "dog": 5, "horse": 7}
NAMES = list(ANIMALS)

# %% Data
(train_x, train_y), (test_x, test_y) = keras.datasets.cifar10.load_data()


def animals_only(images, labels):
    labels = labels.flatten()
    chosen = [i for i, label in enumerate(labels) if label in ANIMALS.values()]
    random.shuffle(chosen)
    numbers = [list(ANIMALS.values()).index(labels[i]) for i in chosen]
    return images[chosen], np.eye(3)[numbers]


train_x, train_y = animals_only(train_x, train_y)
test_x, test_y = animals_only(test_x, test_y)
print(train_x.shape, train_y.shape, test_x.shape, test_y.shape)
print("per class:", train_y.sum(axis=0), test_y.sum(axis=0))

# %% Examples


def show_examples(images, labels, headline):
    picks = random.sample(range(len(images)), 12)
    plt.figure(figsize=(9, 7))
    plt.suptitle(headline)
    for spot, pick in enumerate(picks, start=1):
        plt.subplot(3, 4, spot)
        plt.imshow(images[pick])
        plt.title(NAMES[int(labels[pick].argmax())])
        plt.xticks([])
        plt.yticks([])
    plt.show()


show_examples(train_x, train_y, "Training set")
show_examples(test_x, test_y, "Test set")

# %% Model


def add_conv_block(model, filters, dropout=0.2):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu",
                            kernel_initializer="he_normal"))
    model.add(layers.BatchNormalization())
    model.add(layers.MaxPooling2D())
    model.add(layers.Dropout(dropout))


model = keras.Sequential([
    keras.Input(shape=(32, 32, 3)),
    layers.Rescaling(1.0 / 255),
    layers.RandomFlip("horizontal"),
    layers.RandomTranslation(0.1, 0.1),
    layers.RandomZoom(0.1),
])
add_conv_block(model, 32)
add_conv_block(model, 64)
add_conv_block(model, 128, dropout=0.4)
model.add(layers.GlobalMaxPooling2D())
model.add(layers.Dense(3, activation="softmax"))

model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.summary()

# %% Training (pixels go in as they are, the first layer scales them)
stopper = EarlyStopping(monitor="val_accuracy", patience=8)
keeper = ModelCheckpoint("cifar3.keras", monitor="val_accuracy", mode="max",
                         save_best_only=True, verbose=1)

history = model.fit(
    train_x, train_y,
    batch_size=128,
    epochs=50,
    validation_split=0.15,
    callbacks=[stopper, keeper],
)

# %% Learning curves
plt.figure()
plt.plot(history.history["accuracy"], label="training accuracy")
plt.plot(history.history["val_accuracy"], label="validation accuracy")
plt.xlabel("Epoch")
plt.ylabel("Accuracy")
plt.legend()
plt.show()

# %% Predictions of the best model
best_model = keras.models.load_model("cifar3.keras")
loss, accuracy = best_model.evaluate(test_x, test_y)
print(f"test accuracy {accuracy:.1%}")

picks = random.sample(range(len(test_x)), 12)
probabilities = best_model.predict(test_x[picks])
plt.figure(figsize=(9, 7))
for spot, (pick, p) in enumerate(zip(picks, probabilities), start=1):
    plt.subplot(3, 4, spot)
    plt.imshow(test_x[pick])
    plt.title(f"{NAMES[p.argmax()]} ({p.max():.0%})")
    plt.xticks([])
    plt.yticks([])
plt.show()
