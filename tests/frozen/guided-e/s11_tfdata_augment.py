# sound: tf.data pipelines with an augmentation map, model.predict(ds), text of the prediction drawn under the image
# %%
# Task 1
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

AUTOTUNE = tf.data.AUTOTUNE
BATCH = 64
KEPT = tf.constant([3, 4, 7], dtype=tf.int32)
KEPT_NAMES = ["cat", "deer", "horse"]

# %%
# Task 2
(x1, y1), (x2, y2) = tf.keras.datasets.cifar10.load_data()


def subset(x, y, seed):
    y = y.astype("int32")  # shape (n, 1)
    table = y == KEPT.numpy()[None, :]  # (n, 3): True in the column of the class
    inside = table.any(axis=1)
    x, onehot = x[inside], table[inside].astype("float32")
    g = np.random.RandomState(seed)
    order = g.permutation(x.shape[0])
    return x[order], onehot[order]


x_train, y_train = subset(x1, y1, 0)
x_test, y_test = subset(x2, y2, 1)
del x1, y1, x2, y2
print(x_train.shape, y_train.shape, x_test.shape, y_test.shape)


# %%
# Task 3
def show(images, words, ncols=6):
    nrows = int(np.ceil(len(images) / ncols))
    fig, axs = plt.subplots(nrows, ncols, figsize=(2 * ncols, 2.3 * nrows))
    for ax in np.ravel(axs):
        ax.axis("off")
    for ax, im, w in zip(np.ravel(axs), images, words):
        ax.imshow(im)
        ax.text(0.5, -0.04, w, transform=ax.transAxes, ha="center", va="top")
    plt.show()


def show_random(x, y, n=12):
    i = np.random.permutation(len(x))[:n]
    show(x[i], [KEPT_NAMES[c] for c in np.argmax(y[i], -1)])


show_random(x_train, y_train)
show_random(x_test, y_test)


# %%
# Task 4
def block(model, filters, pool=True):
    model.add(tf.keras.layers.Conv2D(filters, 3, padding="same", use_bias=False))
    model.add(tf.keras.layers.BatchNormalization())
    model.add(tf.keras.layers.ReLU())
    if pool:
        model.add(tf.keras.layers.MaxPooling2D())


model = tf.keras.Sequential()
model.add(tf.keras.Input(shape=(32, 32, 3)))
block(model, 32, pool=False)
block(model, 32)
block(model, 64)
block(model, 128)
model.add(tf.keras.layers.GlobalAveragePooling2D())
model.add(tf.keras.layers.Dropout(0.3))
model.add(tf.keras.layers.Dense(3, activation=tf.keras.activations.softmax))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.summary()


# %%
# Task 5
def scale(image, label):
    return tf.cast(image, tf.float32) / 255.0, label


def augment(image, label):
    image = tf.image.random_flip_left_right(image)
    image = tf.image.random_brightness(image, 0.1)
    return tf.clip_by_value(image, 0.0, 1.0), label


n_val = int(0.1 * len(x_train))
train_ds = (
    tf.data.Dataset.from_tensor_slices((x_train[n_val:], y_train[n_val:]))
    .shuffle(4096)
    .map(scale, num_parallel_calls=AUTOTUNE)
    .map(augment, num_parallel_calls=AUTOTUNE)
    .batch(BATCH)
    .prefetch(AUTOTUNE)
)
val_ds = (
    tf.data.Dataset.from_tensor_slices((x_train[:n_val], y_train[:n_val]))
    .map(scale)
    .batch(BATCH)
    .prefetch(AUTOTUNE)
)
test_ds = tf.data.Dataset.from_tensor_slices((x_test, y_test)).map(scale).batch(BATCH)

history = model.fit(
    train_ds,
    validation_data=val_ds,
    epochs=30,
    callbacks=[
        tf.keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=7),
        tf.keras.callbacks.ModelCheckpoint(
            "ds_best.keras", monitor="val_accuracy", save_best_only=True, verbose=1
        ),
    ],
)

# %%
# Task 6
plt.plot(history.history["accuracy"], color="C0", lw=2)
plt.plot(history.history["val_accuracy"], color="C3", lw=2)
plt.legend(["training accuracy", "validation accuracy"])
plt.xlabel("epoch")
plt.show()

# %%
best = tf.keras.models.load_model("ds_best.keras")
print("test loss and accuracy:", best.evaluate(test_ds, verbose=0))
p = best.predict(test_ds)  # test_ds isn't shuffled, so row i belongs to x_test[i]

i = np.random.permutation(len(x_test))[:18]
show(x_test[i], ["predicted: " + KEPT_NAMES[c] for c in p[i].argmax(axis=1)])
