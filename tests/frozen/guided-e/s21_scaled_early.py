# sound: images scaled to float32 already in task 2 and displayed scaled; metric called "acc"; class weights of one; validation_split
# %%
# Task 1
import numpy as np
import matplotlib.pyplot as plt
from keras.datasets import cifar10
from keras.models import Sequential, load_model
from keras.layers import Input, Conv2D, MaxPool2D, BatchNormalization, Dropout, Flatten, Dense
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.utils import to_categorical

CLASSES = ["airplane", "automobile", "bird"]

# %%
# Task 2
(x_train, y_train), (x_test, y_test) = cifar10.load_data()

# the three classes I want are exactly the labels below 3, so no renumbering is needed
train_ok = y_train[:, 0] < 3
test_ok = y_test[:, 0] < 3

x_train, y_train = x_train[train_ok].astype("float32") / 255, to_categorical(y_train[train_ok], 3)
x_test, y_test = x_test[test_ok].astype("float32") / 255, to_categorical(y_test[test_ok], 3)
print(y_train.shape, y_test.shape)

perm_train = np.random.permutation(len(x_train))
x_train = x_train[perm_train]
y_train = y_train[perm_train]

perm_test = np.random.permutation(len(x_test))
x_test = x_test[perm_test]
y_test = y_test[perm_test]
print("min/max:", x_train.min(), x_train.max())


# %%
# Task 3
def random_examples(x, y, n=16):
    size = int(n**0.5)
    fig, axs = plt.subplots(size, size, figsize=(7, 8))
    for ax in axs.flat:
        i = np.random.choice(len(x))
        ax.imshow(x[i])
        ax.set_title(CLASSES[np.argmax(y[i])], fontsize=8)
        ax.axis("off")
    plt.show()


random_examples(x_train, y_train)
random_examples(x_test, y_test)


# %%
# Task 4
def conv_block(model, filters, **first):
    model.add(Conv2D(filters, 3, padding="same", activation="relu", **first))
    model.add(BatchNormalization())
    model.add(Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(BatchNormalization())
    model.add(MaxPool2D(2))
    model.add(Dropout(0.3))


model = Sequential([Input(shape=x_train.shape[1:])])
conv_block(model, 32)
conv_block(model, 64)
conv_block(model, 128, kernel_initializer="he_normal")
model.add(Flatten())
model.add(Dense(128, activation="relu"))
model.add(Dropout(0.5))
model.add(Dense(3, activation="softmax"))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["acc"])
model.summary()

# %%
# Task 5
history = model.fit(
    x_train,
    y_train,
    batch_size=128,
    epochs=40,
    validation_split=0.2,
    class_weight={0: 1.0, 1: 1.0, 2: 1.0},
    callbacks=[
        EarlyStopping(monitor="val_acc", patience=15, verbose=1),
        ModelCheckpoint("scaled_early.keras", monitor="val_acc", save_best_only=True, verbose=0),
    ],
)

# %%
# Task 6
plt.figure(figsize=(6, 4))
plt.plot(history.history["acc"])
plt.plot(history.history["val_acc"])
plt.title("model accuracy")
plt.ylabel("accuracy")
plt.xlabel("epoch")
plt.legend(["train", "val"], loc="upper left")
plt.show()

# %%
model = load_model("scaled_early.keras")
y_pred = model.predict(x_test)
fig, axs = plt.subplots(4, 4, figsize=(7, 8))
for ax in axs.flat:
    i = np.random.choice(len(x_test))
    ax.imshow(x_test[i])
    ax.set_title("pred: " + CLASSES[np.argmax(y_pred[i])], fontsize=8)
    ax.axis("off")
plt.show()
