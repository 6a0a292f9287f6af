# sound: images are shown as one np.concatenate strip and the names are listed in the figure title
# %% [markdown]
# # CIFAR-10 with three classes

# %%
# Task 1 - imports and helpers
import numpy as np
import matplotlib.pyplot as plt
import keras
from keras import layers
from keras.datasets import cifar10

rng = np.random.default_rng(42)
KEEP = np.array([0, 1, 2])
NAMES = ["airplane", "automobile", "bird"]


def strip(images):
    """Put the images side by side, with two white columns after each one."""
    padded = [np.pad(im, ((2, 2), (0, 2), (0, 0)), constant_values=255) for im in images]
    return np.concatenate(padded, axis=1)


# %%
# Task 2 - data, only classes 0, 1 and 2
(x_train_all, y_train_all), (x_test_all, y_test_all) = cifar10.load_data()


def keep_three(x, y):
    y = y.flatten()
    mask = np.isin(y, KEEP)
    x, y = x[mask], np.searchsorted(KEEP, y[mask])
    order = rng.permutation(len(x))
    return x[order], keras.utils.to_categorical(y[order], 3)


x_train, y_train = keep_three(x_train_all, y_train_all)
x_test, y_test = keep_three(x_test_all, y_test_all)
print("train", x_train.shape, y_train.shape)
print("test ", x_test.shape, y_test.shape)


# %%
# Task 3 - look at the data
def show_random(x, y, title, n=8):
    pick = rng.choice(len(x), size=n, replace=False)
    words = [NAMES[k] for k in y[pick].argmax(axis=1)]
    plt.figure(figsize=(2 * n, 3))
    plt.imshow(strip(x[pick]))
    plt.title(title + ":  " + " | ".join(words))
    plt.axis("off")
    plt.show()


show_random(x_train, y_train, "training set")
show_random(x_test, y_test, "test set")

# %%
# Task 4 - model
model = keras.Sequential()
model.add(keras.Input(shape=(32, 32, 3)))


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, (3, 3), padding="same", activation="relu"))
    model.add(layers.Conv2D(filters, (3, 3), padding="same", activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Dropout(0.25))


add_conv_block(model, 32)
add_conv_block(model, 64)
model.add(layers.Flatten())
model.add(layers.Dense(128, activation="relu"))
model.add(layers.Dropout(0.5))
model.add(layers.Dense(3, activation="softmax"))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.summary()

# %%
# Task 5 - training
x_train_s = x_train / 255.0
x_test_s = x_test / 255.0

stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=5)
save = keras.callbacks.ModelCheckpoint("best_strip.keras", monitor="val_accuracy", save_best_only=True)
history = model.fit(
    x_train_s,
    y_train,
    batch_size=64,
    epochs=25,
    validation_data=(x_test_s, y_test),
    callbacks=[stop, save],
)

# %%
# Task 6 - curves
plt.plot(history.history["accuracy"], label="training")
plt.plot(history.history["val_accuracy"], label="validation")
plt.xlabel("epoch")
plt.ylabel("accuracy")
plt.legend()
plt.show()

# %%
# Task 6 - predictions of the best model
best = keras.models.load_model("best_strip.keras")
some = rng.choice(len(x_test), size=6, replace=False)
probs = best.predict(x_test_s[some])
predicted = [NAMES[k] for k in np.argmax(probs, axis=1)]

plt.figure(figsize=(14, 3))
plt.imshow(strip(x_test[some]))
plt.title("predicted:  " + " | ".join(predicted))
plt.axis("off")
plt.show()
