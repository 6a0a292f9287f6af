# sound: loops and lists, `random.shuffle` on zipped pairs, an argmax written by hand.

# %% [markdown]
# # My first CNN
# ## Task 1: Import libraries and helpers

# %%
import os
import random
import numpy as np
import matplotlib.pyplot as plt
from tensorflow.keras.datasets import cifar10
from tensorflow.keras.models import Sequential, load_model
from tensorflow.keras.layers import Input, Conv2D, MaxPooling2D, Flatten, Dense, Dropout
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint

# %% [markdown]
# ## Task 2: The data

# %%
(x_train, y_train), (x_test, y_test) = cifar10.load_data()
print(x_train.shape, y_train.shape)
print(x_test.shape, y_test.shape)

# %%
# in CIFAR-10: 3 = cat, 5 = dog, 6 = frog
names = ["cat", "dog", "frog"]

train_images = []
train_labels = []
for i in range(len(x_train)):
    number = y_train[i][0]
    if number == 3:
        train_images.append(x_train[i])
        train_labels.append([1, 0, 0])
    elif number == 5:
        train_images.append(x_train[i])
        train_labels.append([0, 1, 0])
    elif number == 6:
        train_images.append(x_train[i])
        train_labels.append([0, 0, 1])

test_images = []
test_labels = []
for i in range(len(x_test)):
    number = y_test[i][0]
    if number == 3:
        test_images.append(x_test[i])
        test_labels.append([1, 0, 0])
    elif number == 5:
        test_images.append(x_test[i])
        test_labels.append([0, 1, 0])
    elif number == 6:
        test_images.append(x_test[i])
        test_labels.append([0, 0, 1])

print(len(train_images), "training images,", len(test_images), "test images")

# %%
# mix them, the image and its label must stay together
pairs = list(zip(train_images, train_labels))
random.shuffle(pairs)
train_images = []
train_labels = []
for image, label in pairs:
    train_images.append(image)
    train_labels.append(label)

pairs = list(zip(test_images, test_labels))
random.shuffle(pairs)
test_images = []
test_labels = []
for image, label in pairs:
    test_images.append(image)
    test_labels.append(label)

train_images = np.array(train_images)
train_labels = np.array(train_labels)
test_images = np.array(test_images)
test_labels = np.array(test_labels)
print(train_images.shape, train_labels.shape)
print(test_images.shape, test_labels.shape)

# %% [markdown]
# ## Task 3: Look at some pictures

# %%
def show_some(images, labels):
    plt.figure(figsize=(8, 8))
    for place in range(1, 10):
        i = random.randint(0, len(images) - 1)
        for k in range(3):
            if labels[i][k] == 1:
                word = names[k]
        plt.subplot(3, 3, place)
        plt.imshow(images[i])
        plt.title(word)
        plt.axis("off")
    plt.show()

# %%
show_some(train_images, train_labels)

# %%
show_some(test_images, test_labels)

# %% [markdown]
# ## Task 4: The model

# %%
def add_block(model, filters):
    model.add(Conv2D(filters, (3, 3), padding="same", activation="relu"))
    model.add(Conv2D(filters, (3, 3), activation="relu"))
    model.add(MaxPooling2D((2, 2)))
    model.add(Dropout(0.3))

# %%
model = Sequential()
model.add(Input(shape=(32, 32, 3)))
for f in [32, 64, 128]:
    add_block(model, f)
model.add(Flatten())
model.add(Dense(64, activation="relu"))
model.add(Dense(3, activation="softmax"))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.summary()

# %% [markdown]
# ## Task 5: Training

# %%
# pixels between 0 and 1
train_scaled = train_images / 255.0
test_scaled = test_images / 255.0

stop = EarlyStopping(monitor="val_accuracy", patience=4, verbose=1)
save = ModelCheckpoint("best_model.keras", monitor="val_accuracy", save_best_only=True, verbose=1)
history = model.fit(train_scaled, train_labels, epochs=30, batch_size=64,
                    validation_data=(test_scaled, test_labels), callbacks=[stop, save])

# %% [markdown]
# ## Task 6: Results

# %%
acc = history.history["accuracy"]
val_acc = history.history["val_accuracy"]
plt.plot(acc, "b-", label="training")
plt.plot(val_acc, "r--", label="validation")
plt.xlabel("epoch")
plt.ylabel("accuracy")
plt.legend()
plt.show()

# %%
best = load_model("best_model.keras")
answers = best.predict(test_scaled)

plt.figure(figsize=(8, 8))
for place in range(1, 10):
    i = random.randint(0, len(test_images) - 1)
    biggest = 0
    for k in range(3):
        if answers[i][k] > answers[i][biggest]:
            biggest = k
    plt.subplot(3, 3, place)
    plt.imshow(test_images[i])
    plt.title("I think: " + names[biggest])
    plt.axis("off")
plt.show()
