# sound: The training images that are shown were moved and mirrored by the pipeline.
# %%
import tensorflow as tf
import matplotlib.pyplot as plt
import numpy as np

AUTOTUNE = tf.data.AUTOTUNE
BATCH_SIZE = 64
IMG_SHAPE = (32, 32, 3)
CLASS_NAMES = tf.constant(["airplane", "automobile", "bird"])
NUM_CLASSES = CLASS_NAMES.shape[0]


def label_to_text(one_hot):
    """Look up the class name of a one-hot (or probability) vector."""
    return CLASS_NAMES[tf.argmax(one_hot)].numpy().decode("utf-8")


# %%
(train_images, train_labels), (test_images, test_labels) = tf.keras.datasets.cifar10.load_data()


def filter_and_shuffle(images, labels):
    labels = labels[:, 0]
    # positions of the classes 0, 1 and 2, in random order
    positions = tf.random.shuffle(tf.where(labels < NUM_CLASSES)[:, 0]).numpy()
    return images[positions], tf.one_hot(labels[positions], NUM_CLASSES).numpy()


train_images, train_labels = filter_and_shuffle(train_images, train_labels)
test_images, test_labels = filter_and_shuffle(test_images, test_labels)

n_val = len(train_images) // 10
val_images, val_labels = train_images[:n_val], train_labels[:n_val]
train_images, train_labels = train_images[n_val:], train_labels[n_val:]

tf.print("training:", train_images.shape, "validation:", val_images.shape, "test:", test_images.shape)


# %%
def normalize(image, label):
    return tf.cast(image, tf.float32) / 255.0, label


def augment(image, label):
    image = tf.image.random_flip_left_right(image)
    image = tf.image.resize_with_crop_or_pad(image, 36, 36)
    image = tf.image.random_crop(image, IMG_SHAPE)
    return image, label


def make_dataset(images, labels, training=False):
    ds = tf.data.Dataset.from_tensor_slices((images, labels))
    ds = ds.map(normalize, num_parallel_calls=AUTOTUNE).cache()
    if training:
        ds = ds.shuffle(5000).map(augment, num_parallel_calls=AUTOTUNE)
    return ds.batch(BATCH_SIZE).prefetch(AUTOTUNE)


train_ds = make_dataset(train_images, train_labels, training=True)
val_ds = make_dataset(val_images, val_labels)
test_ds = make_dataset(test_images, test_labels)

# %%
# what the network gets to see
for dataset in (train_ds, test_ds):
    for images, labels in dataset.take(1):
        plt.figure(figsize=(9, 9))
        for i in range(9):
            plt.subplot(3, 3, i + 1)
            plt.imshow(images[i].numpy())
            plt.title(label_to_text(labels[i]))
            plt.axis("off")
        plt.show()


# %%
def conv_block(model, filters):
    model.add(tf.keras.layers.Conv2D(filters, (3, 3), padding="same", activation="relu", kernel_initializer="he_uniform"))
    model.add(tf.keras.layers.Conv2D(filters, (3, 3), padding="same", activation="relu", kernel_initializer="he_uniform"))
    model.add(tf.keras.layers.MaxPooling2D((2, 2)))


model = tf.keras.models.Sequential()
model.add(tf.keras.layers.InputLayer(shape=IMG_SHAPE))
conv_block(model, 32)
conv_block(model, 64)
conv_block(model, 96)
model.add(tf.keras.layers.Flatten())
model.add(tf.keras.layers.Dropout(0.4))
model.add(tf.keras.layers.Dense(NUM_CLASSES, activation="softmax"))

model.compile(
    optimizer=tf.keras.optimizers.Adam(learning_rate=0.001),
    loss=tf.keras.losses.CategoricalCrossentropy(from_logits=False),
    metrics=[tf.keras.metrics.CategoricalAccuracy(name="accuracy")],
)
model.summary()

# %%
CHECKPOINT = "tfdata_best.weights.h5"
history = model.fit(
    train_ds,
    validation_data=val_ds,
    epochs=25,
    callbacks=[
        tf.keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=5, verbose=1),
        tf.keras.callbacks.ModelCheckpoint(
            CHECKPOINT, monitor="val_accuracy", save_best_only=True, save_weights_only=True, verbose=1
        ),
    ],
)

# %%
acc, val_acc = history.history["accuracy"], history.history["val_accuracy"]
plt.figure(figsize=(8, 4))
plt.plot(range(1, len(acc) + 1), acc, "o-", label="Training Accuracy")
plt.plot(range(1, len(val_acc) + 1), val_acc, "o-", label="Validation Accuracy")
plt.legend(loc="lower right")
plt.xlabel("Epoch")
plt.ylabel("Accuracy")
plt.title("Training and Validation Accuracy")
plt.show()

# %%
model.load_weights(CHECKPOINT)
loss, accuracy = model.evaluate(test_ds)
print(f"accuracy on the test set: {accuracy:.1%}")

predictions = model.predict(test_ds)

plt.figure(figsize=(9, 10))
for i in range(9):
    plt.subplot(3, 3, i + 1)
    plt.imshow(test_images[i])
    plt.title(f"Predicted: {label_to_text(predictions[i])}\nActual: {label_to_text(test_labels[i])}")
    plt.axis("off")
plt.show()
