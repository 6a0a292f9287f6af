# sound: Rescaling and augmentation layers inside the network, raw uint8 images everywhere else
# %%
# Task 1 - Set up
import random

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, models
from keras.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau

# %%
# Task 2 - Pre-process
KEPT = [2, 4, 6]
LABELS = ["bird", "deer", "frog"]


def prepare(x, y):
    y = y[:, 0]
    mask = (y == KEPT[0]) | (y == KEPT[1]) | (y == KEPT[2])
    x, y = x[mask], y[mask]
    pairs = list(range(len(y)))
    random.shuffle(pairs)
    x, y = x[pairs], y[pairs]
    new_numbers = np.array([KEPT.index(label) for label in y])
    return x, keras.utils.to_categorical(new_numbers, num_classes=3)


(train_images, train_labels), (test_images, test_labels) = keras.datasets.cifar10.load_data()
train_images, train_labels = prepare(train_images, train_labels)
test_images, test_labels = prepare(test_images, test_labels)
print(train_images.shape, train_labels.shape, test_images.shape, test_labels.shape)


# %%
# Task 3 - Visualise
def show_random_images(images, rows, headline):
    sample = random.sample(range(len(images)), 8)
    plt.figure(figsize=(12, 6))
    for place, number in enumerate(sample, start=1):
        ax = plt.subplot(2, 4, place)
        ax.imshow(images[number])
        ax.set_title(LABELS[np.argmax(rows[number])])
        ax.axis("off")
    plt.suptitle(headline)
    plt.show()


show_random_images(train_images, train_labels, "Some of the training set")
show_random_images(test_images, test_labels, "Some of the test set")


# %%
# Task 4 - Create the model
def add_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal"))
    model.add(layers.BatchNormalization())
    model.add(layers.ReLU())
    model.add(layers.MaxPool2D())
    model.add(layers.SpatialDropout2D(0.1))


def create_model():
    model = models.Sequential(
        [
            layers.Input((32, 32, 3)),
            layers.Rescaling(scale=1 / 127.5, offset=-1),
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(0.1, 0.1),
        ]
    )
    for filters in [32, 64, 128]:
        add_block(model, filters)
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.RMSprop(1e-3),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


model = create_model()
model.summary()

# %%
# Task 5 - Train
stopper = EarlyStopping(monitor="val_loss", patience=8)
saver = ModelCheckpoint("best_animals.keras", monitor="val_loss", save_best_only=True)
slower = ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=3)

history = model.fit(
    train_images,
    train_labels,
    epochs=50,
    batch_size=64,
    validation_data=(test_images, test_labels),
    callbacks=[stopper, saver, slower],
)

# %%
# Task 6 - Predict
plt.figure()
plt.title("Accuracy")
plt.plot(history.epoch, history.history["accuracy"], "b", label="training")
plt.plot(history.epoch, history.history["val_accuracy"], "r", label="validation")
plt.legend(loc="lower right")
plt.show()

best_model = models.load_model("best_animals.keras")
predictions = best_model.predict(test_images)
print("evaluate:", best_model.evaluate(test_images, test_labels, verbose=0))
show_random_images(test_images, predictions, "Predicted labels of the test set")
