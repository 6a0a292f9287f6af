# sound: tf.data filters, shuffles, one-hot encodes and feeds fit; arrays are drawn out of the data sets for pictures and predictions
# %% Task 1
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

AUTO = tf.data.AUTOTUNE
CHOSEN = [0, 3, 9]
CHOSEN_NAMES = ["airplane", "cat", "truck"]
BATCH = 64

# %% Task 2
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()


def is_chosen(image, label):
    return tf.reduce_any(tf.equal(tf.cast(label[0], tf.int32), CHOSEN))


def encode(image, label):
    match = tf.equal(tf.cast(label[0], tf.int32), CHOSEN)
    position = tf.argmax(tf.cast(match, tf.int32))
    return tf.cast(image, tf.float32) / 255.0, tf.one_hot(position, len(CHOSEN))


def three_class_arrays(images, labels):
    ds = tf.data.Dataset.from_tensor_slices((images, labels))
    ds = ds.filter(is_chosen)
    ds = ds.map(encode, num_parallel_calls=AUTO)
    ds = ds.shuffle(len(images), reshuffle_each_iteration=False)
    pairs = list(ds.as_numpy_iterator())
    return np.stack([p[0] for p in pairs]), np.stack([p[1] for p in pairs])


x_train, y_train = three_class_arrays(x_train, y_train)
x_test, y_test = three_class_arrays(x_test, y_test)
print(x_train.shape, y_train.shape, x_test.shape, y_test.shape)

train_ds = tf.data.Dataset.from_tensor_slices((x_train, y_train))
train_ds = train_ds.shuffle(2048).batch(BATCH).prefetch(AUTO)
test_ds = tf.data.Dataset.from_tensor_slices((x_test, y_test))
test_ds = test_ds.batch(BATCH).prefetch(AUTO)


# %% Task 3
def show_some(images, labels, amount=6):
    plt.figure(figsize=(12, 2.5))
    for column, i in enumerate(np.random.choice(len(images), amount, replace=False)):
        plt.subplot(1, amount, column + 1)
        plt.imshow(images[i])
        plt.title(CHOSEN_NAMES[labels[i].argmax()])
        plt.axis("off")
    plt.show()


show_some(x_train, y_train)
show_some(x_test, y_test)


# %% Task 4
def add_conv_block(model, filters):
    model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(keras.layers.Conv2D(filters, 3, activation="relu"))
    model.add(keras.layers.AveragePooling2D())
    model.add(keras.layers.SpatialDropout2D(0.1))


def create_model(n_classes):
    model = keras.Sequential()
    model.add(keras.layers.Input((32, 32, 3)))
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(96, activation="relu"))
    model.add(keras.layers.Dense(n_classes, activation="softmax"))
    model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


model = create_model(len(CHOSEN))
model.summary()

# %% Task 5
history = model.fit(
    train_ds,
    epochs=40,
    validation_data=test_ds,
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=4),
        keras.callbacks.ModelCheckpoint(
            "tfdata_best.keras", monitor="val_loss", save_best_only=True
        ),
    ],
)

# %% Task 6
plt.plot(history.history["accuracy"], label="accuracy")
plt.plot(history.history["val_accuracy"], label="val_accuracy")
plt.legend(loc="lower right")
plt.show()

model = keras.models.load_model("tfdata_best.keras")
predicted = model.predict(test_ds)
print("accuracy:", np.mean(predicted.argmax(axis=1) == y_test.argmax(axis=1)))
show_some(x_test, predicted)
