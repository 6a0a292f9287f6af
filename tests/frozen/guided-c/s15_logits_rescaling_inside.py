# sound: pixel values stay 0..255 everywhere because a Rescaling layer is part of the model, augmentation layers, logits with from_logits=True, softmax only for the shown confidence
# %%
#############################
# 1) libraries and helpers  #
#############################
import numpy as np
import tensorflow as tf
import matplotlib.pyplot as plt
from tensorflow.keras import Sequential, layers, losses, models
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint

print("TensorFlow", tf.__version__, "/ GPUs:", len(tf.config.list_physical_devices("GPU")))

# %%
#############################
# 2) data                   #
#############################
(x_tr, y_tr), (x_te, y_te) = tf.keras.datasets.cifar10.load_data()

# deer, dog, frog are numbers 4, 5, 6 - so minus 4 gives 0, 1, 2
ANIMALS = ["deer", "dog", "frog"]


def keep_animals(x, y):
    y = y.astype(int).flatten() - 4
    ok = np.logical_and(y >= 0, y < 3)
    x, y = x[ok], y[ok]
    new_order = np.random.permutation(len(y))
    return x[new_order], tf.keras.utils.to_categorical(y[new_order], 3)


x_tr, y_tr = keep_animals(x_tr, y_tr)
x_te, y_te = keep_animals(x_te, y_te)
print(x_tr.shape, x_tr.dtype, x_tr.max(), y_tr.shape)

# %%
#############################
# 3) plot some examples     #
#############################


def plot_some(x, text, caption):
    """x: images, text: what to write below each of them"""
    plt.figure(figsize=(9, 4))
    for place, nr in enumerate(np.random.choice(len(x), 10, replace=False)):
        plt.subplot(2, 5, place + 1)
        plt.imshow(x[nr])
        plt.xlabel(text[nr])
        plt.xticks([])
        plt.yticks([])
    plt.suptitle(caption)
    plt.show()


plot_some(x_tr, [ANIMALS[k] for k in y_tr.argmax(axis=1)], "some training images")
plot_some(x_te, [ANIMALS[k] for k in y_te.argmax(axis=1)], "some test images")

# %%
#############################
# 4) model                  #
#############################


def conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D())


model = Sequential(
    [
        layers.Input(shape=(32, 32, 3)),
        layers.Rescaling(1.0 / 255),
        layers.RandomFlip("horizontal"),
        layers.RandomTranslation(0.1, 0.1),
    ]
)
conv_block(model, 32)
conv_block(model, 64)
model.add(layers.Flatten())
model.add(layers.Dropout(0.4))
model.add(layers.Dense(64, activation="relu"))
model.add(layers.Dense(3))

model.compile(
    optimizer="adam",
    loss=losses.CategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.summary()

# %%
#############################
# 5) training               #
#############################
history = model.fit(
    x_tr,
    y_tr,
    epochs=25,
    batch_size=64,
    validation_data=(x_te, y_te),
    callbacks=[
        EarlyStopping(monitor="val_accuracy", patience=5, mode="max"),
        ModelCheckpoint("best_animals.keras", monitor="val_accuracy", mode="max", save_best_only=True),
    ],
)

# %%
#############################
# 6) results                #
#############################
plt.plot(history.history["accuracy"], label="accuracy")
plt.plot(history.history["val_accuracy"], label="val_accuracy")
plt.xlabel("Epoch")
plt.ylabel("Accuracy")
plt.legend(loc="lower right")
plt.show()

best = models.load_model("best_animals.keras")
logits = best.predict(x_te)
confidence = tf.nn.softmax(logits, axis=-1).numpy()
captions = [f"{ANIMALS[c.argmax()]} ({100 * c.max():.0f} %)" for c in confidence]
plot_some(x_te, captions, "test images with predictions")
