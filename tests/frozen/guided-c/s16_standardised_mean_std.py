# sound: standardisation with mean and std of the training subset (also for validation and prediction), original images kept for the pictures, learning rate scheduler, global pooling
# %% Task 1
import matplotlib.pyplot as plt
import numpy as np
from keras import Input, Sequential, regularizers
from keras.callbacks import EarlyStopping, LearningRateScheduler, ModelCheckpoint
from keras.datasets import cifar10
from keras.layers import Activation, AveragePooling2D, BatchNormalization, Conv2D, Dense, Dropout, GlobalAveragePooling2D
from keras.models import load_model
from keras.optimizers import SGD
from keras.utils import to_categorical

VEHICLES = {0: "plane", 1: "car", 9: "truck"}
TITLES = [VEHICLES[k] for k in sorted(VEHICLES)]


def label_text(onehot_or_probability):
    return TITLES[np.argmax(onehot_or_probability)]


# %% Task 2
def vehicles(x, y):
    rows = [i for i, label in enumerate(y[:, 0]) if label in VEHICLES]
    np.random.shuffle(rows)
    compact = {old: new for new, old in enumerate(sorted(VEHICLES))}
    return x[rows], to_categorical([compact[int(y[i, 0])] for i in rows], len(VEHICLES))


(x0, y0), (x1, y1) = cifar10.load_data()
images_train, labels_train = vehicles(x0, y0)
images_test, labels_test = vehicles(x1, y1)

mean = images_train.mean(axis=(0, 1, 2))
std = images_train.std(axis=(0, 1, 2))
print("mean", mean, "std", std)


def standardise(images):
    return ((images - mean) / std).astype("float32")


# %% Task 3
def show_some(images, labels, n=12):
    which = np.random.choice(np.arange(len(images)), size=n, replace=False)
    fig = plt.figure(figsize=(n, 1.6))
    for column, index in enumerate(which):
        axes = fig.add_subplot(1, n, column + 1)
        axes.imshow(images[index])
        axes.axis("off")
        axes.text(16, 38, label_text(labels[index]), ha="center", va="top")
    plt.show()


show_some(images_train, labels_train)
show_some(images_test, labels_test)


# %% Task 4
def add_block(model, filters, repeat=1):
    for _ in range(repeat):
        model.add(Conv2D(filters, 3, padding="same", kernel_regularizer=regularizers.l2(5e-4)))
        model.add(BatchNormalization())
        model.add(Activation("relu"))
    model.add(AveragePooling2D(2))


def get_model(filters=(32, 64, 96)):
    model = Sequential()
    model.add(Input(shape=(32, 32, 3)))
    for f in filters:
        add_block(model, f, repeat=2)
    model.add(GlobalAveragePooling2D())
    model.add(Dropout(0.3))
    model.add(Dense(3))
    model.add(Activation("softmax"))
    model.compile(
        optimizer=SGD(learning_rate=0.05, momentum=0.9),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


vehicle_model = get_model()
vehicle_model.summary()

# %% Task 5
BEST = "vehicles_best.h5"
vehicle_history = vehicle_model.fit(
    standardise(images_train),
    labels_train,
    batch_size=128,
    epochs=30,
    validation_data=(standardise(images_test), labels_test),
    callbacks=[
        LearningRateScheduler(lambda epoch, lr: lr * 0.93),
        EarlyStopping(monitor="val_accuracy", patience=8, mode="max"),
        ModelCheckpoint(BEST, monitor="val_accuracy", save_best_only=True, mode="max"),
    ],
)

# %% Task 6
curves = vehicle_history.history
plt.plot(curves["accuracy"], label="train acc")
plt.plot(curves["val_accuracy"], label="val acc")
plt.xlabel("epochs")
plt.legend()
plt.show()

vehicle_model = load_model(BEST)
probability = vehicle_model.predict(standardise(images_test))
show_some(images_test, probability)
