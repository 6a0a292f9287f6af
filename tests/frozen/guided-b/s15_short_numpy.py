# sound: as short as can be, np.eye for the labels and validation_split for the held-back part
# %%
# Task 1 - Set up
import keras, numpy as np, matplotlib.pyplot as plt
from keras import layers as L

# %%
# Task 2 - Pre-process
names = np.array(["dog", "frog", "horse"])  # classes 5, 6, 7


def cut(x, y):
    i = np.random.permutation(np.nonzero((y.ravel() >= 5) & (y.ravel() <= 7))[0])
    return x[i] / 255.0, np.eye(3)[y.ravel()[i].astype(int) - 5]


(x_train, y_train), (x_test, y_test) = [cut(x, y) for x, y in keras.datasets.cifar10.load_data()]


# %%
# Task 3 - Visualise
def show(x, y):
    plt.figure(figsize=(8, 8))
    for n, i in enumerate(np.random.randint(0, len(x), 16)):
        plt.subplot(4, 4, n + 1, title=names[y[i].argmax()]).imshow(x[i])
        plt.axis("off")
    plt.tight_layout()
    plt.show()


show(x_train, y_train)
show(x_test, y_test)


# %%
# Task 4 - Create the model
def block(m, f):
    for layer in L.Conv2D(f, 3, padding="same", activation="relu"), L.MaxPool2D(), L.Dropout(0.2):
        m.add(layer)


m = keras.Sequential([L.Input((32, 32, 3))])
for f in 32, 64, 128:
    block(m, f)
m.add(L.Flatten())
m.add(L.Dense(3, "softmax"))
m.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
m.summary()

# %%
# Task 5 - Train
h = m.fit(x_train, y_train, validation_split=0.2, epochs=40, batch_size=64, callbacks=[
    keras.callbacks.EarlyStopping("val_loss", patience=5),
    keras.callbacks.ModelCheckpoint("best.keras", "val_loss", save_best_only=True),
]).history

# %%
# Task 6 - Predict
plt.plot(h["accuracy"], label="training")
plt.plot(h["val_accuracy"], label="validation")
plt.legend()
plt.show()

show(x_test, keras.models.load_model("best.keras").predict(x_test))
