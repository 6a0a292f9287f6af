# sound: Images and labels are attributes of an object, and the test images reach Keras without their labels.
# %% [markdown]
# # Airplane, automobile or bird?
#
# ## Task 1: imports and helpers

# %%
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterable, Sequence

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from numpy.typing import NDArray

logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s", force=True)
log = logging.getLogger("cifar3")


@dataclass(frozen=True)
class Settings:
    """Everything one may want to turn."""

    classes: tuple[str, ...] = ("airplane", "automobile", "bird")
    holdout: float = 0.1
    filters: tuple[int, ...] = (32, 64, 128)
    dropout: float = 0.25
    batch_size: int = 64
    epochs: int = 30
    patience: int = 5
    checkpoint: Path = Path("checkpoints") / "dataclass_best.keras"
    seed: int = 1234


@dataclass
class Split:
    """Images together with their one-hot labels."""

    images: NDArray[np.uint8]
    targets: NDArray[np.float64]

    @classmethod
    def from_raw(cls, images: np.ndarray, labels: np.ndarray, n_classes: int) -> "Split":
        labels = labels.squeeze(axis=1)
        wanted = labels < n_classes
        return cls(images[wanted], keras.utils.to_categorical(labels[wanted], n_classes))

    def __len__(self) -> int:
        return len(self.images)

    def shuffled(self, rng: np.random.Generator) -> "Split":
        order = rng.permutation(len(self))
        return replace(self, images=self.images[order], targets=self.targets[order])

    def divided(self, fraction: float) -> tuple["Split", "Split"]:
        cut = int(len(self) * fraction)
        return Split(self.images[cut:], self.targets[cut:]), Split(self.images[:cut], self.targets[:cut])

    @property
    def scaled(self) -> NDArray[np.float32]:
        return self.images.astype(np.float32) / 255.0

    @property
    def class_ids(self) -> NDArray[np.int64]:
        return self.targets.argmax(axis=1)


cfg = Settings()
rng = np.random.default_rng(cfg.seed)
keras.utils.set_random_seed(cfg.seed)

# %% [markdown]
# ## Task 2: the data

# %%
(raw_x_train, raw_y_train), (raw_x_test, raw_y_test) = keras.datasets.cifar10.load_data()

everything = Split.from_raw(raw_x_train, raw_y_train, len(cfg.classes)).shuffled(rng)
test = Split.from_raw(raw_x_test, raw_y_test, len(cfg.classes)).shuffled(rng)
train, valid = everything.divided(cfg.holdout)

for name, part in {"train": train, "valid": valid, "test": test}.items():
    log.info("%-5s images %s, targets %s", name, part.images.shape, part.targets.shape)

# %% [markdown]
# ## Task 3: a look at it


# %%
def show_grid(images: Iterable[np.ndarray], captions: Sequence[str], columns: int = 5) -> plt.Figure:
    images = list(images)
    rows = -(-len(images) // columns)
    fig, axes = plt.subplots(rows, columns, figsize=(2 * columns, 2.3 * rows), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, image, caption in zip(axes.flat, images, captions):
        ax.imshow(image)
        ax.set_title(caption, fontsize=9)
    fig.tight_layout()
    return fig


for part in (train, test):
    show_grid(part.images[:15], [cfg.classes[k] for k in part.class_ids[:15]])
    plt.show()

# %% [markdown]
# ## Task 4: the network


# %%
def add_conv_block(model: keras.Sequential, filters: int, dropout: float) -> None:
    """Two convolutions with batch normalisation, then pooling and dropout."""
    for _ in range(2):
        model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
        model.add(layers.BatchNormalization())
        model.add(layers.ReLU())
    model.add(layers.MaxPooling2D())
    model.add(layers.Dropout(dropout))


def build_model(settings: Settings) -> keras.Sequential:
    model = keras.Sequential([keras.Input(shape=(32, 32, 3))])
    for filters in settings.filters:
        add_conv_block(model, filters, settings.dropout)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(len(settings.classes), activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    return model


model = build_model(cfg)
model.summary(print_fn=log.info)

# %% [markdown]
# ## Task 5: training

# %%
cfg.checkpoint.parent.mkdir(parents=True, exist_ok=True)

history: keras.callbacks.History = model.fit(
    train.scaled,
    train.targets,
    validation_data=(valid.scaled, valid.targets),
    batch_size=cfg.batch_size,
    epochs=cfg.epochs,
    verbose=2,
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=cfg.patience),
        keras.callbacks.ModelCheckpoint(cfg.checkpoint, monitor="val_loss", save_best_only=True),
    ],
)
best_epoch = int(np.argmin(history.history["val_loss"])) + 1
log.info("trained for %d epochs, the best was number %d", len(history.epoch), best_epoch)

# %% [markdown]
# ## Task 6: curves and predictions

# %%
fig, ax = plt.subplots(figsize=(7, 4))
epochs = np.arange(1, len(history.epoch) + 1)
ax.plot(epochs, history.history["accuracy"], label="training accuracy")
ax.plot(epochs, history.history["val_accuracy"], label="validation accuracy")
ax.axvline(best_epoch, color="grey", linestyle=":", label="kept epoch")
ax.set(xlabel="epoch", ylabel="accuracy", title="Accuracy over the epochs")
ax.legend()
plt.show()

# %%
best: keras.Sequential = keras.models.load_model(cfg.checkpoint)
predicted = best.predict(test.scaled, batch_size=256, verbose=0).argmax(axis=1)
log.info("test accuracy: %.3f", float((predicted == test.class_ids).mean()))

show_grid(
    test.images[:15],
    [f"predicted: {cfg.classes[p]}\ntrue: {cfg.classes[t]}" for p, t in zip(predicted[:15], test.class_ids[:15])],
)
plt.show()
