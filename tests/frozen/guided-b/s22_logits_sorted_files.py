# sound: logits with from_logits, main() called without guard, numbered best epochs of which the last file is loaded
# %%
# Task 1 - Set up
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops

# %%
# Task 2 - Pre-process
CLASSES = {"bird": 2, "dog": 5, "ship": 8}
NAMES = sorted(CLASSES, key=CLASSES.get)
FOLDER = Path("best_epochs")


def load(seed: int = 1):
    """The two sets, cut to three classes and shuffled: images 0 to 1, one-hot rows."""
    rng = np.random.default_rng(seed)
    result = []
    for images, labels in keras.datasets.cifar10.load_data():
        rows = np.concatenate([labels == CLASSES[name] for name in NAMES], axis=1)
        images, rows = images[rows.any(axis=1)], rows[rows.any(axis=1)]
        order = rng.permutation(len(rows))
        result.append((images[order].astype("float32") / 255.0, rows[order].astype("float32")))
    return result


# %%
# Task 3 - Visualise
def show_random(images, labels, title, per_row=6):
    """Shows random images; `labels` holds the number of a class for each image."""
    fig, axes = plt.subplots(2, per_row, figsize=(2 * per_row, 5))
    sample = np.random.choice(len(images), size=2 * per_row, replace=False)
    for ax, image, label in zip(axes.flat, images[sample], labels[sample]):
        ax.imshow(image)
        ax.set_title(NAMES[label])
        ax.axis("off")
    fig.suptitle(title)
    plt.show()


# %%
# Task 4 - Create the model
def add_conv_block(model, filters, pool=True):
    model.add(layers.Conv2D(filters, 3, padding="same"))
    model.add(layers.BatchNormalization())
    model.add(layers.ReLU())
    if pool:
        model.add(layers.MaxPooling2D())


def create_model():
    model = keras.Sequential([keras.Input((32, 32, 3))])
    add_conv_block(model, 32, pool=False)
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    add_conv_block(model, 128)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(3))
    model.compile(
        optimizer="adam",
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.summary()
    return model


# %%
# Task 5 - Train
def train(model, x_train, y_train, x_val, y_val):
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.keras"):
        old.unlink()
    return model.fit(
        x_train,
        y_train,
        batch_size=64,
        epochs=40,
        validation_data=(x_val, y_val),
        callbacks=[
            keras.callbacks.EarlyStopping(monitor="val_loss", patience=6),
            # a file is written only when the epoch is better than all before it
            keras.callbacks.ModelCheckpoint(
                str(FOLDER / "{epoch:03d}.keras"), monitor="val_loss", save_best_only=True
            ),
        ],
    )


# %%
# Task 6 - Predict
def plot_accuracy(history):
    fig, ax = plt.subplots()
    ax.plot(history["accuracy"], label="training")
    ax.plot(history["val_accuracy"], label="validation")
    ax.set_title("Accuracy")
    ax.set_xlabel("epoch")
    ax.legend()
    plt.show()


def main():
    keras.utils.set_random_seed(1)
    (x_train, y_train), (x_test, y_test) = load()
    show_random(x_train, y_train.argmax(axis=1), "Training set")
    show_random(x_test, y_test.argmax(axis=1), "Test set")

    model = create_model()
    history = train(model, x_train, y_train, x_test, y_test)
    plot_accuracy(history.history)

    last_file = sorted(FOLDER.glob("*.keras"))[-1]
    best = keras.models.load_model(last_file)
    logits = best.predict(x_test)
    probabilities = ops.convert_to_numpy(ops.softmax(logits))
    predicted = probabilities.argmax(axis=1)
    print("mean certainty:", probabilities.max(axis=1).mean())
    print("accuracy:", (predicted == y_test.argmax(axis=1)).mean())
    show_random(x_test, predicted, "Predicted labels")


main()
