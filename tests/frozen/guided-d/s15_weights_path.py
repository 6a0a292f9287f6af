# sound: pathlib; `save_weights_only`, loaded into a newly built model.

# %% [markdown]
# # Guided notebook - weights only
# ## 1 Imports
# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from keras import Input, Sequential
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.datasets.cifar10 import load_data
from keras.layers import Activation, BatchNormalization, Conv2D, Dense, Dropout, GlobalAveragePooling2D, MaxPooling2D
from keras.utils import to_categorical

HERE = Path.cwd()
WEIGHTS = HERE / "checkpoints"
WEIGHTS.mkdir(exist_ok=True)
rng = np.random.default_rng()

# %% [markdown]
# ## 2 Three classes
# %%
(x10, y10), (x10_test, y10_test) = load_data()

SELECTED = dict(automobile=1, bird=2, dog=5)
TITLES = list(SELECTED.keys())


def select(x, y):
    y = y.reshape(len(y))
    # -1 for everything that is not selected
    new = np.select([y == number for number in SELECTED.values()], [0, 1, 2], default=-1)
    rows = rng.permutation(np.flatnonzero(new != -1))
    return x[rows], to_categorical(new[rows], 3)


x, y = select(x10, y10)
x_test, y_test = select(x10_test, y10_test)
assert y.shape == (15000, 3) and y_test.shape == (3000, 3)

# %% [markdown]
# ## 3 Pictures
# %%


def show(images, labels, count=15):
    picks = rng.choice(len(images), count, replace=False)
    fig, axes = plt.subplots(3, count // 3, figsize=(10, 7))
    for ax, image, label in zip(axes.flat, images[picks], labels[picks]):
        ax.imshow(image)
        ax.set_title(TITLES[np.argmax(label)])
        ax.axis("off")
    fig.tight_layout()
    plt.show()


# %%
show(x, y)
# %%
show(x_test, y_test)

# %% [markdown]
# ## 4 Network
# %%


def conv_block(model, filters):
    """Two convolutions, then half the size."""
    for _ in range(2):
        model.add(Conv2D(filters, 3, padding="same"))
        model.add(BatchNormalization())
        model.add(Activation("relu"))
    model.add(MaxPooling2D())


def build_model():
    model = Sequential()
    model.add(Input((32, 32, 3)))
    conv_block(model, 32)
    conv_block(model, 64)
    conv_block(model, 128)
    model.add(GlobalAveragePooling2D())
    model.add(Dropout(0.4))
    model.add(Dense(3, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


model = build_model()
model.summary()

# %% [markdown]
# ## 5 Fit
# %%
n_val = len(x) // 5
x_val, y_val = x[:n_val], y[:n_val]
x_fit, y_fit = x[n_val:], y[n_val:]

best_path = WEIGHTS / "best.weights.h5"
history = model.fit(
    x_fit / 255,
    y_fit,
    batch_size=64,
    epochs=25,
    validation_data=(x_val / 255, y_val),
    callbacks=[
        EarlyStopping(monitor="val_accuracy", patience=5),
        ModelCheckpoint(best_path, monitor="val_accuracy", save_weights_only=True, save_best_only=True),
    ],
).history

# %% [markdown]
# ## 6 Look back
# %%
for name in ("accuracy", "val_accuracy"):
    plt.plot(history[name], label=name)
plt.legend()
plt.title("Accuracy per epoch")
plt.show()

# %%
best = build_model()
best.load_weights(best_path)
test_loss, test_acc = best.evaluate(x_test / 255, y_test)
print(f"{test_acc:.3f} on the test set")

# %%
picks = rng.choice(len(x_test), 15, replace=False)
predicted = np.argmax(best.predict(x_test[picks] / 255), axis=1)
fig, axes = plt.subplots(3, 5, figsize=(10, 7))
for ax, image, number in zip(axes.flat, x_test[picks], predicted):
    ax.imshow(image)
    ax.set_title(f"predicted: {TITLES[number]}")
    ax.axis("off")
fig.tight_layout()
plt.show()
