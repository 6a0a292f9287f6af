# sound: Kaggle notebook style, constants in a CFG class, held-back validation part with scikit-learn, predictions in a pandas table
# %% [markdown]
# ## 1. Set up
# %%
import os
import random

import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
import keras
from keras import layers
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split


class CFG:
    SEED = 42
    CLASSES = [4, 6, 9]
    NAMES = ["deer", "frog", "truck"]
    EPOCHS = 40
    BATCH = 64
    OUT = "./working"


os.makedirs(CFG.OUT, exist_ok=True)
random.seed(CFG.SEED)
keras.utils.set_random_seed(CFG.SEED)

# %% [markdown]
# ## 2. Pre-processing
# %%
(X_train, y_train), (X_test, y_test) = keras.datasets.cifar10.load_data()


def subset(X, y):
    y = pd.Series(y.ravel())
    rows = y[y.isin(CFG.CLASSES)].sample(frac=1, random_state=CFG.SEED).index
    codes = y.loc[rows].map({c: i for i, c in enumerate(CFG.CLASSES)})
    onehot = keras.utils.to_categorical(codes.to_numpy(), len(CFG.CLASSES))
    return X[rows.to_numpy()].astype("float32") / 255.0, onehot


X_train, y_train = subset(X_train, y_train)
X_test, y_test = subset(X_test, y_test)
print(pd.Series(y_train.argmax(1)).value_counts())


# %% [markdown]
# ## 3. EDA
# %%
def show_batch(X, y, k=10, title=""):
    fig = plt.figure(figsize=(14, 6))
    ids = random.sample(range(len(X)), k)
    for j, i in enumerate(ids):
        ax = fig.add_subplot(2, k // 2, j + 1)
        ax.imshow(X[i])
        ax.set_title(CFG.NAMES[np.argmax(y[i])])
        ax.set_axis_off()
    fig.suptitle(title)
    plt.show()


show_batch(X_train, y_train, title="train")
show_batch(X_test, y_test, title="test")


# %% [markdown]
# ## 4. Model
# %%
def add_conv_block(model, filters, drop):
    model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.ReLU())
    model.add(layers.MaxPooling2D())
    model.add(layers.Dropout(drop))
    return model


def build_model():
    model = keras.Sequential(name="cifar3")
    model.add(layers.Input(shape=X_train.shape[1:]))
    for filters, drop in [(32, 0.1), (64, 0.2), (128, 0.3)]:
        model = add_conv_block(model, filters, drop)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(y_train.shape[1], activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.AdamW(1e-3),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


model = build_model()
model.summary()

# %% [markdown]
# ## 5. Training
# %%
X_tr, X_val, y_tr, y_val = train_test_split(
    X_train, y_train, test_size=0.15, random_state=CFG.SEED, stratify=y_train.argmax(1)
)
best_path = f"{CFG.OUT}/best.keras"
cbs = [
    keras.callbacks.EarlyStopping(monitor="val_loss", patience=6, verbose=1),
    keras.callbacks.ModelCheckpoint(best_path, monitor="val_loss", save_best_only=True),
    keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=3, min_lr=1e-5),
]
history = model.fit(
    X_tr, y_tr,
    validation_data=(X_val, y_val),
    epochs=CFG.EPOCHS, batch_size=CFG.BATCH, callbacks=cbs, verbose=2,
)

# %% [markdown]
# ## 6. Results
# %%
log = pd.DataFrame(history.history)
log[["accuracy", "val_accuracy"]].plot(figsize=(8, 4), grid=True, title="accuracy")
plt.show()

model = keras.models.load_model(best_path)
y_prob = model.predict(X_test, batch_size=256)
y_hat = np.argmax(y_prob, axis=1)
print("test accuracy:", accuracy_score(y_test.argmax(axis=1), y_hat))
table = pd.DataFrame({"true": y_test.argmax(axis=1), "pred": y_hat})
print(table.head(10))
show_batch(X_test, keras.utils.to_categorical(y_hat, 3), title="predicted")
