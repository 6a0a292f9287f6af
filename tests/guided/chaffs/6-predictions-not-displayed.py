# task: 6
# bug: predictions are computed and never shown
import math
import numpy as np
import matplotlib
import matplotlib.pyplot as plt
import keras
from keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()


def get_three_classes(x, y):
    y = y.ravel()
    x = np.vstack([x[y == 0], x[y == 1], x[y == 2]])
    y = np.hstack([y[y == 0], y[y == 1], y[y == 2]])
    order = np.arange(len(y))
    np.random.shuffle(order)
    return x[order], keras.utils.to_categorical(y[order], 3)


x_train, y_train = get_three_classes(x_train, y_train)
x_test, y_test = get_three_classes(x_test, y_test)

NAMES = ["airplane", "automobile", "bird"]


def first_ten(x, labels, filename):
    # both sets are in random order by now
    fig, axes = plt.subplots(2, 5, figsize=(9, 4))
    for k, ax in enumerate(axes.flat):
        ax.imshow(x[k])
        ax.set_title(NAMES[int(labels[k].argmax())])
        ax.set_xticks([])
        ax.set_yticks([])
    fig.tight_layout()
    fig.savefig(filename)
    plt.close(fig)


first_ten(x_train, y_train, "train_examples.png")
first_ten(x_test, y_test, "test_examples.png")


class Batches(keras.utils.Sequence):
    def __init__(self, x, y, size=64):
        super().__init__()
        self.x, self.y, self.size = x, y, size

    def __len__(self):
        return math.ceil(len(self.x) / self.size)

    def __getitem__(self, i):
        part = slice(i * self.size, (i + 1) * self.size)
        return self.x[part].astype("float32") / 255.0, self.y[part]


def create_model():
    def add_conv_block(model, num_filters):
        model.add(layers.Conv2D(num_filters, 3, padding="same", activation="relu"))
        model.add(layers.AveragePooling2D(2))
        return model

    model = keras.Sequential(name="small_cnn")
    model.add(layers.Input(shape=(32, 32, 3)))
    model = add_conv_block(model, 32)
    model = add_conv_block(model, 64)
    model = add_conv_block(model, 128)
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


model = create_model()
model.summary()

train_batches = Batches(x_train, y_train)
test_batches = Batches(x_test, y_test)

callbacks = [keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=5),
             keras.callbacks.ModelCheckpoint("sequence_best.keras", monitor="val_accuracy", save_best_only=True)]
history = model.fit(train_batches, validation_data=test_batches, epochs=25, callbacks=callbacks)

fig, ax = plt.subplots()
ax.plot(history.history["accuracy"], label="training accuracy")
ax.plot(history.history["val_accuracy"], label="validation accuracy")
ax.set_xlabel("epoch")
ax.legend()
fig.savefig("accuracy.png")
plt.close(fig)

best = keras.models.load_model("sequence_best.keras")
predictions = best.predict(test_batches)
