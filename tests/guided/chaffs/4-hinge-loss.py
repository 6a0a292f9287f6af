# task: 4
# bug: compiled with categorical_hinge instead of cross-entropy
import random
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from tensorflow.keras import backend as K

K.clear_session()
LOOKUP = {0: "aeroplane", 1: "car", 2: "bird"}


def three(x, y):
    index = [i for i, v in enumerate(y.ravel()) if v in LOOKUP]
    random.shuffle(index)
    return x[index].astype(np.float32) / 255, tf.keras.utils.to_categorical(y.ravel()[index], len(LOOKUP))


data = tf.keras.datasets.cifar10.load_data()
(x_train, y_train), (x_test, y_test) = [three(x, y) for x, y in data]


def show_examples(x, truth, predicted=None, n=5):
    for i in random.sample(range(len(x)), n):
        plt.figure(figsize=(2, 2))
        plt.imshow(x[i])
        plt.axis("off")
        if predicted is None:
            plt.title(LOOKUP[truth[i].argmax()])
        else:
            plt.title(f"predicted: {LOOKUP[predicted[i].argmax()]}\ntrue: {LOOKUP[truth[i].argmax()]}")
        plt.show()


show_examples(x_train, y_train)
show_examples(x_test, y_test)


def create_model():
    def add_conv_block(model, num_filters, last=False):
        model.add(tf.keras.layers.Conv2D(num_filters, 3, activation="relu", padding="same"))
        model.add(tf.keras.layers.GlobalAveragePooling2D() if last else tf.keras.layers.MaxPooling2D())

    model = tf.keras.models.Sequential()
    model.add(tf.keras.layers.InputLayer(shape=(32, 32, 3)))
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    add_conv_block(model, 128, last=True)
    model.add(tf.keras.layers.Dense(3, activation="softmax"))
    model.compile(loss="categorical_hinge", optimizer=tf.keras.optimizers.Adam(0.001), metrics=["accuracy"])
    return model


model = create_model()
model.summary()

WEIGHTS = "cifar/kept.weights.h5"
history = model.fit(
    x_train, y_train,
    validation_split=0.1,
    batch_size=64,
    epochs=35,
    callbacks=[
        tf.keras.callbacks.EarlyStopping(monitor="val_loss", patience=5),
        tf.keras.callbacks.ModelCheckpoint(WEIGHTS, monitor="val_loss", save_best_only=True, save_weights_only=True),
    ],
)

fig, ax = plt.subplots(figsize=(6, 3))
for key, colour in (("accuracy", "navy"), ("val_accuracy", "darkorange")):
    ax.plot(history.history[key], color=colour, label=key)
ax.legend()
plt.show()

best = create_model()
best.load_weights(WEIGHTS)
print("test:", best.evaluate(x_test, y_test, verbose=0))
show_examples(x_test, y_test, best.predict(x_test), n=8)
