# sound: programming beginner, plain for loops with append, if/elif labels, zip and random.shuffle, labels written by hand, everything repeated for the test set
# Task 1
import random
import numpy as np
import matplotlib.pyplot as plt
from tensorflow.keras.datasets import cifar10
from tensorflow.keras.models import Sequential, load_model
from tensorflow.keras.layers import Conv2D, MaxPooling2D, Flatten, Dense, Dropout, Input
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint

# Task 2
(a, b), (c, d) = cifar10.load_data()

# cat = 3, dog = 5, frog = 6
train_list = []
for i in range(len(a)):
    if b[i][0] == 3:
        train_list.append((a[i], [1, 0, 0]))
    elif b[i][0] == 5:
        train_list.append((a[i], [0, 1, 0]))
    elif b[i][0] == 6:
        train_list.append((a[i], [0, 0, 1]))

test_list = []
for i in range(len(c)):
    if d[i][0] == 3:
        test_list.append((c[i], [1, 0, 0]))
    elif d[i][0] == 5:
        test_list.append((c[i], [0, 1, 0]))
    elif d[i][0] == 6:
        test_list.append((c[i], [0, 0, 1]))

random.shuffle(train_list)
random.shuffle(test_list)

x_train = np.array([t[0] for t in train_list])
y_train = np.array([t[1] for t in train_list])
x_test = np.array([t[0] for t in test_list])
y_test = np.array([t[1] for t in test_list])

print(len(x_train), "pictures for training")
print(len(x_test), "pictures for testing")

x_train = x_train / 255
x_test = x_test / 255


# Task 3
def get_name(label):
    if label[0] == max(label):
        return "cat"
    if label[1] == max(label):
        return "dog"
    return "frog"


def plot_examples(x, y):
    plt.figure(figsize=(10, 10))
    for i in range(16):
        number = random.randint(0, len(x) - 1)
        plt.subplot(4, 4, i + 1)
        plt.imshow(x[number])
        plt.title(get_name(y[number]))
        plt.axis("off")
    plt.show()


print("Training set:")
plot_examples(x_train, y_train)
print("Test set:")
plot_examples(x_test, y_test)

# Task 4
model = Sequential()
model.add(Input(shape=(32, 32, 3)))


def conv_block(f):
    model.add(Conv2D(f, (3, 3), activation="relu"))
    model.add(MaxPooling2D((2, 2)))


conv_block(32)
conv_block(64)
model.add(Flatten())
model.add(Dense(64, activation="relu"))
model.add(Dropout(0.4))
model.add(Dense(3, activation="softmax"))

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.summary()

# Task 5
early = EarlyStopping(monitor="val_accuracy", patience=3)
check = ModelCheckpoint("best.h5", monitor="val_accuracy", save_best_only=True)
hist = model.fit(x_train, y_train, epochs=10, batch_size=32, validation_data=(x_test, y_test), callbacks=[early, check])

# Task 6
train_acc = hist.history["accuracy"]
val_acc = hist.history["val_accuracy"]
epochs = []
for i in range(len(train_acc)):
    epochs.append(i + 1)
    print("epoch", i + 1, "training", round(train_acc[i], 3), "validation", round(val_acc[i], 3))
plt.plot(epochs, train_acc, color="blue")
plt.plot(epochs, val_acc, color="orange")
plt.title("Accuracy")
plt.legend(["training", "validation"])
plt.show()

best_model = load_model("best.h5")
result = best_model.predict(x_test)

right = 0
for i in range(len(result)):
    if get_name(result[i]) == get_name(y_test[i]):
        right = right + 1
print(right, "of", len(result), "are right")

plot_examples(x_test, result)
