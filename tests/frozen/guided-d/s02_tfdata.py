# sound: tf.data with filter, map, cache, shuffle, batch and prefetch; validation by take and skip; watches val_loss.

# %% [markdown]
# # Three-class CIFAR with a `tf.data` pipeline
# ### 1. Imports and helpers

# %%
get_ipython().run_line_magic('matplotlib', 'inline')
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

AUTO = tf.data.AUTOTUNE
BATCH = 64
KEEP = tf.constant([0, 1, 8], dtype=tf.int64)
NAMES = ["airplane", "automobile", "ship"]

# %% [markdown]
# ### 2. Data: vehicles only

# %%
(raw_x, raw_y), (raw_xt, raw_yt) = tf.keras.datasets.cifar10.load_data()

# %%
def vehicles(x, y):
    ds = tf.data.Dataset.from_tensor_slices((x, y.reshape(-1).astype("int64")))
    ds = ds.filter(lambda image, label: tf.reduce_any(tf.equal(KEEP, label)))

    def relabel(image, label):
        position = tf.argmax(tf.cast(tf.equal(KEEP, label), tf.int32))
        return image, tf.one_hot(position, depth=3)

    return ds.map(relabel, num_parallel_calls=AUTO).cache()

# %%
full_train = vehicles(raw_x, raw_y).shuffle(15000, seed=11, reshuffle_each_iteration=False)
test_ds = vehicles(raw_xt, raw_yt).shuffle(3000, seed=11, reshuffle_each_iteration=False)

val_ds = full_train.take(3000)
train_ds = full_train.skip(3000)

# %% [markdown]
# ### 3. Look at the images

# %%
def peek(ds, title, n=12):
    fig, axes = plt.subplots(2, n // 2, figsize=(n, 4.5))
    fig.suptitle(title)
    sample = ds.shuffle(15000).take(n)
    for ax, (image, onehot) in zip(axes.flat, sample.as_numpy_iterator()):
        ax.imshow(image)
        ax.set_title(NAMES[onehot.argmax()])
        ax.axis("off")
    plt.show()

peek(train_ds, "training")

# %%
peek(test_ds, "test")

# %% [markdown]
# ### 4. Model

# %%
def conv_block(model, width, drop):
    for _ in range(2):
        model.add(layers.Conv2D(width, 3, padding="same", use_bias=False))
        model.add(layers.BatchNormalization())
        model.add(layers.Activation("relu"))
    model.add(layers.MaxPooling2D())
    model.add(layers.Dropout(drop))
    return model

# %%
model = tf.keras.Sequential([layers.Input((32, 32, 3))])
model = conv_block(model, 32, 0.2)
model = conv_block(model, 64, 0.3)
model = conv_block(model, 96, 0.4)
model.add(layers.GlobalAveragePooling2D())
model.add(layers.Dense(3, activation="softmax"))
model.compile(tf.keras.optimizers.Adam(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
model.summary()

# %% [markdown]
# ### 5. Training

# %%
def to_unit(image, label):
    return tf.cast(image, tf.float32) / 255.0, label

train_batches = train_ds.shuffle(12000).map(to_unit, num_parallel_calls=AUTO).batch(BATCH).prefetch(AUTO)
val_batches = val_ds.map(to_unit, num_parallel_calls=AUTO).batch(BATCH).cache().prefetch(AUTO)
test_batches = test_ds.map(to_unit, num_parallel_calls=AUTO).batch(BATCH).prefetch(AUTO)

# %%
history = model.fit(
    train_batches,
    epochs=25,
    validation_data=val_batches,
    callbacks=[
        tf.keras.callbacks.EarlyStopping(monitor="val_loss", patience=5),
        tf.keras.callbacks.ModelCheckpoint("vehicles.keras", monitor="val_loss", save_best_only=True),
    ],
)

# %% [markdown]
# ### 6. Curves and predictions

# %%
epochs = np.arange(1, len(history.history["accuracy"]) + 1)
plt.plot(epochs, history.history["accuracy"], marker="o", label="train")
plt.plot(epochs, history.history["val_accuracy"], marker="s", label="validation")
plt.xlabel("epoch")
plt.title("accuracy")
plt.legend()
plt.show()

# %%
best = tf.keras.models.load_model("vehicles.keras")
print(best.evaluate(test_batches, return_dict=True))

# %%
images, onehots = next(iter(test_batches))
guess = tf.argmax(best.predict(images), axis=1).numpy()
fig, axes = plt.subplots(3, 6, figsize=(12, 7))
for k, ax in enumerate(axes.flat):
    ax.imshow(images[k])
    ax.set_title(NAMES[guess[k]])
    ax.axis("off")
plt.show()
