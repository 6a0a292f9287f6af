# sound: no scaling outside the model (BatchNormalization is the first layer), a moving average beside the raw lines, steps_per_execution and jit_compile set
# %%
# TASK 1
import os
import tempfile

import keras
import numpy as np
from keras.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from matplotlib import pyplot as plt

ANIMALS = {"cat": 3, "deer": 4, "frog": 6}
animal_names = list(ANIMALS)
animal_ids = np.array(list(ANIMALS.values()))


def ema(values, keep=0.6):
    """Exponential moving average of a list."""
    out = []
    for v in values:
        out.append(v if not out else keep * out[-1] + (1 - keep) * v)
    return out


# %%
# TASK 2
train, test = keras.datasets.cifar10.load_data()


def subset(data):
    x, y = data
    y = y.flatten()
    i = np.nonzero((y[:, None] == animal_ids).any(axis=1))[0]
    np.random.shuffle(i)
    return x[i], np.eye(3)[np.searchsorted(animal_ids, y[i])]


x_train, y_train = subset(train)
x_test, y_test = subset(test)
print(f"{x_train.shape=} {y_train.shape=} {x_test.shape=} {y_test.shape=}")


# %%
# TASK 3
def plot_random(x, y, rows=2, cols=6):
    fig = plt.figure(figsize=(cols * 1.6, rows * 1.9))
    for k in range(rows * cols):
        i = np.random.randint(x.shape[0])
        ax = fig.add_subplot(rows, cols, k + 1, xticks=[], yticks=[])
        ax.imshow(x[i])
        ax.set_title(animal_names[y[i].argmax()], fontsize=9)
    plt.show()


plot_random(x_train, y_train)
plot_random(x_test, y_test)


# %%
# TASK 4
def conv_block(model, filters, n_conv=2):
    for _ in range(n_conv):
        model.add(Conv2D(filters, 3, activation="relu", padding="same"))
    model.add(BatchNormalization())
    model.add(MaxPooling2D())
    model.add(Dropout(0.3))


model = keras.Sequential()
model.add(keras.Input(shape=(32, 32, 3)))
model.add(BatchNormalization())
conv_block(model, 32)
conv_block(model, 64)
model.add(Flatten())
model.add(Dense(64, activation="relu"))
model.add(Dropout(0.3))
model.add(Dense(3, activation="softmax"))
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
    steps_per_execution=4,
    jit_compile=False,
)
model.summary()

# %%
# TASK 5
best_file = os.path.join(tempfile.mkdtemp(), "best.keras")
history = model.fit(
    x_train.astype("float32"),
    y_train,
    validation_split=0.2,
    epochs=25,
    batch_size=64,
    callbacks=[
        keras.callbacks.ModelCheckpoint(best_file, monitor="val_accuracy", save_best_only=True),
        keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=5, start_from_epoch=3),
    ],
)

# %%
# TASK 6: accuracy, thin = as measured, thick = moving average
acc, val_acc = history.history["accuracy"], history.history["val_accuracy"]
plt.figure(figsize=(8, 5))
plt.plot(acc, color="tab:blue", lw=1, alpha=0.6, label="training")
plt.plot(val_acc, color="tab:red", lw=1, alpha=0.6, label="validation")
plt.plot(ema(acc), color="tab:blue", lw=3, label="training, smoothed")
plt.plot(ema(val_acc), color="tab:red", lw=3, label="validation, smoothed")
plt.legend()
plt.xlabel("epoch")
plt.ylabel("accuracy")
plt.show()

# %%
# TASK 6: predictions
best = keras.models.load_model(best_file)
pred = best.predict(x_test.astype("float32"))

fig, axes = plt.subplots(4, 4, figsize=(8, 9))
for ax in axes.flatten():
    i = np.random.randint(len(x_test))
    ax.imshow(x_test[i])
    ax.set_title("Prediction: " + animal_names[np.argmax(pred[i])], fontsize=9)
    ax.axis("off")
plt.show()
