# sound: Normalization layer adapted on the training part, plt.style.context("ggplot"), loss and accuracy in two subplots
# %%
"""1. Imports and helper functions."""
import keras
import matplotlib.pyplot as plt
import numpy as np

layers = keras.layers
rng = np.random.default_rng(seed=5)

NAMES = {0: "plane", 5: "dog", 6: "frog"}
ORDER = sorted(NAMES)
TEXT = [NAMES[i] for i in ORDER]


def panel(ax, image, text, colour="black"):
    ax.imshow(image)
    ax.grid(False)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(text, fontsize=10, color=colour)


# %%
"""2. Three classes of CIFAR-10."""
full_train, full_test = keras.datasets.cifar10.load_data()


def reduce_to_three(pair):
    images, labels = pair
    labels = np.squeeze(labels, axis=1)
    parts_x, parts_y = [], []
    for column, class_id in enumerate(ORDER):
        found = images[labels == class_id]
        onehot = np.zeros((len(found), 3), "float32")
        onehot[:, column] = 1.0
        parts_x.append(found)
        parts_y.append(onehot)
    x = np.concatenate(parts_x)
    y = np.concatenate(parts_y)
    shuffled = rng.permutation(len(x))
    return x[shuffled].astype("float32"), y[shuffled]


x_all, y_all = reduce_to_three(full_train)
x_test, y_test = reduce_to_three(full_test)

cut = int(0.85 * len(x_all))
x_train, x_val = x_all[:cut], x_all[cut:]
y_train, y_val = y_all[:cut], y_all[cut:]
print(x_train.shape, x_val.shape, x_test.shape)


# %%
"""3. Random examples."""


def random_panel(x, y, heading):
    with plt.style.context("ggplot"):
        fig, axes = plt.subplots(3, 5, figsize=(9, 6), layout="constrained")
        for ax, i in zip(axes.flat, rng.integers(0, len(x), size=15)):
            panel(ax, x[i] / 255.0, TEXT[y[i].argmax()])  # float images need 0..1
        fig.suptitle(heading)
        plt.show()


random_panel(x_train, y_train, "training images")
random_panel(x_test, y_test, "test images")

# %%
"""4. The model."""
norm = layers.Normalization()
norm.adapt(x_train)

model = keras.Sequential([keras.Input((32, 32, 3)), norm])


def conv_block(m, filters):
    m.add(layers.Conv2D(filters, 3, padding="same", activation="gelu"))
    m.add(layers.Conv2D(filters, 3, padding="same", activation="gelu"))
    m.add(layers.AveragePooling2D(pool_size=(2, 2)))
    m.add(layers.Dropout(0.25))
    return m


model = conv_block(model, 24)
model = conv_block(model, 48)
model = conv_block(model, 96)
model.add(layers.GlobalMaxPooling2D())
model.add(layers.Dense(3, activation="softmax", name="class_probabilities"))
model.compile(
    optimizer=keras.optimizers.Adam(),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
)
model.summary()

# %%
"""5. Fit."""
callbacks = [
    keras.callbacks.EarlyStopping(monitor="val_loss", patience=6, restore_best_weights=True),
    keras.callbacks.ModelCheckpoint("normalised.keras", monitor="val_loss", save_best_only=True),
    keras.callbacks.TerminateOnNaN(),
]
history = model.fit(
    x_train, y_train, validation_data=(x_val, y_val), epochs=40, batch_size=128, callbacks=callbacks
)

# %%
"""6. Curves and predictions."""
h = history.history
with plt.style.context("ggplot"):
    fig, (left, right) = plt.subplots(1, 2, figsize=(12, 4))
    left.plot(h["loss"], label="training")
    left.plot(h["val_loss"], label="validation")
    left.set_title("Loss")
    left.legend()
    right.plot(h["accuracy"], label="training")
    right.plot(h["val_accuracy"], label="validation")
    right.set_title("Accuracy")
    right.legend()
    plt.show()

# %%
best = keras.models.load_model("normalised.keras")
probability = best.predict(x_test, batch_size=256)  # the layer normalises, so pixel values go in

with plt.style.context("ggplot"):
    fig, axes = plt.subplots(3, 5, figsize=(10, 7), layout="constrained")
    for ax, i in zip(axes.flat, rng.choice(len(x_test), 15, replace=False)):
        guess, truth = probability[i].argmax(), y_test[i].argmax()
        panel(ax, x_test[i] / 255.0, f"{TEXT[guess]} ({probability[i, guess]:.0%})",
              "darkgreen" if guess == truth else "firebrick")
    fig.suptitle("Predicted class; red = wrong")
    plt.show()
