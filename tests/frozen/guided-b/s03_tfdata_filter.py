# sound: everything as tf.data pipelines, the cut made with Dataset.filter and one-hot rows in map
# %%
# Task 1 - Set up
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

AUTOTUNE = tf.data.AUTOTUNE
keras.utils.set_random_seed(11)

# %%
# Task 2 - Pre-process
CLASS_NAMES = {0: "airplane", 1: "automobile", 8: "ship"}
NAMES = list(CLASS_NAMES.values())

# table[c] is the new number of class c, or -1 where the class is dropped
table = np.full(10, -1, dtype="int32")
table[list(CLASS_NAMES)] = np.arange(3)
TABLE = tf.constant(table)


def is_wanted(image, label):
    return tf.gather(TABLE, label) >= 0


def to_example(image, label):
    return tf.cast(image, tf.float32) / 255.0, tf.one_hot(tf.gather(TABLE, label), 3)


def make_examples(images, labels):
    ds = tf.data.Dataset.from_tensor_slices((images, labels.reshape(-1).astype("int32")))
    ds = ds.filter(is_wanted)
    ds = ds.map(to_example, num_parallel_calls=AUTOTUNE)
    return ds.cache()


(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()

train_examples = make_examples(x_train, y_train)
test_examples = make_examples(x_test, y_test)

train_ds = train_examples.shuffle(len(x_train), seed=1).batch(64).prefetch(AUTOTUNE)
test_ds = (
    test_examples.shuffle(len(x_test), seed=2, reshuffle_each_iteration=False)
    .batch(64)
    .prefetch(AUTOTUNE)
)


# %%
# Task 3 - Visualise
def show_images(examples, title, number=9):
    """Draws `number` random examples (image, one-hot or probability row)."""
    plt.figure(figsize=(7, 7))
    plt.suptitle(title)
    for position, (image, row) in enumerate(examples.shuffle(60000).take(number)):
        plt.subplot(3, 3, position + 1)
        plt.imshow(image.numpy())
        plt.title(NAMES[int(tf.argmax(row))])
        plt.axis("off")
    plt.show()


show_images(train_examples, "Training set")
show_images(test_examples, "Test set")


# %%
# Task 4 - Create the model
def add_conv_block(model, filters, dropout):
    model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(keras.layers.MaxPooling2D())
    model.add(keras.layers.Dropout(dropout))


model = keras.Sequential()
model.add(keras.layers.Input(shape=(32, 32, 3)))
add_conv_block(model, 32, 0.2)
add_conv_block(model, 64, 0.3)
model.add(keras.layers.Flatten())
model.add(keras.layers.Dense(64, activation="relu"))
model.add(keras.layers.Dense(3))
model.add(keras.layers.Softmax())
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.summary()

# %%
# Task 5 - Train
early_stopping = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=7)
checkpoint = keras.callbacks.ModelCheckpoint(
    "three_classes.keras", monitor="val_accuracy", mode="max", save_best_only=True, verbose=1
)
history = model.fit(
    train_ds, validation_data=test_ds, epochs=40, callbacks=[early_stopping, checkpoint]
)

# %%
# Task 6 - Predict
plt.plot(history.history["accuracy"], label="training accuracy")
plt.plot(history.history["val_accuracy"], label="validation accuracy")
plt.xlabel("Epoch")
plt.ylabel("Accuracy")
plt.legend()
plt.show()

best_model = keras.models.load_model("three_classes.keras")

# one pass over the test set, so that images, labels and predictions belong together
images, truth, rows = [], [], []
for batch_images, batch_labels in test_ds:
    images.append(batch_images.numpy())
    truth.append(batch_labels.numpy())
    rows.append(best_model.predict(batch_images, verbose=0))
images, truth, rows = map(np.concatenate, (images, truth, rows))
hits = rows.argmax(axis=1) == truth.argmax(axis=1)
print(f"{hits.mean():.1%} of the test images are right")

show_images(tf.data.Dataset.from_tensor_slices((images, rows)), "Predicted labels")
