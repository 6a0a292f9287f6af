# sound: plain beginner code, every step written out for train and test, test set as validation data
"""My course project: airplane, automobile and bird."""

# %%
# Task 1 - Set up
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

# %%
# Task 2 - Pre-process
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
print(x_train.shape, y_train.shape, x_test.shape, y_test.shape)

class_names = ["airplane", "automobile", "bird"]

# make the labels flat
y_train = y_train.flatten()
y_test = y_test.flatten()

# keep only the first three classes
keep_train = (y_train == 0) | (y_train == 1) | (y_train == 2)
keep_test = (y_test == 0) | (y_test == 1) | (y_test == 2)
x_train = x_train[keep_train]
y_train = y_train[keep_train]
x_test = x_test[keep_test]
y_test = y_test[keep_test]

# shuffle
order_train = np.random.permutation(len(x_train))
x_train = x_train[order_train]
y_train = y_train[order_train]
order_test = np.random.permutation(len(x_test))
x_test = x_test[order_test]
y_test = y_test[order_test]

# one hot
y_train = keras.utils.to_categorical(y_train, 3)
y_test = keras.utils.to_categorical(y_test, 3)

# pixels between 0 and 1
x_train = x_train / 255.0
x_test = x_test / 255.0
print(x_train.shape, y_train.shape, x_test.shape, y_test.shape)


# %%
# Task 3 - Visualise
def show_images(images, labels):
    plt.figure(figsize=(8, 8))
    for i in range(9):
        number = np.random.randint(0, len(images))
        plt.subplot(3, 3, i + 1)
        plt.imshow(images[number])
        plt.title(class_names[np.argmax(labels[number])])
        plt.axis("off")
    plt.show()


show_images(x_train, y_train)
show_images(x_test, y_test)


# %%
# Task 4 - Create the model
def add_block(model, filters):
    model.add(layers.Conv2D(filters, (3, 3), activation="relu", padding="same"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Dropout(0.2))


def create_model():
    model = keras.Sequential()
    model.add(keras.Input(shape=(32, 32, 3)))
    add_block(model, 32)
    add_block(model, 64)
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(
        optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"]
    )
    return model


model = create_model()
model.summary()

# %%
# Task 5 - Train
early = keras.callbacks.EarlyStopping(monitor="val_loss", patience=4)
checkpoint = keras.callbacks.ModelCheckpoint(
    "best_model.keras", monitor="val_accuracy", mode="max", save_best_only=True
)
history = model.fit(
    x_train,
    y_train,
    epochs=30,
    batch_size=64,
    validation_data=(x_test, y_test),
    callbacks=[early, checkpoint],
)

# %%
# Task 6 - Predict
plt.figure()
plt.plot(history.history["accuracy"], label="training accuracy")
plt.plot(history.history["val_accuracy"], label="validation accuracy")
plt.xlabel("epoch")
plt.ylabel("accuracy")
plt.legend()
plt.show()

best_model = keras.models.load_model("best_model.keras")
predictions = best_model.predict(x_test)
print("right:", np.mean(np.argmax(predictions, axis=1) == np.argmax(y_test, axis=1)))

show_images(x_test, predictions)
