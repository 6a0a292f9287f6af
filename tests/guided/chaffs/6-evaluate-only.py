# task: 6
# bug: the best model is only evaluated, there are no predictions to look at
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from sklearn.metrics import classification_report
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import shuffle

binarizer = LabelBinarizer()
names = np.array(["cat", "deer", "ship"])


def get_three_classes(images, numbers):
    numbers = numbers.ravel()
    inside = [n in (3, 4, 8) for n in numbers]
    return shuffle(images[inside], binarizer.fit_transform(numbers[inside]).astype("float32"))


(x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_all, y_all = get_three_classes(x_all, y_all)
x_test, y_test = get_three_classes(x_test, y_test)
x_train, x_val, y_train, y_val = train_test_split(x_all, y_all, test_size=0.15, shuffle=True, stratify=y_all)


def show(images, rows, heading):
    which = np.random.choice(len(images), 8, replace=False)
    plt.figure(figsize=(9, 5))
    plt.suptitle(heading)
    for spot, (image, name) in enumerate(zip(images[which], names[rows[which].argmax(axis=1)])):
        plt.subplot(2, 4, spot + 1, title=name)
        plt.imshow(image)
        plt.axis("off")
    plt.show()


show(x_train, y_train, "Some of the training set")
show(x_test, y_test, "Some of the test set")


class Builder:
    def __init__(self):
        self.model = keras.Sequential([keras.Input((32, 32, 3)), layers.Rescaling(1 / 255)])

    def block(self, filters):
        self.model.add(layers.Conv2D(filters, 3, activation="relu", padding="same"))
        self.model.add(layers.BatchNormalization())
        self.model.add(layers.MaxPooling2D())
        return self

    def head(self):
        self.model.add(layers.Flatten())
        self.model.add(layers.Dropout(0.4))
        self.model.add(layers.Dense(3, activation="softmax"))
        self.model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
        return self.model


model = Builder().block(32).block(64).block(128).head()
model.summary()

history = model.fit(
    x_train, y_train, epochs=50, batch_size=64,
    validation_data=(x_val, y_val),
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=6),
        keras.callbacks.ModelCheckpoint("ship.keras", monitor="val_accuracy", save_best_only=True),
    ],
)

plt.plot(history.history["accuracy"], "--", label="training")
plt.plot(history.history["val_accuracy"], "-", label="validation")
plt.xlabel("epoch")
plt.ylabel("accuracy")
plt.legend()
plt.show()

best = keras.models.load_model("ship.keras")
print(best.evaluate(x_test, y_test))
