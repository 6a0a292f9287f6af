# sound: names as text labels with LabelBinarizer, own validation part split off the training set (stratified), test set only for the end, confusion matrix and report
# %% [markdown]
# # Assignment: image recognition
# I did not want to choose the best epoch on the test images, so I split off 10 % of the training images for validation.

# %% 1 Import libraries
import numpy as np
import matplotlib.pyplot as plt
from sklearn.metrics import ConfusionMatrixDisplay, classification_report
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import shuffle

import keras
from keras.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D

# %% 2 Import data
CIFAR = np.array(["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"])
PETS = ["cat", "dog", "horse"]

(x, y), (x_final, y_final) = keras.datasets.cifar10.load_data()


def only(images, numbers, wanted):
    text = CIFAR[numbers[:, 0]]
    mask = np.isin(text, wanted)
    return images[mask] / np.float32(255), text[mask]


x, y = only(x, y, PETS)
x_final, y_final = only(x_final, y_final, PETS)

binarizer = LabelBinarizer().fit(PETS)
x_final, y_final = shuffle(x_final, binarizer.transform(y_final))
x_fit, x_val, y_fit, y_val = train_test_split(
    x, binarizer.transform(y), test_size=0.1, stratify=y, shuffle=True, random_state=0
)
for part, labels in [("fit", y_fit), ("validation", y_val), ("test", y_final)]:
    print(f"{part:12s}", labels.shape, dict(zip(binarizer.classes_, labels.sum(axis=0))))


# %% 3 Plot examples
def plot_examples(images, labels, title="", rows=2, cols=7):
    words = binarizer.inverse_transform(labels)
    chosen = np.random.choice(len(images), rows * cols, replace=False)
    fig, axes = plt.subplots(rows, cols, figsize=(cols * 1.4, rows * 1.7), subplot_kw={"xticks": [], "yticks": []})
    fig.suptitle(title)
    for number, axis in zip(chosen, axes.flat):
        axis.imshow(images[number])
        axis.set_xlabel(words[number])
    plt.show()


plot_examples(x_fit, y_fit, "training images")
plot_examples(x_final, y_final, "test images")


# %% 4 Model
def add_convolutional_block(model, filters, rate):
    model.add(Conv2D(filters, (3, 3), activation="relu", padding="same"))
    model.add(BatchNormalization())
    model.add(Conv2D(filters, (3, 3), activation="relu", padding="same"))
    model.add(BatchNormalization())
    model.add(MaxPooling2D())
    model.add(Dropout(rate))


model = keras.Sequential()
model.add(Input(shape=x_fit.shape[1:]))
add_convolutional_block(model, 32, 0.2)
add_convolutional_block(model, 64, 0.3)
add_convolutional_block(model, 128, 0.4)
model.add(Flatten())
model.add(Dense(128, activation="relu"))
model.add(Dropout(0.5))
model.add(Dense(len(binarizer.classes_), activation="softmax"))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.summary()

# %% 5 Training
stopper = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=6, mode="max", verbose=1)
saver = keras.callbacks.ModelCheckpoint(
    filepath="pets.keras", monitor="val_accuracy", mode="max", save_best_only=True, verbose=0
)
history = model.fit(
    x_fit, y_fit,
    validation_data=(x_val, y_val),
    epochs=30, batch_size=128,
    callbacks=[stopper, saver],
)

# %% 6 Results
fig, ax = plt.subplots(figsize=(7, 4))
ax.plot(history.history["accuracy"], label="training")
ax.plot(history.history["val_accuracy"], label="validation")
best_epoch = int(np.argmax(history.history["val_accuracy"]))
ax.axvline(best_epoch, color="grey", linestyle=":", label="best epoch")
ax.set_xlabel("epoch")
ax.set_ylabel("accuracy")
ax.legend()
plt.show()

best_model = keras.models.load_model("pets.keras")
prediction = best_model.predict(x_final)

truth = binarizer.inverse_transform(y_final)
guess = binarizer.inverse_transform(prediction)
print(classification_report(truth, guess, zero_division=0))
ConfusionMatrixDisplay.from_predictions(truth, guess, labels=binarizer.classes_)
plt.show()

plot_examples(x_final, prediction, "predicted labels of test images")
