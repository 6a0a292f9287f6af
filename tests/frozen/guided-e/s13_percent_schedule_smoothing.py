# sound: accuracies in percent with the x axis from 1, SGD with an ExponentialDecay schedule, label smoothing
# %%
# Part 1
import numpy as np
import matplotlib.pyplot as plt
import matplotlib.ticker as mticker
import tensorflow as tf
from tensorflow import keras

vehicle_names = ["airplane", "ship", "truck"]
vehicle_codes = [0, 8, 9]

# %%
# Part 2
(images_train, codes_train), (images_test, codes_test) = keras.datasets.cifar10.load_data()

# recoding table: old code -> new code, -1 = not used
recode = np.full(10, -1)
for new, old in enumerate(vehicle_codes):
    recode[old] = new


def take_vehicles(images, codes):
    new = recode[codes[:, 0]]
    used = new >= 0
    images, new = images[used], new[used]
    idx = np.arange(len(new))
    np.random.shuffle(idx)
    return images[idx], keras.utils.to_categorical(new[idx], 3)


images_train, onehot_train = take_vehicles(images_train, codes_train)
images_test, onehot_test = take_vehicles(images_test, codes_test)
print("Training:", images_train.shape, onehot_train.shape)
print("Test:    ", images_test.shape, onehot_test.shape)


# %%
# Part 3
def gallery(images, captions):
    n = len(images)
    fig, axes = plt.subplots(nrows=n // 4, ncols=4, figsize=(8, 2.2 * (n // 4)))
    for ax, image, caption in zip(axes.reshape(-1), images, captions):
        ax.imshow(image, interpolation="nearest")
        ax.set_title(caption)
        ax.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
    fig.tight_layout()
    plt.show()


def random_gallery(images, onehot, n=8):
    picks = np.random.choice(images.shape[0], n, replace=False)
    gallery(images[picks], [vehicle_names[np.argmax(onehot[p])] for p in picks])


random_gallery(images_train, onehot_train)
random_gallery(images_test, onehot_test)


# %%
# Part 4
def add_convolutional_block(model, filters, dropout_rate):
    model.add(keras.layers.Conv2D(filters, (3, 3), padding="same"))
    model.add(keras.layers.Activation("relu"))
    model.add(keras.layers.BatchNormalization())  # after the activation
    model.add(keras.layers.MaxPooling2D(pool_size=(2, 2)))
    model.add(keras.layers.Dropout(dropout_rate))


model = keras.models.Sequential()
model.add(keras.layers.Input(shape=(32, 32, 3)))
for filters, rate in [(32, 0.1), (64, 0.2), (128, 0.3)]:
    add_convolutional_block(model, filters, rate)
model.add(keras.layers.Flatten())
model.add(keras.layers.Dense(units=64, activation="relu"))
model.add(keras.layers.Dense(units=3, activation="softmax"))

schedule = keras.optimizers.schedules.ExponentialDecay(
    initial_learning_rate=0.02, decay_steps=500, decay_rate=0.9
)
model.compile(
    optimizer=keras.optimizers.SGD(learning_rate=schedule, momentum=0.9, nesterov=True),
    loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
    metrics=["accuracy"],
)
model.summary()

# %%
# Part 5
inputs_train = images_train.astype(np.float32) / 255.0
inputs_test = images_test.astype(np.float32) / 255.0

history = model.fit(
    inputs_train,
    onehot_train,
    validation_data=(inputs_test, onehot_test),
    epochs=30,
    batch_size=64,
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=6, min_delta=0.001),
        keras.callbacks.ModelCheckpoint(
            "vehicles.keras", monitor="val_accuracy", save_best_only=True
        ),
    ],
)

# %%
# Part 6, accuracy in percent
train_percent = 100 * np.array(history.history["accuracy"])
val_percent = 100 * np.array(history.history["val_accuracy"])
epochs = np.arange(1, len(train_percent) + 1)

fig, ax = plt.subplots()
ax.plot(epochs, train_percent, label="Training")
ax.plot(epochs, val_percent, label="Validation")
ax.xaxis.set_major_locator(mticker.MaxNLocator(integer=True))
ax.yaxis.set_major_formatter(mticker.PercentFormatter())
ax.set_xlabel("Epoch")
ax.set_ylabel("Accuracy")
ax.legend()
plt.show()

# %%
# Part 6, predictions
best_model = keras.models.load_model("vehicles.keras")
picks = np.random.choice(images_test.shape[0], 12, replace=False)
output = best_model.predict(inputs_test[picks])
gallery(
    images_test[picks],
    [f"{vehicle_names[o.argmax()]} {100 * o.max():.0f}%" for o in output],
)
