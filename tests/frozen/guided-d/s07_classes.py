# sound: classes and dataclasses; the block is a method.

# %% [markdown]
# Guided project, object-oriented version

# %%
# ---- 1. imports
from dataclasses import dataclass, field

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

keras = tf.keras

# %%
# ---- 2. data


@dataclass
class ImageSet:
    images: np.ndarray
    onehot: np.ndarray
    names: tuple

    def __len__(self):
        return len(self.images)

    @property
    def scaled(self):
        return self.images.astype(np.float32) / 255.0

    def name_of(self, row):
        return self.names[int(np.argmax(self.onehot[row]))]


class Cifar3:
    ALL = ("airplane", "automobile", "bird", "cat", "deer",
           "dog", "frog", "horse", "ship", "truck")

    def __init__(self, *names, seed=0):
        self.names = names
        self.codes = [self.ALL.index(n) for n in names]
        self.rng = np.random.default_rng(seed)
        (x, y), (xt, yt) = keras.datasets.cifar10.load_data()
        self.train = self._subset(x, y)
        self.test = self._subset(xt, yt)

    def _subset(self, x, y):
        onehot = (y.reshape(-1, 1) == np.array(self.codes)).astype(np.float32)
        rows = np.where(onehot.any(axis=1))[0]
        rows = self.rng.permutation(rows)
        return ImageSet(x[rows], onehot[rows], self.names)


data = Cifar3("automobile", "ship", "truck")
print(len(data.train), len(data.test), data.train.onehot.shape)

# %%
# ---- 3. show images


class Viewer:
    def __init__(self, rows=3, cols=4):
        self.rows, self.cols = rows, cols
        self.rng = np.random.default_rng()

    def _draw(self, image_set, picks, texts):
        fig, axes = plt.subplots(self.rows, self.cols, figsize=(2.3 * self.cols, 2.5 * self.rows))
        for ax, pick, text in zip(axes.flat, picks, texts):
            ax.imshow(image_set.images[pick])
            ax.set_title(text)
            ax.set_axis_off()
        plt.show()

    def pick(self, image_set):
        return self.rng.choice(len(image_set), self.rows * self.cols, replace=False)

    def random(self, image_set):
        picks = self.pick(image_set)
        self._draw(image_set, picks, [image_set.name_of(p) for p in picks])

    def predicted(self, image_set, model):
        picks = self.pick(image_set)
        probabilities = model.predict(image_set.scaled[picks], verbose=0)
        texts = [image_set.names[k] for k in probabilities.argmax(axis=-1)]
        self._draw(image_set, picks, texts)


viewer = Viewer()
viewer.random(data.train)
viewer.random(data.test)

# %%
# ---- 4. model


class ConvNet:
    def __init__(self, widths=(32, 64), n_classes=3):
        self.model = keras.Sequential()
        self.model.add(keras.layers.Input((32, 32, 3)))
        for width in widths:
            self.add_block(width)
        self.model.add(keras.layers.Flatten())
        self.model.add(keras.layers.Dense(96, activation="relu"))
        self.model.add(keras.layers.Dropout(0.4))
        self.model.add(keras.layers.Dense(n_classes, activation="softmax"))
        self.model.compile(optimizer=keras.optimizers.Adam(),
                           loss="categorical_crossentropy",
                           metrics=["accuracy"])

    def add_block(self, width):
        self.model.add(keras.layers.Conv2D(width, 3, activation="elu", padding="same"))
        self.model.add(keras.layers.Conv2D(width, 3, activation="elu", padding="same"))
        self.model.add(keras.layers.MaxPooling2D(2))
        self.model.add(keras.layers.BatchNormalization())


net = ConvNet(widths=(32, 64, 128))
net.model.summary()

# %%
# ---- 5. training


@dataclass
class Trainer:
    net: ConvNet
    path: str = "net.best.keras"
    history: dict = field(default_factory=dict)

    def run(self, train, held_out, epochs=30):
        stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=5)
        keep = keras.callbacks.ModelCheckpoint(self.path, monitor="val_accuracy", mode="max", save_best_only=True)
        log = self.net.model.fit(train.scaled, train.onehot, epochs=epochs, batch_size=100,
                                 validation_data=(held_out.scaled, held_out.onehot),
                                 callbacks=[stop, keep])
        self.history = log.history

    def curves(self):
        fig, ax = plt.subplots()
        ax.plot(self.history["accuracy"], label="training")
        ax.plot(self.history["val_accuracy"], label="validation")
        ax.set(xlabel="epoch", ylabel="accuracy", title="accuracy of the net")
        ax.legend()
        plt.show()

    def best(self):
        return keras.models.load_model(self.path)


trainer = Trainer(net)
trainer.run(data.train, data.test)

# %%
# ---- 6. results
trainer.curves()
viewer.predicted(data.test, trainer.best())
