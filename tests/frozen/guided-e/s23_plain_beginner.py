# sound: a beginner's plain style, everything with loops and lists, code copied for train and test, classes in the order 9, 4, 1
# %%
# Task 1: import
import random
import numpy as np
import matplotlib.pyplot as plt
import tensorflow as tf
from tensorflow.keras.datasets import cifar10
from tensorflow.keras import layers

# helper: turns [0, 1, 0] into a word
def label_to_word(label):
    if label[0] == 1:
        return "truck"
    elif label[1] == 1:
        return "deer"
    else:
        return "car"

# helper: turns the 3 probabilities into a word
def probabilities_to_word(p):
    if p[0] == p.max():
        return "truck"
    elif p[1] == p.max():
        return "deer"
    else:
        return "car"

# %%
# Task 2: import the data
(x_train, y_train), (x_test, y_test) = cifar10.load_data()
print(x_train.shape)
print(y_train.shape)

# truck = 9, deer = 4, car = 1
train_list = []
for i in range(len(x_train)):
    if y_train[i][0] == 9:
        train_list.append([x_train[i], [1, 0, 0]])
    if y_train[i][0] == 4:
        train_list.append([x_train[i], [0, 1, 0]])
    if y_train[i][0] == 1:
        train_list.append([x_train[i], [0, 0, 1]])

test_list = []
for i in range(len(x_test)):
    if y_test[i][0] == 9:
        test_list.append([x_test[i], [1, 0, 0]])
    if y_test[i][0] == 4:
        test_list.append([x_test[i], [0, 1, 0]])
    if y_test[i][0] == 1:
        test_list.append([x_test[i], [0, 0, 1]])

# every entry of the list has the image and its label, so they stay together
random.shuffle(train_list)
random.shuffle(test_list)

x_train_3 = []
y_train_3 = []
for image, label in train_list:
    x_train_3.append(image)
    y_train_3.append(label)
x_train_3 = np.array(x_train_3)
y_train_3 = np.array(y_train_3)

x_test_3 = []
y_test_3 = []
for image, label in test_list:
    x_test_3.append(image)
    y_test_3.append(label)
x_test_3 = np.array(x_test_3)
y_test_3 = np.array(y_test_3)

print(x_train_3.shape, y_train_3.shape)
print(x_test_3.shape, y_test_3.shape)

# %%
# Task 3: plot random examples
def plot_random_examples(x, y):
    plt.figure(figsize=(10, 3))
    for k in range(6):
        i = random.randint(0, len(x) - 1)
        plt.subplot(1, 6, k + 1)
        plt.imshow(x[i])
        plt.title(label_to_word(y[i]))
        plt.axis("off")
    plt.show()

# %%
plot_random_examples(x_train_3, y_train_3)

# %%
plot_random_examples(x_test_3, y_test_3)

# %%
# Task 4: model
model = tf.keras.Sequential()
model.add(layers.Input(shape=(32, 32, 3)))

def add_block(number_of_filters):
    model.add(layers.Conv2D(number_of_filters, (3, 3), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))

add_block(32)
add_block(64)
add_block(64)
model.add(layers.Flatten())
model.add(layers.Dense(64, activation="relu"))
model.add(layers.Dense(3, activation="softmax"))

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])

# %%
model.summary()

# %%
# Task 5: train
x_train_3_scaled = x_train_3 / 255.0
x_test_3_scaled = x_test_3 / 255.0

early_stopping = tf.keras.callbacks.EarlyStopping(monitor="val_loss", patience=3)
checkpoint = tf.keras.callbacks.ModelCheckpoint("my_best_model.keras", save_best_only=True)

history = model.fit(x_train_3_scaled, y_train_3, epochs=20,
                    validation_data=(x_test_3_scaled, y_test_3),
                    callbacks=[early_stopping, checkpoint])

# %%
# Task 6: plot
plt.plot(history.history["accuracy"], color="blue")
plt.plot(history.history["val_accuracy"], color="red")
plt.xlabel("epoch")
plt.ylabel("accuracy")
plt.legend(["accuracy", "validation accuracy"])
plt.show()

# %%
best_model = tf.keras.models.load_model("my_best_model.keras")
predictions = best_model.predict(x_test_3_scaled)
print(predictions[0])

# %%
plt.figure(figsize=(10, 3))
for k in range(6):
    i = random.randint(0, len(x_test_3) - 1)
    plt.subplot(1, 6, k + 1)
    plt.imshow(x_test_3[i])
    plt.title(probabilities_to_word(predictions[i]))
    plt.axis("off")
plt.show()
