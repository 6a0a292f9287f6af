# sound: checkpoints named {epoch:02d}-{val_accuracy:.3f}.keras in a new temporary folder, the best found by parsing the names; curves drawn by looping over history.items()
# %%
# 1) imports, helpers
import re
import tempfile
from pathlib import Path

import numpy as np
import matplotlib.pyplot as plt
from keras import Input, Sequential
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.datasets.cifar10 import load_data
from keras.layers import Activation, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import load_model

classes = {"bird": 2, "dog": 5, "ship": 8}
names = tuple(classes)
numbers = np.fromiter(classes.values(), dtype=int)

# %%
# 2) the data
(train_x, train_y), (test_x, test_y) = load_data()


def make_subset(x, y):
    where = np.flatnonzero(np.isin(y.ravel(), numbers))
    where = np.random.permutation(where)
    onehot = (y[where] == numbers).astype(np.float32)  # broadcast (n,1) against (3,)
    return x[where], onehot


train_x, train_y = make_subset(train_x, train_y)
test_x, test_y = make_subset(test_x, test_y)
assert train_y.shape[1] == test_y.shape[1] == 3
assert (train_y.sum(axis=1) == 1).all()


# %%
# 3) a look
def look(x, y, n=5):
    f, a = plt.subplots(n, n, figsize=(8, 9))
    for row in a:
        for cell in row:
            k = np.random.randint(0, len(x))
            cell.imshow(x[k])
            cell.set_title(names[y[k].argmax()], size=8)
            cell.axis("off")
    f.tight_layout()
    plt.show()


look(train_x, train_y)
look(test_x, test_y, n=3)

# %%
# 4) the model
model = Sequential(name="parsed_checkpoints")
model.add(Input((32, 32, 3), name="picture"))


def conv_block(model, filters, size=3):
    model.add(Conv2D(filters, size, padding="same"))
    model.add(Activation("relu"))
    model.add(Conv2D(filters, size, padding="valid"))
    model.add(Activation("relu"))
    model.add(MaxPooling2D(2))
    model.add(Dropout(0.25))


conv_block(model, 32)
conv_block(model, 64)
model.add(Flatten())
model.add(Dense(256))
model.add(Activation("relu"))
model.add(Dropout(0.5))
model.add(Dense(3))
model.add(Activation("softmax"))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.summary()

# %%
# 5) training
folder = Path(tempfile.mkdtemp(prefix="ckpt_"))


def prepare(x):
    return np.asarray(x, dtype=np.float32) / 255


h = model.fit(
    prepare(train_x),
    train_y,
    batch_size=50,
    epochs=15,
    validation_data=(prepare(test_x), test_y),
    callbacks=[
        EarlyStopping(monitor="val_accuracy", mode="max", patience=4),
        ModelCheckpoint(
            str(folder / "{epoch:02d}-{val_accuracy:.3f}.keras"),
            monitor="val_accuracy",
            mode="max",
            save_best_only=True,
        ),
    ],
)

# %%
# 6) curves
for key, values in h.history.items():
    if key.endswith("accuracy"):
        plt.plot(range(1, len(values) + 1), values, "--" if key.startswith("val_") else "-", label=key)
plt.xlabel("epoch")
plt.ylabel("accuracy")
plt.legend()
plt.show()


# %%
def score(path):
    epoch, acc = re.fullmatch(r"(\d+)-(\d\.\d+)\.keras", path.name).groups()
    return float(acc), int(epoch)


best_path = max(folder.glob("*.keras"), key=score)
print("best file:", best_path.name)
best = load_model(best_path)

f, a = plt.subplots(3, 4, figsize=(8, 7))
for cell, k in zip(a.flat, np.random.choice(len(test_x), 12, replace=False)):
    answer = best.predict(prepare(test_x[k : k + 1]), verbose=0)[0]
    cell.imshow(test_x[k])
    cell.set_title(f"it is a {names[answer.argmax()]}", size=9)
    cell.axis("off")
f.tight_layout()
plt.show()
