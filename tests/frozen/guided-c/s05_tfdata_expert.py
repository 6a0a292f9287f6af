# sound: tf.data pipelines for fit and predict (augmentation in map), one-hot with tf.one_hot, numpy kept for the pictures
# %%
"""1. Libraries"""
import numpy as np
import tensorflow as tf
from matplotlib import pyplot as plt

keras = tf.keras
AUTOTUNE = tf.data.AUTOTUNE
BATCH = 128
SEED = 1234

keras.utils.set_random_seed(SEED)

# %%
"""2. CIFAR-10 -> automobile, deer, truck"""
WANTED = (1, 4, 9)
NAMES = ("automobile", "deer", "truck")


def subset(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    labels = np.squeeze(labels, axis=-1)
    lookup = np.full(10, -1)
    lookup[list(WANTED)] = np.arange(3)
    new = lookup[labels]
    keep = np.nonzero(new >= 0)[0]
    np.random.shuffle(keep)
    return images[keep], tf.one_hot(new[keep], depth=3).numpy()


train_raw, test_raw = keras.datasets.cifar10.load_data()
train_images, train_labels = subset(*train_raw)
test_images, test_labels = subset(*test_raw)


def rescale(image, label):
    return tf.image.convert_image_dtype(image, tf.float32), label


def augment(image, label):
    image = tf.image.random_flip_left_right(image)
    image = tf.image.random_brightness(image, 0.1)
    return tf.clip_by_value(image, 0.0, 1.0), label


train_ds = (
    tf.data.Dataset.from_tensor_slices((train_images, train_labels))
    .shuffle(len(train_images), reshuffle_each_iteration=True)
    .map(rescale, num_parallel_calls=AUTOTUNE)
    .map(augment, num_parallel_calls=AUTOTUNE)
    .batch(BATCH)
    .prefetch(AUTOTUNE)
)
# never shuffled again, so that predictions stay in the order of test_images
test_ds = (
    tf.data.Dataset.from_tensor_slices((test_images, test_labels))
    .map(rescale, num_parallel_calls=AUTOTUNE)
    .batch(BATCH)
    .prefetch(AUTOTUNE)
)


# %%
"""3. Random examples of a set"""


def gallery(images, labels, caption, rows=2, cols=5):
    picks = np.random.choice(len(images), size=rows * cols, replace=False)
    figure, axes = plt.subplots(rows, cols, figsize=(2 * cols, 2.2 * rows))
    for pick, axis in zip(picks, axes.ravel()):
        axis.imshow(images[pick])
        axis.set(title=NAMES[np.argmax(labels[pick])], xticks=[], yticks=[])
    figure.suptitle(caption)
    plt.show()


gallery(train_images, train_labels, "training set")
gallery(test_images, test_labels, "test set")


# %%
"""4. Model"""


def conv_block(model: keras.Sequential, filters: int, dropout: float) -> None:
    for _ in range(2):
        model.add(
            keras.layers.Conv2D(
                filters, 3, padding="same", kernel_initializer="he_normal",
                kernel_regularizer=keras.regularizers.L2(1e-4),
            )
        )
        model.add(keras.layers.BatchNormalization())
        model.add(keras.layers.ReLU())
    model.add(keras.layers.MaxPooling2D())
    model.add(keras.layers.Dropout(dropout))


model = keras.Sequential([keras.layers.Input(shape=(32, 32, 3))])
for filters, dropout in ((32, 0.2), (64, 0.3), (128, 0.4)):
    conv_block(model, filters, dropout)
model.add(keras.layers.GlobalAveragePooling2D())
model.add(keras.layers.Dense(3, activation="softmax"))
model.compile(
    optimizer=keras.optimizers.AdamW(learning_rate=1e-3, weight_decay=1e-4),
    loss="categorical_crossentropy",
    metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
)
model.summary()

# %%
"""5. Training"""
CHECKPOINT = "checkpoints/cifar3.keras"
history = model.fit(
    train_ds,
    validation_data=test_ds,
    epochs=40,
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=8),
        keras.callbacks.ModelCheckpoint(
            CHECKPOINT, monitor="val_accuracy", mode="max", save_best_only=True
        ),
        keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=3),
    ],
    verbose=2,
)

# %%
"""6. Results"""
epochs = np.arange(1, len(history.epoch) + 1)
fig, ax = plt.subplots()
ax.plot(epochs, history.history["accuracy"], label="training accuracy")
ax.plot(epochs, history.history["val_accuracy"], label="validation accuracy")
ax.set(xlabel="epoch", ylabel="accuracy")
ax.legend(loc="lower right")
plt.show()

best = keras.models.load_model(CHECKPOINT)
probabilities = best.predict(test_ds)
print(dict(zip(best.metrics_names, best.evaluate(test_ds, verbose=0))))
gallery(test_images, probabilities, "what the best model says")
