# sound: one class at a time, `rng.permutation`, a grid of 6 by 6, strided convolutions, monitors by default.

# %% [markdown]
# ## TASK 1 — imports

# %%
import numpy as np
import matplotlib.pyplot as plt
import keras

rng = np.random.default_rng(123)

# %% [markdown]
# ## TASK 2 — cifar-10 → cifar-3 (one class at a time)

# %%
(train_img, train_lab), (test_img, test_lab) = keras.datasets.cifar10.load_data()
train_lab = train_lab.squeeze()
test_lab = test_lab.squeeze()

# %%
horses = train_img[train_lab == 7]
ships = train_img[train_lab == 8]
trucks = train_img[train_lab == 9]

x = np.concatenate([horses, ships, trucks])
y = np.concatenate([np.full(len(horses), 0), np.full(len(ships), 1), np.full(len(trucks), 2)])
y = keras.utils.to_categorical(y, 3)

order = rng.permutation(len(x))
x = x[order]
y = y[order]

# %%
horses = test_img[test_lab == 7]
ships = test_img[test_lab == 8]
trucks = test_img[test_lab == 9]

x_test = np.concatenate([horses, ships, trucks])
y_test = np.concatenate([np.full(len(horses), 0), np.full(len(ships), 1), np.full(len(trucks), 2)])
y_test = keras.utils.to_categorical(y_test, 3)

order = rng.permutation(len(x_test))
x_test = x_test[order]
y_test = y_test[order]

print(x.shape, y.shape, x_test.shape, y_test.shape)
labels = {0: "horse", 1: "ship", 2: "truck"}

# %% [markdown]
# ## TASK 3 — 36 random images

# %%
def show36(images, targets):
    f, ax = plt.subplots(6, 6, figsize=(10, 11))
    which = rng.choice(len(images), 36, replace=False)
    k = 0
    for row in range(6):
        for col in range(6):
            ax[row, col].imshow(images[which[k]])
            ax[row, col].set_title(labels[int(targets[which[k]].argmax())], fontsize=9)
            ax[row, col].axis("off")
            k += 1
    plt.show()

# %%
show36(x, y)

# %%
show36(x_test, y_test)

# %% [markdown]
# ## TASK 4 — the model

# %%
def convolutional_block(model, filters, kernel_size=(3, 3)):
    model.add(keras.layers.Conv2D(filters, kernel_size, padding="same"))
    model.add(keras.layers.ReLU())
    model.add(keras.layers.Conv2D(filters, kernel_size, padding="same", strides=2))
    model.add(keras.layers.ReLU())
    model.add(keras.layers.Dropout(0.25))

m = keras.models.Sequential()
m.add(keras.layers.Input(shape=(32, 32, 3)))
convolutional_block(m, 32, (5, 5))
convolutional_block(m, 64)
convolutional_block(m, 128)
m.add(keras.layers.Flatten())
m.add(keras.layers.Dense(3, activation="softmax"))
m.compile(optimizer="nadam", loss="categorical_crossentropy", metrics=["accuracy"])
m.summary()

# %% [markdown]
# ## TASK 5 — fit

# %%
x_scaled = x.astype("float32") / 127.5 - 1
x_test_scaled = x_test.astype("float32") / 127.5 - 1

# %%
hist = m.fit(x_scaled, y, validation_split=0.2, epochs=20, batch_size=64, callbacks=[
    keras.callbacks.EarlyStopping(patience=3),
    keras.callbacks.ModelCheckpoint("cifar3_best.keras", save_best_only=True),
])

# %% [markdown]
# ## TASK 6 — curves, best model, predictions

# %%
fig, ax = plt.subplots()
ax.plot(hist.epoch, hist.history["accuracy"], c="C0")
ax.plot(hist.epoch, hist.history["val_accuracy"], c="C1")
ax.legend(["training", "validation"])
ax.set_ylabel("accuracy")
ax.set_xlabel("epoch")
plt.show()

# %%
m = keras.models.load_model("cifar3_best.keras")
m.evaluate(x_test_scaled, y_test)

# %%
which = rng.choice(len(x_test), 36, replace=False)
predicted = m.predict(x_test_scaled[which]).argmax(axis=1)
f, ax = plt.subplots(6, 6, figsize=(10, 11))
for k, a in enumerate(ax.flatten()):
    a.imshow(x_test[which[k]])
    a.set_title(labels[int(predicted[k])], fontsize=9)
    a.axis("off")
plt.show()
