# sound: last layer gives logits with a from_logits loss, separable convolutions, confidence from a softmax shown with the predicted label
# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from scipy.special import softmax

# %%
# data: frog, horse, ship have the numbers 6, 7, 8
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
NAMES = ["frog", "horse", "ship"]


def reduce(x, y):
    y = y.flatten().astype(int)
    inside = np.logical_and(y >= 6, y <= 8)
    x = x[inside]
    y = y[inside] - 6
    shuffled = np.random.permutation(len(y))
    x = x[shuffled] / 255.0
    y = np.eye(3)[y[shuffled]]
    return x.astype(np.float32), y.astype(np.float32)


x_train, y_train = reduce(x_train, y_train)
x_test, y_test = reduce(x_test, y_test)


# %%
def show(images, captions, columns=6, rows=2):
    plt.figure(figsize=(2 * columns, 2.3 * rows))
    for position in range(columns * rows):
        which = np.random.randint(len(images))
        plt.subplot(rows, columns, position + 1)
        plt.imshow(images[which])
        plt.title(captions[which], fontsize=8)
        plt.axis("off")
    plt.show()


train_captions = [NAMES[row.argmax()] for row in y_train]
test_captions = [NAMES[row.argmax()] for row in y_test]
show(x_train, train_captions)
show(x_test, test_captions)


# %%
def add_separable_block(model, filters, strides=1):
    model.add(layers.SeparableConv2D(filters, 3, strides=strides, padding="same", use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.LeakyReLU())
    model.add(layers.MaxPooling2D(2))


def create_model():
    model = keras.Sequential()
    model.add(keras.Input(shape=(32, 32, 3)))
    model.add(layers.Conv2D(32, 3, padding="same", activation="relu"))
    add_separable_block(model, 64)
    add_separable_block(model, 96)
    add_separable_block(model, 128)
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(3))
    return model


model = create_model()
model.compile(
    optimizer=keras.optimizers.Adam(
        keras.optimizers.schedules.ExponentialDecay(2e-3, decay_steps=500, decay_rate=0.9)
    ),
    loss=keras.losses.CategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.summary()

# %%
stop = keras.callbacks.EarlyStopping("val_accuracy", mode="max", patience=7)
keep = keras.callbacks.ModelCheckpoint(
    "logits.keras", monitor="val_accuracy", mode="max", save_best_only=True
)
history = model.fit(
    x_train,
    y_train,
    batch_size=64,
    epochs=50,
    validation_split=0.1,
    callbacks=[stop, keep],
)

# %%
epochs = np.arange(1, len(history.history["accuracy"]) + 1)
plt.plot(epochs, history.history["accuracy"], "o-", label="training")
plt.plot(epochs, history.history["val_accuracy"], "s-", label="validation")
plt.legend()
plt.grid(True)
plt.show()

best_model = keras.models.load_model("logits.keras")
probabilities = softmax(best_model.predict(x_test), axis=1)
predicted_captions = [f"{NAMES[p.argmax()]} {p.max():.0%}" for p in probabilities]
show(x_test, predicted_captions)
