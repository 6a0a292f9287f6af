# sound: backend-neutral Keras 3: a PyDataset with flips for fit, keras.ops for one-hot, argmax and comparison, typed functions
from __future__ import annotations

# %% Task 1
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import KerasTensor, layers, ops

keras.utils.set_random_seed(7)


class Batches(keras.utils.PyDataset):
    """Scaled batches; the training set is mixed and mirrored anew in each epoch."""

    def __init__(self, x, y, size=64, training=False, **kwargs):
        super().__init__(**kwargs)
        self.x, self.y, self.size, self.training = x, y, size, training
        self.order = np.arange(len(x))

    def __len__(self):
        return -(-len(self.x) // self.size)

    def __getitem__(self, number):
        rows = self.order[number * self.size : (number + 1) * self.size]
        x = self.x[rows].astype("float32") / 255
        if self.training:
            flip = np.random.rand(len(rows)) < 0.5
            x[flip] = x[flip, :, ::-1]
        return x, self.y[rows]

    def on_epoch_end(self):
        if self.training:
            np.random.shuffle(self.order)


# %% Task 2
KEEP = {"automobile": 1, "dog": 5, "ship": 8}
LABEL_NAMES = tuple(KEEP)


def reduce_to_three(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y = y.reshape(len(y))
    table = {old: new for new, old in enumerate(KEEP.values())}
    positions = np.array([n for n, old in enumerate(y.tolist()) if old in table])
    positions = np.random.permutation(positions)
    small = [table[int(old)] for old in y[positions]]
    return x[positions], ops.convert_to_numpy(ops.one_hot(small, len(table)))


train, test = (reduce_to_three(*pair) for pair in keras.datasets.cifar10.load_data())


# %% Task 3
def names_of(scores: np.ndarray) -> list[str]:
    return [LABEL_NAMES[int(n)] for n in ops.convert_to_numpy(ops.argmax(scores, axis=-1))]


def contact_sheet(x: np.ndarray, scores: np.ndarray, title: str, shape=(3, 6)) -> None:
    picks = np.random.choice(len(x), np.prod(shape), replace=False)
    fig, axes = plt.subplots(*shape, figsize=(shape[1] * 1.5, shape[0] * 1.8), layout="constrained")
    for ax, image, name in zip(np.ravel(axes), x[picks], names_of(scores[picks])):
        ax.imshow(image)
        ax.set_xlabel(name)
        ax.set(xticks=(), yticks=())
    fig.suptitle(title)
    plt.show()


contact_sheet(*train, title="training subset")
contact_sheet(*test, title="test subset")


# %% Task 4
def convolve(model: keras.Sequential, filters: int, *, depthwise: bool = False) -> keras.Sequential:
    conv = layers.SeparableConv2D if depthwise else layers.Conv2D
    model.add(conv(filters, 3, padding="same", use_bias=False))
    model.add(layers.LayerNormalization())
    model.add(layers.Activation("silu"))
    model.add(layers.MaxPooling2D())
    return model


model = keras.Sequential([layers.Input((32, 32, 3))], name="three_of_ten")
model = convolve(model, 48)
model = convolve(model, 96, depthwise=True)
model = convolve(model, 192, depthwise=True)
model.add(layers.GlobalAveragePooling2D())
model.add(layers.Dropout(0.2))
model.add(layers.Dense(len(KEEP), activation="softmax"))
assert isinstance(model.output, KerasTensor)
model.compile(
    optimizer=keras.optimizers.Lion(2e-4),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=["accuracy"],
)
model.summary(show_trainable=True)

# %% Task 5
history = model.fit(
    Batches(*train, training=True),
    validation_data=Batches(*test, size=250),
    epochs=30,
    callbacks=[
        keras.callbacks.EarlyStopping("val_accuracy", patience=6, mode="max", start_from_epoch=3),
        keras.callbacks.ModelCheckpoint("three_of_ten.keras", "val_accuracy", mode="max", save_best_only=True),
    ],
)

# %% Task 6
figure, axis = plt.subplots()
axis.plot(history.history["accuracy"], label="training")
axis.plot(history.history["val_accuracy"], label="validation")
axis.set_title("Accuracy")
axis.set_xlabel("Epoch")
axis.legend()
plt.show()

champion = keras.saving.load_model("three_of_ten.keras")
scores = champion.predict(Batches(*test, size=250))
print("accuracy", float(ops.mean(ops.equal(ops.argmax(scores, -1), ops.argmax(test[1], -1)))))
contact_sheet(test[0], scores, title="predictions")
