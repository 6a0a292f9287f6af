# sound: one-hot rows are made and drawn from, the fit itself takes sparse labels got back by argmax
# %%
# Task 1 - Set up
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D

rng = np.random.default_rng()

# %%
# Task 2 - Pre-process
class_names = np.array(["automobile", "ship", "truck"])
class_numbers = np.array([1, 8, 9])


def three_classes(images, labels):
    labels = labels.squeeze()
    matches = labels[:, None] == class_numbers[None, :]
    chosen = np.flatnonzero(matches.any(axis=1))
    rng.shuffle(chosen)
    # each row of `matches` that is kept has exactly one True: the one-hot row
    return images[chosen].astype("float32") / 255, matches[chosen].astype("float32")


(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_train, onehot_train = three_classes(x_train, y_train)
x_test, onehot_test = three_classes(x_test, y_test)

sparse_train = onehot_train.argmax(axis=1)
sparse_test = onehot_test.argmax(axis=1)


# %%
# Task 3 - Visualise
def gallery(images, onehot, headline=""):
    where = rng.permutation(len(images))[:12]
    fig, axs = plt.subplots(nrows=2, ncols=6, figsize=(14, 5))
    for ax, i in zip(axs.flatten(), where):
        ax.imshow(images[i])
        ax.set_title(class_names[onehot[i].argmax()], fontsize=9)
        ax.set_axis_off()
    fig.suptitle(headline)
    plt.show()


gallery(x_train, onehot_train, "training")
gallery(x_test, onehot_test, "test")


# %%
# Task 4 - Create the model
def block(model, filters, kernel=3, drop=0.25):
    model.add(Conv2D(filters, kernel, activation="relu", padding="same"))
    model.add(BatchNormalization())
    model.add(Conv2D(filters, kernel, activation="relu", padding="same"))
    model.add(MaxPooling2D(2))
    model.add(Dropout(drop))


model = keras.Sequential([Input((32, 32, 3))])
block(model, 32)
block(model, 64)
model.add(Flatten())
model.add(Dense(64, activation="relu"))
model.add(Dense(3, activation="softmax"))
model.compile(
    optimizer=keras.optimizers.Nadam(5e-4),
    loss="sparse_categorical_crossentropy",
    metrics=["sparse_categorical_accuracy"],
)
model.summary()

# %%
# Task 5 - Train
stop = keras.callbacks.EarlyStopping("val_sparse_categorical_accuracy", mode="max", patience=6)
keep = keras.callbacks.ModelCheckpoint(
    "best_vehicles.keras",
    monitor="val_sparse_categorical_accuracy",
    mode="max",
    save_best_only=True,
)
run = model.fit(
    x_train,
    sparse_train,
    batch_size=64,
    epochs=30,
    validation_data=(x_test, sparse_test),
    callbacks=[stop, keep],
)

# %%
# Task 6 - Predict
plt.plot(run.history["sparse_categorical_accuracy"], label="training")
plt.plot(run.history["val_sparse_categorical_accuracy"], label="validation")
plt.title("accuracy by epoch")
plt.legend()
plt.grid(True)
plt.show()

best = keras.models.load_model("best_vehicles.keras")
probabilities = best.predict(x_test)
print("right:", (probabilities.argmax(axis=1) == sparse_test).mean())
gallery(x_test, probabilities, "test, predicted")
