# sound: plt.subplot_mosaic layouts, sorted() instead of argmax, an extra confusion matrix besides the images
# %%
"""Task 1: imports."""
import string

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from tensorflow.keras.layers import AveragePooling2D, Conv2D, Dense, Dropout, Flatten, Rescaling

letters = string.ascii_uppercase
transport = ["automobile", "ship", "airplane"]
transport_ids = [1, 8, 0]


def most_likely(row):
    """Name that belongs to the largest entry."""
    ranked = sorted(zip(row, transport), key=lambda pair: pair[0], reverse=True)
    return ranked[0][1]


# %%
"""Task 2: data."""
((img_tr, lab_tr), (img_te, lab_te)) = tf.keras.datasets.cifar10.load_data()


def cut_down(img, lab, seed):
    lab = lab.astype(int).ravel()
    new_number = {old: new for new, old in enumerate(transport_ids)}
    keep = np.array([number in new_number for number in lab])
    new = np.vectorize(new_number.get)(lab[keep])
    data = list(zip(img[keep], tf.keras.utils.to_categorical(new, 3)))
    order = np.random.default_rng(seed).permutation(len(data))
    return np.array([data[i][0] for i in order]), np.array([data[i][1] for i in order])


img_tr, lab_tr = cut_down(img_tr, lab_tr, 21)
img_te, lab_te = cut_down(img_te, lab_te, 22)
print(img_tr.shape, lab_tr.shape, img_te.shape, lab_te.shape)


# %%
"""Task 3: random examples."""


def show_mosaic(images, names, title):
    fig, axd = plt.subplot_mosaic("ABCDE\nFGHIJ", figsize=(10, 4.6), layout="constrained")
    for letter, image, name in zip(letters, images, names):
        axd[letter].imshow(image)
        axd[letter].set_title(name, fontsize=10, fontweight="bold")
        axd[letter].axis("off")
    fig.suptitle(title)
    plt.show()


def show_random(images, labels, title):
    sample = np.random.choice(len(images), 10, replace=False)
    show_mosaic(images[sample], [most_likely(labels[s]) for s in sample], title)


show_random(img_tr, lab_tr, "From the training set")
show_random(img_te, lab_te, "From the test set")

# %%
"""Task 4: model."""
net = tf.keras.Sequential([tf.keras.Input(shape=(32, 32, 3)), Rescaling(1.0 / 255)])


def convolutional_block(net, filters, *, convs=1, dropout=0.0):
    for _ in range(convs):
        net.add(Conv2D(filters, kernel_size=3, padding="same", activation="relu"))
    net.add(AveragePooling2D(pool_size=2))
    if dropout > 0:
        net.add(Dropout(dropout))


convolutional_block(net, 32)
convolutional_block(net, 64, convs=2, dropout=0.2)
convolutional_block(net, 128, dropout=0.3)
net.add(Flatten())
net.add(Dense(64, activation="relu"))
net.add(Dense(3, activation="softmax"))
net.compile(
    loss=tf.keras.losses.CategoricalCrossentropy(),
    optimizer=tf.keras.optimizers.Adam(learning_rate=1e-3),
    metrics=["accuracy"],
)
net.summary()

# %%
"""Task 5: fit; the last sixth of the training images is for validation."""
limit = len(img_tr) * 5 // 6
record = net.fit(
    x=img_tr[:limit],
    y=lab_tr[:limit],
    validation_data=(img_tr[limit:], lab_tr[limit:]),
    epochs=30,
    batch_size=64,
    verbose=2,
    callbacks=[
        tf.keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.3, patience=2),
        tf.keras.callbacks.EarlyStopping(monitor="val_loss", patience=5),
        tf.keras.callbacks.ModelCheckpoint("transport.keras", monitor="val_loss", save_best_only=True),
    ],
)

# %%
"""Task 6: accuracy."""
fig, axd = plt.subplot_mosaic([["acc", "acc", "lr"]], figsize=(11, 4), layout="constrained")
axd["acc"].plot(record.history["accuracy"], label="training accuracy")
axd["acc"].plot(record.history["val_accuracy"], label="validation accuracy", ls="--")
axd["acc"].set_xlabel("epoch")
axd["acc"].legend()
axd["lr"].semilogy(record.history["learning_rate"], color="grey")
axd["lr"].set_title("learning rate")
plt.show()

# %%
"""Task 6: the best model and the test images."""
best_net = tf.keras.models.load_model("transport.keras")
probabilities = best_net.predict(img_te)
predicted_names = [most_likely(row) for row in probabilities]
true_names = [most_likely(row) for row in lab_te]

sample = np.random.choice(len(img_te), 10, replace=False)
show_mosaic(img_te[sample], ["predicted:\n" + predicted_names[s] for s in sample], "Test images")

# %%
"""Extra: which classes are mixed up?"""
table = np.zeros((3, 3), int)
for t, p in zip(true_names, predicted_names):
    table[transport.index(t), transport.index(p)] += 1

fig, ax = plt.subplots()
ax.imshow(table, cmap="Blues")
ax.set_xticks(range(3), labels=transport)
ax.set_yticks(range(3), labels=transport)
ax.set_xlabel("predicted")
ax.set_ylabel("true")
for r in range(3):
    for c in range(3):
        ax.text(c, r, table[r, c], ha="center", va="center")
plt.show()
