# sound: helper returns the figure and the caller calls plt.show(); weights-only checkpoint loaded into a newly made model; images scaled to -1..1
# %%
# --- 1 --------------------------------------------------------------------
import random
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

WORK = Path(tempfile.mkdtemp())
CLASS_IDS = [9, 4, 1]
CLASS_NAMES = ["truck", "deer", "car"]


def to_model_range(images):
    """uint8 0..255 -> float32 -1..1"""
    return images.astype("float32") / 127.5 - 1.0


def image_grid(images, captions, columns=6):
    rows = -(-len(images) // columns)
    fig, axes = plt.subplots(rows, columns, figsize=(1.7 * columns, 2 * rows), squeeze=False)
    for ax in axes.ravel():
        ax.set_axis_off()
    for ax, image, caption in zip(axes.ravel(), images, captions):
        ax.imshow(image)
        ax.set_title(caption, fontsize="small")
    return fig


# %%
# --- 2 --------------------------------------------------------------------
(train_images, train_labels), (test_images, test_labels) = keras.datasets.cifar10.load_data()


def three_class_subset(images, labels, rng):
    flat = labels.ravel().tolist()
    index = [i for i, label in enumerate(flat) if label in CLASS_IDS]
    rng.shuffle(index)
    onehot = np.zeros((len(index), 3), dtype="float32")
    for row, i in enumerate(index):
        onehot[row, CLASS_IDS.index(flat[i])] = 1
    return images[index], onehot


generator = np.random.default_rng(11)
train_images, train_labels = three_class_subset(train_images, train_labels, generator)
test_images, test_labels = three_class_subset(test_images, test_labels, generator)
for what, a in {"train": train_labels, "test": test_labels}.items():
    print(what, a.shape, "per class:", a.sum(axis=0))


# %%
# --- 3 --------------------------------------------------------------------
def random_examples(images, labels, how_many=12):
    which = random.sample(range(len(images)), how_many)
    return image_grid(images[which], [CLASS_NAMES[int(np.argmax(labels[i]))] for i in which])


fig = random_examples(train_images, train_labels)
fig.suptitle("Training")
plt.show()

fig = random_examples(test_images, test_labels)
fig.suptitle("Test")
plt.show()


# %%
# --- 4 --------------------------------------------------------------------
def conv_block(model, filters, repeat=1):
    for _ in range(repeat):
        model.add(layers.Conv2D(filters, 3, padding="same"))
        model.add(layers.LeakyReLU(negative_slope=0.1))
    model.add(layers.MaxPooling2D(pool_size=2))


def make_model():
    model = keras.Sequential()
    model.add(layers.Input((32, 32, 3)))
    conv_block(model, 32)
    conv_block(model, 64, repeat=2)
    conv_block(model, 128)
    model.add(layers.Dropout(0.3))
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(optimizer="nadam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


model = make_model()
model.summary()

# %%
# --- 5 --------------------------------------------------------------------
weights_file = WORK / "best.weights.h5"
history = model.fit(
    to_model_range(train_images),
    train_labels,
    validation_data=(to_model_range(test_images), test_labels),
    epochs=20,
    batch_size=96,
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=4),
        keras.callbacks.ModelCheckpoint(
            weights_file, monitor="val_accuracy", save_best_only=True, save_weights_only=True
        ),
    ],
)

# %%
# --- 6 --------------------------------------------------------------------
figure, axis = plt.subplots()
for key, style in (("accuracy", "k-"), ("val_accuracy", "r--")):
    axis.plot(history.history[key], style, label=key)
axis.set(xlabel="epoch", ylabel="accuracy", title="Learning curves")
axis.legend()
plt.show()

# %%
best_model = make_model()
best_model.load_weights(weights_file)

shown = random.sample(range(len(test_images)), 12)
probabilities = best_model.predict(to_model_range(test_images[shown]), verbose=0)
fig = image_grid(test_images[shown], [CLASS_NAMES[k] for k in probabilities.argmax(axis=-1)])
fig.suptitle("Predicted labels")
plt.show()
