# sound: scikit-learn for shuffling, one-hot rows, the stratified validation split and the report
# %%
# Task 1 - Set up
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.layers import Activation, BatchNormalization, Conv2D, Dense, Dropout, Input
from keras.layers import GlobalAveragePooling2D, MaxPooling2D
from keras.models import Sequential, load_model
from sklearn.metrics import classification_report, confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import shuffle

# %%
# Task 2 - Pre-process
CIFAR10 = "airplane automobile bird cat deer dog frog horse ship truck".split()
CHOSEN = ["airplane", "frog", "truck"]


def reduce_and_shuffle(images, labels, random_state):
    words = np.array(CIFAR10)[labels.ravel()]
    keep = np.isin(words, CHOSEN)
    return shuffle(images[keep], words[keep], random_state=random_state)


(x_full, y_full), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_full, words_full = reduce_and_shuffle(x_full, y_full, 1)
x_test, words_test = reduce_and_shuffle(x_test, y_test, 2)

binarizer = LabelBinarizer()
Y_full = binarizer.fit_transform(words_full).astype("float32")
Y_test = binarizer.transform(words_test).astype("float32")

x_full = x_full / 255.0
x_test = x_test / 255.0

x_train, x_val, Y_train, Y_val = train_test_split(
    x_full, Y_full, test_size=0.15, stratify=Y_full.argmax(axis=1), random_state=3
)


# %%
# Task 3 - Visualise
def show_images(images, words, title):
    fig, axes = plt.subplots(2, 5, figsize=(12, 5.5))
    fig.suptitle(title)
    picks = np.random.choice(np.arange(len(images)), axes.size, replace=False)
    for ax, pick in zip(axes.ravel(), picks):
        ax.imshow(images[pick])
        ax.set_title(words[pick])
        ax.axis("off")
    plt.show()


show_images(x_train, binarizer.inverse_transform(Y_train), "From the training set")
show_images(x_test, words_test, "From the test set")


# %%
# Task 4 - Create the model
def add_conv_block(model, filters, strides=1):
    model.add(Conv2D(filters, 3, strides=strides, padding="same"))
    model.add(BatchNormalization())
    model.add(Activation("relu"))


def create_model(n_classes):
    model = Sequential()
    model.add(Input(shape=(32, 32, 3)))
    add_conv_block(model, 32)
    add_conv_block(model, 64, strides=2)
    model.add(MaxPooling2D())
    add_conv_block(model, 128)
    model.add(GlobalAveragePooling2D())
    model.add(Dropout(0.3))
    model.add(Dense(n_classes))
    model.add(Activation("softmax"))
    return model


model = create_model(len(binarizer.classes_))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
print(model.summary())

# %%
# Task 5 - Train
hist = model.fit(
    x_train,
    Y_train,
    batch_size=64,
    epochs=40,
    validation_data=(x_val, Y_val),
    callbacks=[
        EarlyStopping(monitor="val_loss", patience=6),
        ModelCheckpoint("sk_best.keras", monitor="val_loss", save_best_only=True),
    ],
)

# %%
# Task 6 - Predict
plt.figure()
plt.plot(hist.history["accuracy"], label="train")
plt.plot(hist.history["val_accuracy"], label="validation")
plt.xlabel("epoch")
plt.ylabel("accuracy")
plt.legend()
plt.show()

best = load_model("sk_best.keras")
scores = best.predict(x_test)
words_pred = binarizer.classes_[scores.argmax(axis=1)]
print(confusion_matrix(words_test, words_pred, labels=list(binarizer.classes_)))
print(classification_report(words_test, words_pred, zero_division=0))
show_images(x_test, words_pred, "Test images as predicted")
