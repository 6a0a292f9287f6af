# sound: several trainings in a loop, each with its own network and checkpoint; the best by validation is used
# %%
# Task 1 - Set up
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

keras.utils.set_random_seed(99)

# %%
# Task 2 - Pre-process
CLASSES = np.array([3, 5, 7])
TITLES = {0: "cat", 1: "dog", 2: "horse"}


def preprocess(images, labels):
    labels = labels.reshape(-1)
    keep = np.isin(labels, CLASSES)
    images = images[keep].astype("float32") / 255.0
    labels = np.argmax(labels[keep][:, np.newaxis] == CLASSES, axis=1)
    order = np.random.permutation(labels.size)
    return images[order], keras.utils.to_categorical(labels[order], 3)


train_part, test_part = keras.datasets.cifar10.load_data()
x_train, y_train = preprocess(*train_part)
x_test, y_test = preprocess(*test_part)


# %%
# Task 3 - Visualise
def peek(images, rows, n=6, title="", prefix=""):
    fig, axes = plt.subplots(1, n, figsize=(2 * n, 2.5))
    for ax in axes:
        i = np.random.choice(len(images))
        ax.imshow(images[i])
        ax.set_title(prefix + TITLES[int(np.argmax(rows[i]))])
        ax.axis("off")
    fig.suptitle(title)
    plt.show()


peek(x_train, y_train, title="training set")
peek(x_test, y_test, title="test set")


# %%
# Task 4 - Create the model
def add_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D())
    model.add(layers.Dropout(0.2))


def create_model(optimizer):
    model = keras.Sequential([keras.Input((32, 32, 3))])
    add_block(model, 32)
    add_block(model, 64)
    add_block(model, 128)
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(optimizer=optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
    return model


create_model("adam").summary()

# %%
# Task 5 - Train
TRIALS = {
    "adam": lambda: keras.optimizers.Adam(1e-3),
    "sgd": lambda: keras.optimizers.SGD(0.02, momentum=0.9, nesterov=True),
}
histories = {}
for trial, make_optimizer in TRIALS.items():
    print("training with", trial)
    model = create_model(make_optimizer())
    callbacks = [
        keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=5),
        keras.callbacks.ModelCheckpoint(
            f"best_{trial}.keras", monitor="val_accuracy", mode="max", save_best_only=True
        ),
    ]
    histories[trial] = model.fit(
        x_train,
        y_train,
        epochs=30,
        batch_size=64,
        validation_data=(x_test, y_test),
        callbacks=callbacks,
    )

# %%
# Task 6 - Predict
fig, axes = plt.subplots(1, len(histories), figsize=(12, 4), sharey=True)
for ax, (trial, history) in zip(axes, histories.items()):
    ax.plot(history.history["accuracy"], label="training")
    ax.plot(history.history["val_accuracy"], label="validation")
    ax.set_title(f"accuracy with {trial}")
    ax.set_xlabel("epoch")
    ax.legend()
plt.show()

top = {trial: max(history.history["val_accuracy"]) for trial, history in histories.items()}
winner = max(top, key=top.get)
print("best validation accuracies:", top, "- the winner is", winner)

best_model = keras.models.load_model(f"best_{winner}.keras")
predictions = best_model.predict(x_test)
peek(x_test, predictions, n=8, title="test set", prefix="predicted: ")
