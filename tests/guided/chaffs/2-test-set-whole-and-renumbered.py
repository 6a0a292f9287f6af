# task: 2
# bug: the test set keeps all ten classes, and seven of them get the label of the first
"""Three animals out of CIFAR-10."""

# ----- Task 1: imports -----
import numpy as np
import matplotlib.pyplot as plt
from tensorflow import keras
from tensorflow.keras import layers

# ----- Task 2: data -----
(x_train_all, y_train_all), (x_test_all, y_test_all) = keras.datasets.cifar10.load_data()
y_train_all = y_train_all.ravel()
y_test_all = y_test_all.ravel()

animals = ["cat", "dog", "horse"]
keep = np.array([3, 5, 7])


def to_index(y):
    """3, 5, 7 -> 0, 1, 2"""
    return np.argmax(y[:, None] == keep, axis=1)


mask_train = np.isin(y_train_all, keep)
mask_test = np.isin(y_test_all, keep)

x_train, y_train = x_train_all[mask_train], to_index(y_train_all[mask_train])
x_test, y_test = x_test_all, to_index(y_test_all)

x_train = x_train.astype("float32") / 255.0
x_test = x_test.astype("float32") / 255.0

order = np.random.permutation(len(x_train))
x_train, y_train = x_train[order], y_train[order]
order = np.random.permutation(len(x_test))
x_test, y_test = x_test[order], y_test[order]


# ----- Task 3: plots -----
def plot_examples(images, labels, n=12):
    idx = np.random.choice(len(images), n, replace=False)
    fig, axes = plt.subplots(2, n // 2, figsize=(12, 4.5))
    for ax, i in zip(axes.flat, idx):
        ax.imshow(images[i])
        ax.set_title(animals[labels[i]])
        ax.axis("off")
    plt.show()


plot_examples(x_train, y_train)
plot_examples(x_test, y_test)


# ----- Task 4: model -----
def conv_block(model, filters, dropout=0.25):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.MaxPooling2D())
    model.add(layers.Dropout(dropout))


model = keras.Sequential([keras.Input(shape=(32, 32, 3))])
conv_block(model, 32)
conv_block(model, 64)
conv_block(model, 64)
model.add(layers.Flatten())
model.add(layers.Dense(3, activation="softmax"))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.summary()

# ----- Task 5: training -----
callbacks = [
    keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=5),
    keras.callbacks.ModelCheckpoint("animals.keras", monitor="val_accuracy", save_best_only=True),
]
history = model.fit(x_train, y_train, epochs=25, batch_size=64,
                    validation_data=(x_test, y_test), callbacks=callbacks)

# ----- Task 6: results -----
plt.plot(history.history["accuracy"], label="training")
plt.plot(history.history["val_accuracy"], label="validation")
plt.ylabel("accuracy")
plt.xlabel("epoch")
plt.legend()
plt.show()

best = keras.models.load_model("animals.keras")
predicted = best.predict(x_test).argmax(axis=1)
idx = np.random.choice(len(x_test), 9, replace=False)
fig, axes = plt.subplots(3, 3, figsize=(7, 8))
for ax, i in zip(axes.flat, idx):
    ax.imshow(x_test[i])
    ax.set_title(f"{animals[predicted[i]]} (true: {animals[y_test[i]]})", fontsize=9)
    ax.axis("off")
plt.show()
