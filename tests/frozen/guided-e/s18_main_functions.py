# sound: everything in functions called from a main guard; predict_on_batch for the few images that are shown
# %%
# Task 1: imports and helper functions
from types import SimpleNamespace

import keras
import matplotlib.pyplot as plt
import numpy as np

SETTINGS = SimpleNamespace(
    classes=(2, 4, 5),
    names=("bird", "deer", "dog"),
    epochs=25,
    batch=64,
    checkpoint="main_best.keras",
)


def scaled(images):
    return np.divide(images, 255.0, dtype=np.float32)


def draw(images, titles, heading):
    fig, axes = plt.subplots(2, 4, figsize=(9, 5))
    for ax, image, title in zip(axes.flat, images, titles):
        ax.imshow(image)
        ax.set_title(title)
        ax.axis("off")
    fig.suptitle(heading)
    fig.tight_layout()
    plt.show()


def word(onehot_or_probabilities):
    return SETTINGS.names[int(np.argmax(onehot_or_probabilities))]


# %%
# Task 2: the three classes
def get_data(rng):
    sets = []
    for images, labels in keras.datasets.cifar10.load_data():
        labels = labels[:, 0]
        chosen = np.concatenate([np.where(labels == c)[0] for c in SETTINGS.classes])
        chosen = rng.permutation(chosen)
        columns = [SETTINGS.classes.index(c) for c in labels[chosen]]
        sets.append((images[chosen], keras.utils.to_categorical(columns, num_classes=3)))
    return sets


# %%
# Task 3: random examples of a set
def show_examples(dataset, heading, rng):
    images, labels = dataset
    picks = rng.choice(len(images), 8, replace=False)
    draw(images[picks], [word(labels[p]) for p in picks], heading)


# %%
# Task 4: the model
def add_conv_block(model, filters, dropout):
    model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(keras.layers.MaxPooling2D())
    model.add(keras.layers.Dropout(dropout))


def make_model():
    model = keras.Sequential()
    model.add(keras.Input(shape=(32, 32, 3)))
    add_conv_block(model, 32, 0.2)
    add_conv_block(model, 64, 0.3)
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(128, activation="relu"))
    model.add(keras.layers.Dropout(0.4))
    model.add(keras.layers.Dense(3, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


# %%
# Task 5: training
def train(model, train_set, test_set):
    x, y = train_set
    xv, yv = test_set
    callbacks = [
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=4),
        keras.callbacks.ModelCheckpoint(SETTINGS.checkpoint, monitor="val_loss", save_best_only=True),
    ]
    return model.fit(
        scaled(x),
        y,
        validation_data=(scaled(xv), yv),
        epochs=SETTINGS.epochs,
        batch_size=SETTINGS.batch,
        callbacks=callbacks,
    )


# %%
# Task 6: curves and predictions
def plot_accuracy(history):
    plt.figure()
    plt.plot(history.history["accuracy"], label="Training accuracy")
    plt.plot(history.history["val_accuracy"], label="Validation accuracy")
    plt.xlabel("Epoch")
    plt.legend()
    plt.show()


def show_predictions(test_set, rng):
    model = keras.models.load_model(SETTINGS.checkpoint)
    images = test_set[0]
    picks = rng.choice(len(images), 8, replace=False)
    probabilities = model.predict_on_batch(scaled(images[picks]))
    draw(images[picks], ["predicted: " + word(p) for p in probabilities], "Best model")


def main():
    rng = np.random.default_rng()
    train_set, test_set = get_data(rng)
    show_examples(train_set, "Training set", rng)
    show_examples(test_set, "Test set", rng)
    model = make_model()
    model.summary()
    history = train(model, train_set, test_set)
    plot_accuracy(history)
    show_predictions(test_set, rng)


# %%
if __name__ == "__main__":
    main()
