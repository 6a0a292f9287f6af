# sound: Colab habits, .h5 files with the accuracy in the name, typed-in file of an earlier session with a fallback to this run's newest file
# %%
# Task 1
# !pip install keras   (already there on Colab)
import glob
import os

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint
from tensorflow.keras.datasets import cifar10
from tensorflow.keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from tensorflow.keras.models import Sequential, load_model
from tensorflow.keras.utils import to_categorical

print(tf.__version__, tf.config.list_physical_devices("GPU"))

# %%
# Task 2
(x_train, y_train), (x_test, y_test) = cifar10.load_data()


def three_classes(x, y):
    y = y[:, 0]
    mask = (y >= 2) & (y <= 4)  # bird, cat, deer
    x, y = x[mask], y[mask]
    new = np.zeros(len(y), dtype=int)
    new[y == 4] = 2
    new[y == 3] = 1
    new[y == 2] = 0
    p = np.random.permutation(len(x))
    return x[p] / 255.0, to_categorical(new[p], 3)


x_train, y_train = three_classes(x_train, y_train)
x_test, y_test = three_classes(x_test, y_test)
names = ["bird", "cat", "deer"]


# %%
# Task 3
def plot_random(x, y, n=5):
    plt.figure(figsize=(12, 3))
    for k in range(n):
        idx = np.random.randint(len(x))
        plt.subplot(1, n, k + 1)
        plt.imshow(x[idx])
        plt.xlabel(names[np.argmax(y[idx])])
        plt.xticks([])
        plt.yticks([])
    plt.show()


plot_random(x_train, y_train)
plot_random(x_test, y_test)


# %%
# Task 4
def conv_block(model, n_filters, **kwargs):
    model.add(Conv2D(n_filters, (3, 3), activation="relu", padding="same", **kwargs))
    model.add(MaxPooling2D(pool_size=(2, 2)))
    model.add(Dropout(0.25))


def create_model():
    model = Sequential()
    conv_block(model, 32, input_shape=(32, 32, 3))
    conv_block(model, 64)
    conv_block(model, 64)
    model.add(Flatten())
    model.add(Dense(128, activation="relu"))
    model.add(Dense(3, activation="softmax"))
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


model = create_model()
model.summary()

# %%
# Task 5
os.makedirs("models", exist_ok=True)
es = EarlyStopping(monitor="val_accuracy", mode="max", patience=6, verbose=1)
mc = ModelCheckpoint(
    "models/m_{val_accuracy:.3f}.h5",
    monitor="val_accuracy",
    mode="max",
    save_best_only=True,
    verbose=1,
)
hist = model.fit(
    x_train, y_train, batch_size=32, epochs=50,
    validation_data=(x_test, y_test), callbacks=[es, mc],
)

# %%
# Task 6
plt.plot(hist.history["accuracy"])
plt.plot(hist.history["val_accuracy"])
plt.legend(["train", "val"])
plt.title("accuracy")
plt.show()

best_file = "models/m_0.858.h5"  # from my last session
if not os.path.exists(best_file):
    best_file = max(glob.glob("models/m_*.h5"), key=os.path.getmtime)
print("loading", best_file)
best = load_model(best_file)
pred = best.predict(x_test)
plot_random(x_test, pred, 6)
