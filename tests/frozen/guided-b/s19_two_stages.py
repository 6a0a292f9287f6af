# sound: two trainings after one another, the second from the best epoch at a lower rate, curves joined
# %%
# Task 1 - Set up
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from sklearn.model_selection import train_test_split

# %%
# Task 2 - Pre-process
CLASSES = [0, 3, 9]
NAMES = ["airplane", "cat", "truck"]
FILE = "two_stages.keras"


def pick_classes(x, y, classes=CLASSES):
    y = np.squeeze(y)
    keep = np.isin(y, classes)
    perm = np.random.default_rng(17).permutation(int(keep.sum()))
    return x[keep][perm], y[keep][perm]


def one_hot(y, classes=CLASSES):
    return np.stack([y == c for c in classes], axis=1).astype("float32")


(x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_all, y_all = pick_classes(x_all, y_all)
x_test, y_test = pick_classes(x_test, y_test)
x_train, x_val, y_train, y_val = train_test_split(x_all, y_all, test_size=0.2, stratify=y_all)
y_train, y_val, y_test = one_hot(y_train), one_hot(y_val), one_hot(y_test)


def scale(x):
    return x.astype("float32") / 255.0


# %%
# Task 3 - Visualise
def show(x, labels, title):
    fig, axes = plt.subplots(2, 6, figsize=(13, 5))
    for ax, i in zip(axes.ravel(), np.random.permutation(len(x))[:12]):
        ax.imshow(x[i])
        ax.set_title(NAMES[labels[i].argmax()])
        ax.axis("off")
    fig.suptitle(title)
    plt.show()


show(x_train, y_train, "training set")
show(x_test, y_test, "test set")


# %%
# Task 4 - Create the model
def conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same"))
    model.add(layers.BatchNormalization())
    model.add(layers.Activation("gelu"))
    model.add(layers.MaxPooling2D())
    model.add(layers.Dropout(0.2))


def create_model():
    model = keras.Sequential([keras.Input(shape=(32, 32, 3))])
    conv_block(model, 32)
    conv_block(model, 64)
    conv_block(model, 128)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(3, activation="softmax"))
    return model


def compile_with(model, rate):
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )


model = create_model()
compile_with(model, 1e-3)
model.summary()

# %%
# Task 5 - Train
stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=5)
save = keras.callbacks.ModelCheckpoint(
    FILE, monitor="val_accuracy", mode="max", save_best_only=True
)
first = model.fit(
    scale(x_train),
    y_train,
    batch_size=64,
    epochs=25,
    validation_data=(scale(x_val), y_val),
    callbacks=[stop, save],
)

best_so_far = max(first.history["val_accuracy"])
model = keras.models.load_model(FILE)
compile_with(model, 1e-4)
second = model.fit(
    scale(x_train),
    y_train,
    batch_size=64,
    epochs=15,
    validation_data=(scale(x_val), y_val),
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=4),
        # the file is only overwritten by an epoch that beats the first training
        keras.callbacks.ModelCheckpoint(
            FILE,
            monitor="val_accuracy",
            mode="max",
            save_best_only=True,
            initial_value_threshold=best_so_far,
        ),
    ],
)

# %%
# Task 6 - Predict
plt.figure()
for key, label in [("accuracy", "training"), ("val_accuracy", "validation")]:
    plt.plot(first.history[key] + second.history[key], label=label)
plt.axvline(len(first.history["accuracy"]) - 0.5, color="k", linestyle=":")
plt.xlabel("epoch")
plt.ylabel("accuracy")
plt.legend()
plt.show()

best = keras.models.load_model(FILE)
print("test:", best.evaluate(scale(x_test), y_test, verbose=0))
predictions = best.predict(scale(x_test))
show(x_test, predictions, "test set, predicted labels")
