# task: 3
# bug: the example images carry no label at all
# %% [markdown]
# # CIFAR-10 with three classes
# ## Task 1

# %%
import numpy as np
import tensorflow as tf
import matplotlib.pyplot as plt

np.random.seed(0)
tf.random.set_seed(0)

# %% [markdown]
# ## Task 2

# %%
(x_train, y_train), (x_test, y_test) = tf.keras.datasets.cifar10.load_data()


def get_three_classes(x, y, classes=(0, 8, 9)):
    where = np.concatenate([np.where(y[:, 0] == c)[0] for c in classes])
    numbers = np.concatenate([np.full((y[:, 0] == c).sum(), i) for i, c in enumerate(classes)])
    together = np.random.permutation(len(where))
    return x[where][together], tf.keras.utils.to_categorical(numbers[together], len(classes))


x_train, y_train = get_three_classes(x_train, y_train)
x_test, y_test = get_three_classes(x_test, y_test)

mean = x_train.mean(axis=(0, 1, 2))
std = x_train.std(axis=(0, 1, 2))


def standardise(x):
    return ((x - mean) / std).astype("float32")


# %% [markdown]
# ## Task 3

# %%
vehicle = {0: "airplane", 1: "ship", 2: "truck"}


def show_random_examples(x, y, p):
    fig, axes = plt.subplots(2, 4, figsize=(8, 5))
    for ax, i in zip(axes.flat, np.random.choice(len(x), 8, replace=False)):
        ax.imshow(x[i])
        ax.set(xticks=[], yticks=[])
    plt.show()


show_random_examples(x_train, y_train, y_train)
show_random_examples(x_test, y_test, y_test)

# %% [markdown]
# ## Task 4

# %%
def conv_block(m, f):
    m.add(tf.keras.layers.Conv2D(f, 3, padding="same", activation="relu"))
    m.add(tf.keras.layers.BatchNormalization())
    m.add(tf.keras.layers.MaxPooling2D())
    return m


def create_model():
    m = tf.keras.Sequential([tf.keras.Input((32, 32, 3))])
    conv_block(m, 32)
    conv_block(m, 64)
    conv_block(m, 128)
    m.add(tf.keras.layers.Flatten())
    m.add(tf.keras.layers.Dense(3, "softmax"))
    m.compile(optimizer="sgd", loss="categorical_crossentropy", metrics=["accuracy"])
    return m


model = create_model()
model.summary()

# %% [markdown]
# ## Task 5

# %%
history = model.fit(
    standardise(x_train), y_train,
    validation_data=(standardise(x_test), y_test),
    epochs=30, batch_size=32,
    callbacks=[
        tf.keras.callbacks.EarlyStopping(monitor="val_loss", patience=5),
        tf.keras.callbacks.ModelCheckpoint("vehicles.{epoch:02d}-{val_loss:.2f}.keras", monitor="val_loss", save_best_only=True),
    ],
)

# %% [markdown]
# ## Task 6

# %%
plt.plot(history.history["accuracy"])
plt.plot(history.history["val_accuracy"])
plt.legend(["train", "val"])
plt.show()

# %%
best_epoch = int(np.argmin(history.history["val_loss"]))
best_name = "vehicles.{:02d}-{:.2f}.keras".format(best_epoch + 1, history.history["val_loss"][best_epoch])
best = tf.keras.models.load_model(best_name)
preds = best.predict(standardise(x_test))
show_random_examples(x_test, y_test, preds)
for i in range(6):
    plt.imshow(x_test[i])
    plt.title(vehicle[preds[i].argmax()])
    plt.show()
