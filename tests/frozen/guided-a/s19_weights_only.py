# sound: the checkpoint keeps the weights only (.weights.h5) and the best network is made anew by the same function and given these weights
# %%
# Task 1
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.layers import BatchNormalization, Conv2D, Dense, Dropout, GlobalAveragePooling2D, Input, MaxPooling2D

# %%
# Task 2
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()

CLASS_IDS = [0, 2, 6]
CLASS_NAMES = ["airplane", "bird", "frog"]

# a table from old number to new number, -1 for all that we do not want
table = np.full(10, -1)
table[CLASS_IDS] = [0, 1, 2]


def cut_and_shuffle(images, labels):
    new_labels = table[labels.flatten()]
    images = images[new_labels >= 0]
    new_labels = new_labels[new_labels >= 0]
    perm = np.random.permutation(len(new_labels))
    images, new_labels = images[perm], new_labels[perm]
    onehot = np.zeros((len(new_labels), 3), dtype="float32")
    onehot[np.arange(len(new_labels)), new_labels] = 1
    return images, onehot


train_images, train_onehot = cut_and_shuffle(x_train, y_train)
test_images, test_onehot = cut_and_shuffle(x_test, y_test)

# standardise with the numbers of the training set
mean = train_images.mean(axis=(0, 1, 2))
std = train_images.std(axis=(0, 1, 2))
train_input = ((train_images - mean) / std).astype("float32")
test_input = ((test_images - mean) / std).astype("float32")


# %%
# Task 3
def show_examples(images, onehot, heading):
    fig, axs = plt.subplots(2, 6, figsize=(12, 5))
    fig.suptitle(heading)
    for ax in axs.flat:
        n = np.random.randint(len(images))
        ax.imshow(images[n])
        ax.set_title(CLASS_NAMES[np.argmax(onehot[n])])
        ax.set_axis_off()
    plt.show()


show_examples(train_images, train_onehot, "training")
show_examples(test_images, test_onehot, "test")


# %%
# Task 4
def conv_bn_pool(network, filters, dropout):
    network.add(Conv2D(filters, 3, padding="same", activation="relu"))
    network.add(BatchNormalization())
    network.add(MaxPooling2D())
    network.add(Dropout(dropout))


def create_network():
    network = keras.Sequential()
    network.add(Input(shape=(32, 32, 3)))
    conv_bn_pool(network, 32, 0.1)
    conv_bn_pool(network, 64, 0.2)
    conv_bn_pool(network, 128, 0.3)
    network.add(GlobalAveragePooling2D())
    network.add(Dense(3, activation="softmax"))
    network.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return network


network = create_network()
network.summary()

# %%
# Task 5
WEIGHTS = "best.weights.h5"
history = network.fit(
    train_input,
    train_onehot,
    validation_data=(test_input, test_onehot),
    batch_size=64,
    epochs=30,
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=6),
        keras.callbacks.ModelCheckpoint(
            WEIGHTS,
            monitor="val_accuracy",
            mode="max",
            save_best_only=True,
            save_weights_only=True,
        ),
    ],
)

# %%
# Task 6
plt.plot(history.history["accuracy"], label="training accuracy")
plt.plot(history.history["val_accuracy"], label="validation accuracy")
plt.legend()
plt.show()

best = create_network()
best.load_weights(WEIGHTS)
result = best.predict(test_input)
print(best.evaluate(test_input, test_onehot, verbose=0))
show_examples(test_images, result, "predicted by the best network")
