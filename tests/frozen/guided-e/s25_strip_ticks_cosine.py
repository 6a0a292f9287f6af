# sound: strips made with np.hstack where the x tick labels under the images are the (predicted) names, RMSprop with CosineDecay, train_test_split, comparison with .max
# %% 1
import tempfile
import warnings
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.layers import Conv2D, Dense, Dropout, Flatten, LayerNormalization, MaxPooling2D
from sklearn.model_selection import train_test_split

warnings.filterwarnings("ignore", category=FutureWarning)
MODEL_PATH = Path(tempfile.mkdtemp()) / "cosine.keras"
SEED = 17
rng = np.random.default_rng(SEED)
keras.utils.set_random_seed(SEED)

WANTED = {0: "airplane", 4: "deer", 9: "truck"}
LABELS = [*WANTED.values()]

# %% 2
(X_train, t_train), (X_test, t_test) = keras.datasets.cifar10.load_data()


def restrict(X, t):
    t = t.squeeze(-1)
    hit = np.stack([t == number for number in WANTED], axis=1)  # one column for each class
    rows = rng.permutation(np.flatnonzero(hit.any(axis=1)))
    return X[rows], hit[rows].astype("float32")


X_train, T_train = restrict(X_train, t_train)
X_test, T_test = restrict(X_test, t_test)
X_fit, X_val, T_fit, T_val = train_test_split(
    X_train, T_train, test_size=0.2, stratify=T_train.argmax(axis=1), random_state=SEED
)
print("fit", X_fit.shape, "val", X_val.shape, "test", X_test.shape, "labels", T_fit.shape)


# %% 3
def film(images, names, title):
    """All images in one row; the names stand at the x axis, each below its image."""
    width = images[0].shape[1]
    fig, ax = plt.subplots(figsize=(1.5 * len(images), 2.4))
    ax.imshow(np.hstack(list(images)))
    ax.set_xticks([width * k + width / 2 for k in range(len(images))], labels=names)
    ax.set_yticks([])
    ax.set_title(title)
    plt.show()


def random_film(X, T, title, n=8):
    k = rng.choice(len(X), n, replace=False)
    film(X[k], [LABELS[c] for c in T[k].argmax(axis=1)], title)


random_film(X_fit, T_fit, "training data")
random_film(X_test, T_test, "test data")


# %% 4
def conv_block(model, filters, dropout=0.2):
    model.add(Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(LayerNormalization())
    model.add(MaxPooling2D(pool_size=2))
    model.add(Dropout(dropout))
    return model


model = keras.Sequential()
model.add(keras.Input((32, 32, 3)))
conv_block(model, 32)
conv_block(conv_block(model, 64), 96, dropout=0.4)
model.add(Flatten())
model.add(Dense(96, activation="relu"))
model.add(Dense(3, activation="softmax"))

EPOCHS, BATCH = 25, 100
steps = EPOCHS * int(np.ceil(len(X_fit) / BATCH))
model.compile(
    optimizer=keras.optimizers.RMSprop(keras.optimizers.schedules.CosineDecay(1e-3, decay_steps=steps)),
    loss=keras.losses.categorical_crossentropy,
    metrics=["accuracy"],
)
model.summary()


# %% 5
def unit(X):
    return X.astype(np.float32) / 255


history = model.fit(
    unit(X_fit),
    T_fit,
    epochs=EPOCHS,
    batch_size=BATCH,
    validation_data=(unit(X_val), T_val),
    callbacks=[
        keras.callbacks.EarlyStopping(
            monitor="val_loss", patience=5, min_delta=0.001, start_from_epoch=3, restore_best_weights=True
        ),
        keras.callbacks.ModelCheckpoint(MODEL_PATH, monitor="val_loss", save_best_only=True),
    ],
)

# %% 6
curves = {"training": history.history["accuracy"], "validation": history.history["val_accuracy"]}
with plt.style.context("seaborn-v0_8-whitegrid"):
    fig, ax = plt.subplots()
    for (name, values), marker in zip(curves.items(), "os"):
        ax.plot(np.arange(len(values)) + 1, values, marker=marker, label=name)
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy")
    ax.legend()
    plt.show()

# %%
best = keras.models.load_model(MODEL_PATH)
for number in range(3):
    k = rng.choice(len(X_test), 8, replace=False)
    P = best.predict(unit(X_test[k]), verbose=0)
    is_top = P == P.max(axis=1, keepdims=True)
    film(X_test[k], [LABELS[int(np.flatnonzero(row)[0])] for row in is_top], f"predictions, row {number + 1}")
