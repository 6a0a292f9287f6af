# sound: separable convolutions, exponential decay, label smoothing, a metric called acc, tf.keras names
# %%
# Task 1 - Set up
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

layers = tf.keras.layers

# %%
# Task 2 - Pre-process
FIRST, SECOND, THIRD = 4, 7, 9
NAMES = ["deer", "horse", "truck"]

(x_train, y_train), (x_test, y_test) = tf.keras.datasets.cifar10.load_data()


def take_three(x, y):
    y = y[:, 0]
    members = [np.where(y == c)[0] for c in (FIRST, SECOND, THIRD)]
    position = np.concatenate(members)
    target = np.concatenate([np.full(len(m), k) for k, m in enumerate(members)])
    mix = np.random.permutation(len(position))
    position, target = position[mix], target[mix]
    return tf.image.convert_image_dtype(x[position], tf.float32).numpy(), tf.one_hot(target, 3).numpy()


x_train, y_train = take_three(x_train, y_train)
x_test, y_test = take_three(x_test, y_test)


# %%
# Task 3 - Visualise
def show_pictures(pictures, labels, caption=""):
    fig, grid = plt.subplots(4, 4, figsize=(8, 9))
    for line in grid:
        for cell in line:
            number = np.random.randint(pictures.shape[0])
            cell.imshow(pictures[number])
            cell.set_title(NAMES[labels[number].argmax()])
            cell.axis("off")
    fig.suptitle(caption)
    fig.tight_layout()
    plt.show()


show_pictures(x_train, y_train, "training set")
show_pictures(x_test, y_test, "test set")


# %%
# Task 4 - Create the model
def separable_block(model, filters):
    model.add(layers.SeparableConv2D(filters, 3, padding="same", use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.ReLU())
    model.add(layers.MaxPooling2D())


def create_model(decay_steps):
    model = tf.keras.models.Sequential()
    model.add(layers.Input((32, 32, 3)))
    model.add(layers.Conv2D(32, 3, padding="same", activation="relu"))
    separable_block(model, 64)
    separable_block(model, 96)
    separable_block(model, 128)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(3, activation="softmax"))
    schedule = tf.keras.optimizers.schedules.ExponentialDecay(2e-3, decay_steps, 0.9)
    model.compile(
        optimizer=tf.keras.optimizers.Adam(schedule),
        loss=tf.keras.losses.CategoricalCrossentropy(label_smoothing=0.05),
        metrics=[tf.keras.metrics.CategoricalAccuracy(name="acc")],
    )
    return model


BATCH = 64
model = create_model(decay_steps=max(1, len(x_train) // BATCH))
model.summary()

# %%
# Task 5 - Train
history = model.fit(
    x_train,
    y_train,
    batch_size=BATCH,
    epochs=40,
    validation_data=(x_test, y_test),
    callbacks=[
        tf.keras.callbacks.EarlyStopping(monitor="val_acc", mode="max", patience=8),
        tf.keras.callbacks.ModelCheckpoint(
            "separable_best.keras", monitor="val_acc", mode="max", save_best_only=True
        ),
        tf.keras.callbacks.CSVLogger("separable.csv"),
    ],
)

# %%
# Task 6 - Predict
plt.figure(figsize=(8, 4))
plt.plot(history.history["acc"], label="training")
plt.plot(history.history["val_acc"], label="validation")
plt.axvline(int(np.argmax(history.history["val_acc"])), linestyle=":", color="gray")
plt.ylabel("accuracy")
plt.xlabel("epoch")
plt.legend()
plt.show()

best = tf.keras.models.load_model("separable_best.keras")
outputs = best.predict(x_test)
show_pictures(x_test, outputs, "predictions for the test set")
