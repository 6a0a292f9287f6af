# sound: raw pixels 0..255 everywhere, Rescaling and augmentation layers inside the network, held-back part by a fraction of the shuffled set
"""CIFAR-10: horse, ship, truck - the scaling is part of the network."""

# %%
# Task 1
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

keras.utils.set_random_seed(2024)

# %%
# Task 2
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()

FIRST = 7  # horse = 7, ship = 8, truck = 9 are the last three classes
LABELS = ("horse", "ship", "truck")


def select_last_three(images, labels):
    labels = labels.squeeze(axis=-1).astype("int32")
    chosen = np.nonzero(labels >= FIRST)[0]
    chosen = np.random.permutation(chosen)
    images = images[chosen].astype("float32")
    labels = labels[chosen] - FIRST
    return images, keras.utils.to_categorical(labels, num_classes=3)


x_train, y_train = select_last_three(x_train, y_train)
x_test, y_test = select_last_three(x_test, y_test)


# %%
# Task 3
def show_random(images, onehot, caption, n=12):
    plt.figure(figsize=(9, 7))
    for place in range(1, n + 1):
        k = np.random.randint(len(images))
        plt.subplot(3, n // 3, place)
        plt.imshow(images[k].astype("uint8"))
        plt.title(LABELS[np.argmax(onehot[k])], fontsize=9)
        plt.axis("off")
    plt.suptitle(caption)
    plt.show()


show_random(x_train, y_train, "Some training images")
show_random(x_test, y_test, "Some test images")


# %%
# Task 4
def conv_block(model, filters, kernel_size=3, dropout=0.2):
    """Append conv, batch norm, relu, pooling and dropout to the model."""
    model.add(layers.Conv2D(filters, kernel_size, padding="same"))
    model.add(layers.BatchNormalization())
    model.add(layers.Activation("relu"))
    model.add(layers.MaxPooling2D(2))
    model.add(layers.Dropout(dropout))


def create_model():
    model = keras.Sequential(
        [
            keras.Input(shape=(32, 32, 3)),
            layers.Rescaling(1.0 / 255),
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(0.1, 0.1),
        ]
    )
    conv_block(model, 32)
    conv_block(model, 64)
    conv_block(model, 96, dropout=0.3)
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.05),
        optimizer=keras.optimizers.Adam(1e-3),
        metrics=["accuracy"],
    )
    return model


model = create_model()
model.summary()

# %%
# Task 5
n_val = len(x_train) // 5
x_val, y_val = x_train[:n_val], y_train[:n_val]
x_fit, y_fit = x_train[n_val:], y_train[n_val:]

history = model.fit(
    x_fit,
    y_fit,
    validation_data=(x_val, y_val),
    epochs=60,
    batch_size=64,
    callbacks=[
        keras.callbacks.EarlyStopping(
            monitor="val_loss", patience=8, restore_best_weights=True
        ),
        keras.callbacks.ModelCheckpoint(
            "checkpoint.keras", monitor="val_loss", save_best_only=True
        ),
    ],
)

# %%
# Task 6
fig, ax = plt.subplots()
ax.plot(history.epoch, history.history["accuracy"], label="training")
ax.plot(history.epoch, history.history["val_accuracy"], label="validation")
ax.set_xlabel("epoch")
ax.set_ylabel("accuracy")
ax.legend()
plt.show()

best = keras.models.load_model("checkpoint.keras")
y_hat = best.predict(x_test)
show_random(x_test, y_hat, "Predicted labels")
