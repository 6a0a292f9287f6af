# sound: labels as numbers with the loss for them, text under the images.

# %% [markdown]
# # Guided project: CIFAR-10 with sparse labels
# The labels are the integers 0, 1, 2, so the loss is `sparse_categorical_crossentropy`.
# 
# #### Task 1

# %%
import keras
import numpy as np
import matplotlib.pyplot as plt
from keras import layers

# %% [markdown]
# #### Task 2

# %%
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
keep = [3, 4, 8]
words = ["cat", "deer", "ship"]

# %%
def only(x, y, keep):
    flat = y[:, 0]
    parts_x, parts_y = [], []
    for new, old in enumerate(keep):
        found = x[flat == old]
        parts_x.append(found)
        parts_y.append(np.repeat(new, len(found)))
    xs, ys = np.concatenate(parts_x), np.concatenate(parts_y)
    mix = np.random.default_rng(1).permutation(len(ys))
    return xs[mix], ys[mix]

x_train_3, y_train_3 = only(x_train, y_train, keep)
x_test_3, y_test_3 = only(x_test, y_test, keep)
print(x_train_3.shape, np.bincount(y_train_3))
print(x_test_3.shape, np.bincount(y_test_3))

# %% [markdown]
# #### Task 3

# %%
def look(x, y, how_many=8):
    picks = np.random.choice(len(y), how_many, replace=False)
    fig, axs = plt.subplots(1, how_many, figsize=(2 * how_many, 2.5))
    for ax, p in zip(axs, picks):
        ax.imshow(x[p])
        ax.axis("off")
        ax.text(0.5, -0.12, words[y[p]], transform=ax.transAxes, ha="center")
    plt.show()

look(x_train_3, y_train_3)
look(x_train_3, y_train_3)

# %%
look(x_test_3, y_test_3)

# %% [markdown]
# #### Task 4

# %%
def conv_bn_pool(model, n):
    model.add(layers.Conv2D(n, 3, padding="same", use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.ReLU())
    model.add(layers.MaxPool2D())

model = keras.Sequential()
model.add(layers.Input(shape=(32, 32, 3)))
for n in (32, 64, 128):
    conv_bn_pool(model, n)
model.add(layers.GlobalAveragePooling2D())
model.add(layers.Dropout(0.3))
model.add(layers.Dense(3, activation="softmax"))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.summary()

# %% [markdown]
# #### Task 5

# %%
scale = lambda images: images.astype("float32") / 255

# %%
callbacks = [
    keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=4, restore_best_weights=True),
    keras.callbacks.ModelCheckpoint("sparse.keras", monitor="val_accuracy", mode="max", save_best_only=True),
]
run = model.fit(scale(x_train_3), y_train_3, epochs=24, batch_size=64,
                validation_data=(scale(x_test_3), y_test_3), callbacks=callbacks)

# %% [markdown]
# #### Task 6

# %%
plt.plot(run.history["accuracy"], "o-", run.history["val_accuracy"], "s--")
plt.legend(["train", "validation"])
plt.ylabel("accuracy")
plt.show()

# %%
best = keras.models.load_model("sparse.keras")
test_probabilities = best.predict(scale(x_test_3))
test_guesses = test_probabilities.argmax(axis=1)
print("right:", (test_guesses == y_test_3).sum(), "of", len(y_test_3))

# %%
picks = np.random.choice(len(y_test_3), 8, replace=False)
fig, axs = plt.subplots(1, 8, figsize=(16, 2.5))
for ax, p in zip(axs, picks):
    ax.imshow(x_test_3[p])
    ax.axis("off")
    ax.text(0.5, -0.12, words[test_guesses[p]], transform=ax.transAxes, ha="center")
plt.show()
