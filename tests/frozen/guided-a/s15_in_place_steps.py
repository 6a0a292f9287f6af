# sound: no preparation function at all, index arrays joined per class, shuffled in unison with scikit-learn, true and predicted label in the title
# %%
# Task 1: imports
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.utils import shuffle

# %%
# Task 2: three classes
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
A, B, C = 5, 6, 8
WORDS = {0: "dog", 1: "frog", 2: "ship"}

train_a = x_train[y_train[:, 0] == A]
train_b = x_train[y_train[:, 0] == B]
train_c = x_train[y_train[:, 0] == C]
test_a = x_test[y_test[:, 0] == A]
test_b = x_test[y_test[:, 0] == B]
test_c = x_test[y_test[:, 0] == C]

train_x = np.concatenate([train_a, train_b, train_c])
train_y = np.repeat([0, 1, 2], [len(train_a), len(train_b), len(train_c)])
test_x = np.concatenate([test_a, test_b, test_c])
test_y = np.repeat([0, 1, 2], [len(test_a), len(test_b), len(test_c)])

train_x, train_y = shuffle(train_x, train_y, random_state=11)
test_x, test_y = shuffle(test_x, test_y, random_state=12)

train_y = keras.utils.to_categorical(train_y)
test_y = keras.utils.to_categorical(test_y)

train_x = train_x.astype("float32") / 255.0
test_x = test_x.astype("float32") / 255.0


# %%
# Task 3: pictures
def show_set(images, labels, predictions=None, number=9):
    chosen = np.random.choice(np.arange(len(images)), size=number, replace=False)
    plt.figure(figsize=(8, 8))
    for slot, index in enumerate(chosen, start=1):
        plt.subplot(3, 3, slot)
        plt.imshow(images[index])
        text = "label: " + WORDS[int(labels[index].argmax())]
        if predictions is not None:
            text = text + "\npredicted: " + WORDS[int(predictions[index].argmax())]
        plt.title(text, fontsize=9)
        plt.axis("off")
    plt.tight_layout()
    plt.show()


show_set(train_x, train_y)
show_set(test_x, test_y)


# %%
# Task 4: network
def block(net, filters, convolutions=1):
    for _ in range(convolutions):
        net.add(keras.layers.Conv2D(filters, 3, padding="same", activation="elu"))
    net.add(keras.layers.MaxPooling2D())
    net.add(keras.layers.BatchNormalization())


net = keras.models.Sequential(name="dog_frog_ship")
net.add(keras.layers.Input(shape=(32, 32, 3)))
block(net, 24)
block(net, 48)
block(net, 96, convolutions=2)
net.add(keras.layers.Flatten())
net.add(keras.layers.Dropout(0.5))
net.add(keras.layers.Dense(units=3, activation="softmax"))
net.compile(
    optimizer=keras.optimizers.Adamax(learning_rate=0.002),
    loss=keras.losses.categorical_crossentropy,
    metrics=["accuracy"],
)
net.summary()

# %%
# Task 5: training
os.makedirs("ckpt", exist_ok=True)
monitor = "val_accuracy"
history = net.fit(
    x=train_x,
    y=train_y,
    batch_size=100,
    epochs=35,
    validation_data=(test_x, test_y),
    callbacks=[
        keras.callbacks.EarlyStopping(monitor=monitor, mode="max", patience=5),
        keras.callbacks.ModelCheckpoint(
            filepath="ckpt/best.keras", monitor=monitor, mode="max", save_best_only=True
        ),
    ],
    verbose=2,
)

# %%
# Task 6: results
train_curve = history.history["accuracy"]
val_curve = history.history["val_accuracy"]
plt.figure(figsize=(8, 4))
plt.plot(train_curve, label="training accuracy")
plt.plot(val_curve, label="validation accuracy")
plt.xlabel("epoch")
plt.legend()
plt.show()

best_net = keras.models.load_model("ckpt/best.keras")
guess = best_net.predict(test_x)
print("share right:", float((guess.argmax(1) == test_y.argmax(1)).mean()))
show_set(test_x, test_y, guess)
