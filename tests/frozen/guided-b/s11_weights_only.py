# sound: the checkpoint holds weights only, which are loaded into a network built anew for predicting
# %%
# Task 1 - Set up
import pathlib
import tempfile

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, optimizers

# %%
# Task 2 - Pre-process
NAMES = {2: "bird", 3: "cat", 9: "truck"}
ORDER = sorted(NAMES)


def cut_shuffle(x, y):
    """Three classes, shuffled; images as floats from 0 to 1, labels as one-hot rows."""
    y = y.flatten()
    selected = [i for i, label in enumerate(y) if label in NAMES]
    selected = np.random.permutation(selected)
    rows = np.array([[label == c for c in ORDER] for label in y[selected]], dtype="float32")
    return x[selected].astype("float32") / 255, rows


(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_train, y_train = cut_shuffle(x_train, y_train)
x_test, y_test = cut_shuffle(x_test, y_test)


# %%
# Task 3 - Visualise
def show_some(x, rows, number=5):
    """Random images in a row, each above its label."""
    fig = plt.figure(figsize=(2.2 * number, 2.6))
    for place, index in enumerate(np.random.randint(len(x), size=number)):
        ax = fig.add_subplot(1, number, place + 1, xticks=[], yticks=[])
        ax.imshow(x[index])
        ax.set_xlabel(NAMES[ORDER[rows[index].argmax()]])
    plt.show()


show_some(x_train, y_train)
show_some(x_test, y_test)


# %%
# Task 4 - Create the model
def conv_block(model, filters, rate):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.MaxPooling2D())
    model.add(layers.Dropout(rate))
    return model


def create_model():
    model = keras.Sequential()
    model.add(keras.Input(shape=(32, 32, 3)))
    model = conv_block(model, 32, 0.2)
    model = conv_block(model, 64, 0.3)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(
        optimizer=optimizers.Adam(1e-3), loss="categorical_crossentropy", metrics=["accuracy"]
    )
    return model


model = create_model()
model.summary()

# %%
# Task 5 - Train
weights_file = pathlib.Path(tempfile.mkdtemp()) / "best.weights.h5"
history = model.fit(
    x_train,
    y_train,
    epochs=30,
    batch_size=64,
    validation_data=(x_test, y_test),
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=6),
        keras.callbacks.ModelCheckpoint(
            str(weights_file),
            monitor="val_accuracy",
            mode="max",
            save_best_only=True,
            save_weights_only=True,
        ),
    ],
)

# %%
# Task 6 - Predict
plt.figure()
plt.plot(history.history["accuracy"], label="training accuracy")
plt.plot(history.history["val_accuracy"], label="validation accuracy")
plt.legend()
plt.xlabel("epoch")
plt.show()

best_model = create_model()
best_model.load_weights(str(weights_file))
print("best epoch:", best_model.evaluate(x_test, y_test, verbose=0, return_dict=True))
predictions = best_model.predict(x_test)
show_some(x_test, predictions, number=8)
