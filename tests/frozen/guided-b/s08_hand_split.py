# sound: validation part cut off the training set by hand, the test set is only touched at the end
# %%
# Task 1 - Set up
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

os.makedirs("models", exist_ok=True)
np.random.seed(5)

# %%
# Task 2 - Pre-process
(x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()

classes = ["cat", "dog", "horse"]
numbers = [3, 5, 7]


def cut(x, y):
    hits = np.where(np.isin(y[:, 0], numbers))[0]
    np.random.shuffle(hits)
    x = x[hits].astype("float32") / 255.0
    y = (y[hits, 0].astype(int) - 3) // 2  # 3, 5, 7 -> 0, 1, 2
    return x, y


x_all, y_all = cut(x_all, y_all)
x_test, y_test = cut(x_test, y_test)

onehot_all = np.zeros((len(y_all), 3))
onehot_all[np.arange(len(y_all)), y_all] = 1
onehot_test = np.zeros((len(y_test), 3))
onehot_test[np.arange(len(y_test)), y_test] = 1

# the last fifth of the shuffled training set is held back for validation
edge = int(0.8 * len(x_all))
x_train, x_val = x_all[:edge], x_all[edge:]
onehot_train, onehot_val = onehot_all[:edge], onehot_all[edge:]
print("train", len(x_train), "validation", len(x_val), "test", len(x_test))


# %%
# Task 3 - Visualise
def show(x, onehot, text):
    plt.figure(figsize=(10, 4))
    for k in range(10):
        i = np.random.randint(len(x))
        plt.subplot(2, 5, k + 1)
        plt.imshow(x[i])
        plt.title(classes[np.argmax(onehot[i])])
        plt.xticks([])
        plt.yticks([])
    plt.suptitle(text)
    plt.show()


show(x_train, onehot_train, "training set")
show(x_test, onehot_test, "test set")


# %%
# Task 4 - Create the model
def conv_block(model, filters, dropout):
    model.add(layers.Conv2D(filters, (3, 3), activation="relu", padding="same"))
    model.add(layers.Conv2D(filters, (3, 3), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Dropout(dropout))


def create_model():
    model = keras.Sequential()
    model.add(keras.Input(shape=(32, 32, 3)))
    conv_block(model, 32, 0.25)
    conv_block(model, 64, 0.25)
    model.add(layers.Flatten())
    model.add(layers.Dense(128, activation="relu"))
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


model = create_model()
model.summary()

# %%
# Task 5 - Train
path = os.path.join("models", "best.keras")
early = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=8, verbose=1)
best = keras.callbacks.ModelCheckpoint(
    path, monitor="val_accuracy", mode="max", save_best_only=True, verbose=1
)
history = model.fit(
    x_train,
    onehot_train,
    validation_data=(x_val, onehot_val),
    batch_size=64,
    epochs=50,
    callbacks=[early, best],
)

# %%
# Task 6 - Predict
train_accuracy = history.history["accuracy"]
val_accuracy = history.history["val_accuracy"]
plt.plot(train_accuracy, label="train")
plt.plot(val_accuracy, label="validation")
plt.ylabel("accuracy")
plt.xlabel("epoch")
plt.legend()
plt.show()

best_model = keras.models.load_model(path)
loss, accuracy = best_model.evaluate(x_test, onehot_test)
print("accuracy on the test set:", accuracy)
predictions = best_model.predict(x_test)
show(x_test, predictions, "predictions")
