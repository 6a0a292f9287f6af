# sound: CSVLogger read with pandas for the curves, pictures with a bar chart of the class probabilities beside them, gallery of the wrong predictions
# %% 1) Libraries
import warnings

warnings.filterwarnings("ignore")

import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
from matplotlib.gridspec import GridSpec
from tensorflow.keras.callbacks import CSVLogger, EarlyStopping, ModelCheckpoint
from tensorflow.keras.datasets import cifar10
from tensorflow.keras.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D, PReLU
from tensorflow.keras.models import Sequential, load_model

plt.style.use("ggplot")

# %% 2) Data: bird, horse, ship
BIRD, HORSE, SHIP = 2, 7, 8
CLASS_NAMES = np.array(["bird", "horse", "ship"])


def subset(x, y):
    bird = y[:, 0] == BIRD
    horse = y[:, 0] == HORSE
    ship = y[:, 0] == SHIP
    x = np.concatenate((x[bird], x[horse], x[ship]))
    y = np.concatenate((np.full(bird.sum(), 0), np.full(horse.sum(), 1), np.full(ship.sum(), 2)))
    rnd = np.arange(len(x))
    np.random.shuffle(rnd)
    x = x[rnd]
    y = y[rnd]
    return x, np.identity(3)[y]


(x_train, y_train), (x_test, y_test) = cifar10.load_data()
x_train, y_train = subset(x_train, y_train)
x_test, y_test = subset(x_test, y_test)


# %% 3) Examples
def show_examples(x, y, columns=10):
    chosen = np.random.randint(0, len(x), columns)
    titles = CLASS_NAMES[np.argmax(y[chosen], axis=1)]
    plt.figure(figsize=(15, 2))
    for column in range(columns):
        plt.subplot(1, columns, column + 1)
        plt.imshow(x[chosen[column]])
        plt.title(titles[column])
        plt.grid(False)
        plt.axis("off")
    plt.show()


print("training")
show_examples(x_train, y_train)
print("test")
show_examples(x_test, y_test)


# %% 4) Model
def add_cnn_block(cnn, n, rate):
    cnn.add(Conv2D(n, (3, 3), padding="same"))
    cnn.add(PReLU(shared_axes=[1, 2]))
    cnn.add(MaxPooling2D((2, 2)))
    cnn.add(Dropout(rate))


cnn = Sequential()
cnn.add(Input((32, 32, 3)))
add_cnn_block(cnn, 32, 0.1)
add_cnn_block(cnn, 64, 0.2)
add_cnn_block(cnn, 128, 0.3)
cnn.add(Flatten())
cnn.add(Dense(64, activation="tanh"))
cnn.add(Dense(3, activation="softmax"))
cnn.compile(loss="categorical_crossentropy", optimizer="adamax", metrics=["accuracy"])
cnn.summary()

# %% 5) Training
logger = CSVLogger("log.csv")
early = EarlyStopping(monitor="val_accuracy", mode="max", patience=6)
best = ModelCheckpoint("best_cnn.keras", monitor="val_accuracy", mode="max", save_best_only=True)
cnn.fit(
    x_train / 255.0, y_train,
    epochs=30, batch_size=256,
    validation_data=(x_test / 255.0, y_test),
    callbacks=[logger, early, best],
)

# %% 6) Accuracy, best model, predictions
log = pd.read_csv("log.csv")
plt.plot(log["epoch"] + 1, log["accuracy"], label="train")
plt.plot(log["epoch"] + 1, log["val_accuracy"], label="validation")
plt.title("Accuracy")
plt.xlabel("epoch")
plt.legend()
plt.show()

best_cnn = load_model("best_cnn.keras")
y_hat = best_cnn.predict(x_test / 255.0)
print("test accuracy:", (y_hat.argmax(axis=1) == y_test.argmax(axis=1)).mean())


def show_with_bars(x, probabilities, which):
    fig = plt.figure(figsize=(8, 2 * len(which)))
    gs = GridSpec(len(which), 2, width_ratios=[1, 2], hspace=0.5)
    for line, nr in enumerate(which):
        left, right = fig.add_subplot(gs[line, 0]), fig.add_subplot(gs[line, 1])
        left.imshow(x[nr])
        left.set_title(CLASS_NAMES[probabilities[nr].argmax()], fontsize=9)
        left.axis("off")
        right.barh(CLASS_NAMES, probabilities[nr], color="tab:blue")
        right.set_xlim(0, 1)
    plt.show()


show_with_bars(x_test, y_hat, np.random.choice(len(x_test), 6, replace=False))

# and some of those it gets wrong
wrong = np.flatnonzero(y_hat.argmax(axis=1) != y_test.argmax(axis=1))
print(len(wrong), "wrong predictions")
if len(wrong) > 0:
    show_examples(x_test[wrong], y_hat[wrong])
