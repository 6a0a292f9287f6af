# sound: one class with a method for each task, run at the bottom
# %%
# Task 1 - Set up
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import matplotlib.pyplot as plt
import numpy as np


class ThreeClassProject:
    """Loads, shows, learns and predicts three classes of CIFAR-10."""

    ALL_NAMES = (
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    )

    def __init__(self, classes, checkpoint, seed=0):
        self.classes = tuple(classes)
        self.checkpoint = checkpoint
        self.rng = np.random.default_rng(seed)
        self.model = None
        self.history = None

    # Task 2 - Pre-process
    def _cut(self, images, labels):
        labels = labels.reshape(-1)
        keep = np.isin(labels, self.classes)
        return images[keep], labels[keep]

    def _shuffle(self, images, labels):
        order = np.argsort(self.rng.random(len(labels)))
        return images[order], labels[order]

    def _encode(self, labels):
        numbers = [self.classes.index(label) for label in labels]
        return keras.utils.to_categorical(numbers, len(self.classes))

    def load(self):
        train, test = keras.datasets.cifar10.load_data()
        x, y = self._shuffle(*self._cut(*train))
        self.x_train, self.y_train = x.astype("float32") / 255, self._encode(y)
        x, y = self._shuffle(*self._cut(*test))
        self.x_test, self.y_test = x.astype("float32") / 255, self._encode(y)
        return self

    # Task 3 - Visualise
    def name(self, row):
        return self.ALL_NAMES[self.classes[int(np.argmax(row))]]

    def show(self, images, rows, caption):
        fig, axes = plt.subplots(2, 4, figsize=(10, 5.5))
        for ax in axes.flat:
            pick = self.rng.integers(len(images))
            ax.imshow(images[pick])
            ax.set_title(self.name(rows[pick]))
            ax.axis("off")
        fig.suptitle(caption)
        plt.show()
        return self

    # Task 4 - Create the model
    def _add_block(self, filters, dropout):
        self.model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
        self.model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
        self.model.add(keras.layers.MaxPooling2D())
        self.model.add(keras.layers.Dropout(dropout))

    def build(self):
        self.model = keras.Sequential([keras.Input(self.x_train.shape[1:])])
        self._add_block(32, 0.2)
        self._add_block(64, 0.3)
        self.model.add(keras.layers.Flatten())
        self.model.add(keras.layers.Dense(64, activation="relu"))
        self.model.add(keras.layers.Dense(len(self.classes), activation="softmax"))
        self.model.compile(
            optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"]
        )
        self.model.summary()
        return self

    # Task 5 - Train
    def train(self, epochs=40, patience=6):
        self.history = self.model.fit(
            self.x_train,
            self.y_train,
            epochs=epochs,
            batch_size=64,
            validation_data=(self.x_test, self.y_test),
            callbacks=[
                keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience),
                keras.callbacks.ModelCheckpoint(
                    self.checkpoint, monitor="val_accuracy", mode="max", save_best_only=True
                ),
            ],
        )
        return self

    # Task 6 - Predict
    def curves(self):
        fig, ax = plt.subplots()
        for key in ("accuracy", "val_accuracy"):
            ax.plot(self.history.history[key], label=key.replace("val_", "validation "))
        ax.set_xlabel("epoch")
        ax.legend()
        plt.show()
        return self

    def predict(self):
        self.model = keras.models.load_model(self.checkpoint)
        return self.model.predict(self.x_test)


# %%
# The whole project
project = ThreeClassProject(classes=(7, 3, 5), checkpoint="project_best.keras", seed=42)
project.load()
project.show(project.x_train, project.y_train, "Training set")
project.show(project.x_test, project.y_test, "Test set")
project.build().train().curves()
predictions = project.predict()
project.show(project.x_test, predictions, "Predicted labels")
