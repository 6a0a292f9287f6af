# %%
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
import random
import tensorflow as tf
import numpy as np
import matplotlib.pyplot as plt
from keras.models import Sequential
from keras.layers import Conv2D, Dense, MaxPooling2D, AveragePooling2D, Dropout, Lambda, Input, GlobalAveragePooling2D
from keras.callbacks import EarlyStopping, ModelCheckpoint, LearningRateScheduler, CSVLogger, TerminateOnNaN, Callback
from keras.datasets import cifar10
from keras.utils import to_categorical
import keras

random.seed(42); np.random.seed(42); tf.random.set_seed(42)
plt.rcParams["figure.figsize"] = (10, 6)
print("GPU:", tf.config.list_physical_devices("GPU"))

# %%
CLASS_NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
MEAN = np.array([0.4914, 0.4822, 0.4465], dtype="float32")
STD = np.array([0.2470, 0.2435, 0.2616], dtype="float32")


def normalise(x):
    x = np.asarray(x, dtype="float32") / 255
    return (x - MEAN) / STD


# %%
def subset_data(x, y, classes=(0, 1, 2), seed=None):
    pairs = [(image, list(classes).index(label)) for image, label in zip(x, np.reshape(y, -1)) if label in list(classes)]
    random.Random(seed).shuffle(pairs)
    images = np.stack([p[0] for p in pairs])
    labels = to_categorical([p[1] for p in pairs], len(classes))
    return images, labels


# %%
def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    chosen = random.Random(seed).sample(range(len(x)), k=min(count, len(x)))
    n_rows = int(np.ceil(len(chosen) / 5))
    fig, axes = plt.subplots(n_rows, 5, squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, i in zip(axes.flat, chosen):
        ax.imshow(x[i])
        text = "true: " + class_names[list(y[i]).index(1)]
        if predictions is not None:
            text = text + ", predicted: " + class_names[list(predictions[i]).index(max(predictions[i]))]
        ax.set_title(text, {"fontsize": 7})
    return fig


# %%
def add_conv_block(model, filters, kernel=3, dropout=0.25):
    model.add(Conv2D(filters, (kernel, kernel), activation="relu", padding="same", kernel_initializer="he_uniform"))
    model.add(Conv2D(filters, (kernel, kernel), activation="relu", padding="same", kernel_initializer="he_uniform"))
    model.add(AveragePooling2D((2, 2)))
    model.add(Dropout(dropout))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3, lr=0.001):
    model = Sequential()
    model.add(Conv2D(16, 3, padding="same", activation="relu", input_shape=input_shape))
    add_conv_block(model, 32)
    add_conv_block(model, 64, dropout=0.35)
    model.add(GlobalAveragePooling2D())
    model.add(Dense(num_classes, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=tf.keras.optimizers.RMSprop(learning_rate=lr), metrics=["accuracy", "Precision"])
    return model


# %%
class PrintEpoch(Callback):
    def on_epoch_end(self, epoch, logs=None):
        print(f"epoch {epoch + 1}: {logs}")


def schedule(epoch, lr):
    return lr if epoch < 10 else lr * 0.9


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    x_train, x_val = normalise(x_train), normalise(x_val)
    counts = y_train.sum(axis=0)
    class_weight = {i: len(y_train) / (len(counts) * max(counts[i], 1)) for i in range(len(counts))}
    all_callbacks = [
        EarlyStopping(monitor="val_accuracy", mode="max", patience=patience, verbose=0),
        ModelCheckpoint(os.path.join(os.getcwd(), checkpoint_path), monitor="val_accuracy", mode="max", save_best_only=True),
        LearningRateScheduler(schedule),
        CSVLogger("training.csv"),
        TerminateOnNaN(),
        PrintEpoch(),
    ]
    all_callbacks.extend(callbacks)
    return model.fit(x=x_train, y=y_train, batch_size=batch_size, epochs=epochs, verbose=2, callbacks=all_callbacks,
                     validation_data=(x_val, y_val), class_weight=class_weight)


# %%
def plot_history(history):
    h = history.history if hasattr(history, "history") else history
    fig = plt.figure(figsize=(12, 4))
    plt.subplot(1, 2, 1)
    plt.plot(h["accuracy"], "r", label="accuracy")
    plt.plot(h["val_accuracy"], "b", label="val_accuracy")
    plt.xlabel("epochs"); plt.ylabel("accuracy"); plt.legend()
    plt.subplot(1, 2, 2)
    plt.plot(h["val_loss"], "r", label="val_loss")
    plt.plot(h["loss"], "b", label="loss")
    plt.xlabel("epochs"); plt.ylabel("loss"); plt.legend()
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    return model.predict(normalise(x), batch_size=64, verbose=0)


# %%
(x_train, y_train), (x_test, y_test) = cifar10.load_data()
assert x_train.shape == (50000, 32, 32, 3)
assert y_train.shape == (50000, 1)
print(x_train.shape, x_train.min(), x_train.max())
