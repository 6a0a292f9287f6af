# sound: dataclasses for the settings and the image sets, Rescaling inside the network
from __future__ import annotations

# %%
# Task 1 - Set up
import dataclasses
from dataclasses import dataclass, field

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import callbacks, layers


@dataclass(frozen=True)
class Settings:
    classes: tuple = (3, 5, 7)
    names: tuple = ("cat", "dog", "horse")
    filters: tuple = (32, 64, 64)
    epochs: int = 35
    batch_size: int = 128
    patience: int = 5
    checkpoint: str = "best_network.keras"


CFG = Settings()


# %%
# Task 2 - Pre-process
@dataclass
class ImageSet:
    title: str
    images: np.ndarray
    labels: np.ndarray
    onehot: np.ndarray = field(init=False)

    def __post_init__(self):
        self.labels = self.labels.reshape(-1).astype(int)
        self.onehot = np.zeros((len(self.labels), 0), dtype="float32")

    def only(self, classes) -> ImageSet:
        """A new set that holds the given classes, numbered from 0."""
        parts = [np.flatnonzero(self.labels == c) for c in classes]
        numbers = np.repeat(np.arange(len(classes)), [len(p) for p in parts])
        return ImageSet(self.title, self.images[np.concatenate(parts)], numbers)

    def shuffled(self, rng) -> ImageSet:
        order = rng.permutation(len(self))
        return dataclasses.replace(self, images=self.images[order], labels=self.labels[order])

    def encoded(self) -> ImageSet:
        self.onehot = np.eye(len(CFG.classes), dtype="float32")[self.labels]
        return self

    def __len__(self) -> int:
        return len(self.labels)


rng = np.random.default_rng(7)
train_raw, test_raw = keras.datasets.cifar10.load_data()
train_set = ImageSet("training set", *train_raw).only(CFG.classes).shuffled(rng).encoded()
test_set = ImageSet("test set", *test_raw).only(CFG.classes).shuffled(rng).encoded()
print(len(train_set), "training images,", len(test_set), "test images")


# %%
# Task 3 - Visualise
def show_sample(image_set: ImageSet, numbers: np.ndarray, what: str = "label", n: int = 10) -> None:
    picks = rng.choice(len(image_set), min(n, len(image_set)), replace=False)
    fig, axes = plt.subplots(2, (n + 1) // 2, figsize=(n, 5), squeeze=False)
    fig.suptitle(f"{image_set.title} ({what})")
    for ax in axes.ravel():
        ax.set_xticks([])
        ax.set_yticks([])
    for ax, i in zip(axes.ravel(), picks):
        ax.imshow(image_set.images[i])
        ax.set_xlabel(CFG.names[numbers[i]])
    plt.show()


show_sample(train_set, train_set.labels)
show_sample(test_set, test_set.labels)


# %%
# Task 4 - Create the model
def conv_block(network: keras.Sequential, filters: int) -> keras.Sequential:
    network.add(layers.Conv2D(filters, (3, 3), padding="same", use_bias=False))
    network.add(layers.BatchNormalization())
    network.add(layers.Activation("relu"))
    network.add(layers.MaxPooling2D((2, 2)))
    return network


def create_model(cfg: Settings) -> keras.Sequential:
    network = keras.Sequential([keras.Input((32, 32, 3)), layers.Rescaling(1.0 / 255)])
    for filters in cfg.filters:
        conv_block(network, filters)
    network.add(layers.GlobalAveragePooling2D())
    network.add(layers.Dropout(0.3))
    network.add(layers.Dense(len(cfg.classes), activation="softmax"))
    network.compile(
        optimizer=keras.optimizers.Adam(learning_rate=1e-3),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
    )
    return network


model = create_model(CFG)
model.summary()


# %%
# Task 5 - Train
history = model.fit(
    train_set.images,
    train_set.onehot,
    batch_size=CFG.batch_size,
    epochs=CFG.epochs,
    validation_data=(test_set.images, test_set.onehot),
    callbacks=[
        callbacks.EarlyStopping(monitor="val_loss", patience=CFG.patience, restore_best_weights=True),
        callbacks.ModelCheckpoint(CFG.checkpoint, monitor="val_loss", save_best_only=True),
    ],
)


# %%
# Task 6 - Predict
fig, ax = plt.subplots(figsize=(7, 4))
for key, style in (("accuracy", "o-"), ("val_accuracy", "s--")):
    ax.plot(history.history[key], style, label=key)
ax.set_xlabel("epoch")
ax.set_ylabel("accuracy")
ax.legend()
plt.show()

best = keras.saving.load_model(CFG.checkpoint)
probabilities = best.predict(test_set.images)
predicted = np.argmax(probabilities, axis=-1)
print("test accuracy of the best network:", np.mean(predicted == test_set.labels))
show_sample(test_set, predicted, what="predicted")
