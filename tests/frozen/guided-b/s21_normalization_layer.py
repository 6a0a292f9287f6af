# sound: a Normalization layer adapted to the training images, tf.data batches, functions with partial
# %%
# Task 1 - Set up
from collections import Counter
from functools import partial

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

# %%
# Task 2 - Pre-process
LABELS = {5: "dog", 7: "horse", 8: "ship"}
COLUMNS = np.array(list(LABELS))
WORDS = list(LABELS.values())


def choose(images, labels, generator):
    labels = labels.reshape(-1)
    positions = np.concatenate([np.nonzero(labels == c)[0] for c in COLUMNS])
    generator.shuffle(positions)
    images, labels = images[positions], labels[positions]
    return images, np.equal.outer(labels, COLUMNS).astype(np.float32)


train_raw, test_raw = keras.datasets.cifar10.load_data()
x_train, y_train = choose(*train_raw, np.random.default_rng(0))
x_test, y_test = choose(*test_raw, np.random.default_rng(1))
print(Counter(y_train.argmax(1).tolist()), Counter(y_test.argmax(1).tolist()))


def as_dataset(x, y, training):
    ds = tf.data.Dataset.from_tensor_slices((x, y))
    if training:
        ds = ds.shuffle(len(x))
    return ds.batch(64).prefetch(2)


train_ds = as_dataset(x_train, y_train, training=True)
val_ds = as_dataset(x_test, y_test, training=False)


# %%
# Task 3 - Visualise
def show(images, rows, heading, n=10):
    numbers = np.random.choice(len(images), min(n, len(images)), replace=False)
    fig = plt.figure(figsize=(2 * n / 2, 4.6))
    for cell, number in enumerate(numbers, 1):
        ax = fig.add_subplot(2, (n + 1) // 2, cell)
        ax.imshow(images[number])
        ax.annotate(
            WORDS[int(rows[number].argmax())],
            xy=(0.5, 1.03),
            xycoords="axes fraction",
            ha="center",
        )
        ax.axis("off")
    fig.suptitle(heading)
    plt.show()


show(x_train, y_train, "training set")
show(x_test, y_test, "test set")

# %%
# Task 4 - Create the model
Conv = partial(keras.layers.Conv2D, kernel_size=3, padding="same", activation="relu")


def block(model, filters):
    model.add(Conv(filters))
    model.add(Conv(filters))
    model.add(keras.layers.MaxPooling2D())
    model.add(keras.layers.Dropout(0.25))


def create_model(sample):
    normalize = keras.layers.Normalization(axis=-1)
    normalize.adapt(sample.astype("float32"))
    model = keras.Sequential([keras.Input((32, 32, 3)), normalize])
    block(model, 32)
    block(model, 64)
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(64, activation="relu"))
    model.add(keras.layers.Dense(len(WORDS), activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adam(5e-4),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


model = create_model(x_train)
model.summary()

# %%
# Task 5 - Train
history = model.fit(
    train_ds,
    validation_data=val_ds,
    epochs=30,
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=6),
        keras.callbacks.ModelCheckpoint(
            "normalised.keras", monitor="val_accuracy", mode="max", save_best_only=True
        ),
    ],
)

# %%
# Task 6 - Predict
fig, ax = plt.subplots()
ax.plot(history.history["accuracy"], marker="o", label="training")
ax.plot(history.history["val_accuracy"], marker="o", label="validation")
ax.set_xlabel("epoch")
ax.set_ylabel("accuracy")
ax.legend()
plt.show()

best_model = keras.models.load_model("normalised.keras")
predicted = best_model.predict(val_ds)
print("accuracy:", np.mean(predicted.argmax(axis=1) == y_test.argmax(axis=1)))
show(x_test, predicted, "predicted labels")
