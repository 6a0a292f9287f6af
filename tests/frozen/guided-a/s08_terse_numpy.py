# sound: terse professional numpy one-liners, one-hot by comparison with the class numbers, best checkpoint read back in one expression
# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers as L

RNG = np.random.default_rng(7)
CLASSES = np.array([1, 5, 9])
NAMES = np.array("airplane automobile bird cat deer dog frog horse ship truck".split())[CLASSES]


# %%
def subset(x, y):
    idx = RNG.permutation(np.flatnonzero(np.isin(y.ravel(), CLASSES)))
    return x[idx].astype("float32") / 255, (y[idx] == CLASSES).astype("float32")


(x_train, y_train), (x_test, y_test) = (subset(*part) for part in keras.datasets.cifar10.load_data())


# %%
def gallery(x, y, n=4):
    idx = RNG.choice(len(x), n * n, replace=False)
    _, axs = plt.subplots(n, n, figsize=(7, 7), layout="constrained")
    for ax, img, name in zip(axs.flat, x[idx], NAMES[y[idx].argmax(-1)]):
        ax.imshow(img)
        ax.set(title=name, xticks=[], yticks=[])
    plt.show()


gallery(x_train, y_train)
gallery(x_test, y_test)


# %%
def add_block(net, filters):
    for layer in (
        L.Conv2D(filters, 3, padding="same", activation="gelu"),
        L.BatchNormalization(),
        L.MaxPooling2D(),
    ):
        net.add(layer)


net = keras.Sequential([L.Input(x_train.shape[1:])])
for f in 2 ** np.arange(5, 8):
    add_block(net, int(f))
for layer in (L.Flatten(), L.Dropout(0.5), L.Dense(len(CLASSES), activation="softmax")):
    net.add(layer)
net.compile(optimizer="nadam", loss="categorical_crossentropy", metrics=["accuracy"])
net.summary()

# %%
CKPT = "cifar3_best.keras"
log = net.fit(
    x_train,
    y_train,
    batch_size=128,
    epochs=60,
    validation_split=0.2,
    callbacks=[
        keras.callbacks.EarlyStopping("val_loss", patience=6),
        keras.callbacks.ModelCheckpoint(CKPT, "val_loss", save_best_only=True),
    ],
).history

# %%
for key in ("accuracy", "val_accuracy"):
    plt.plot(log[key], label=key)
plt.legend()
plt.show()

y_pred = keras.models.load_model(CKPT).predict(x_test, verbose=0)
print(f"test accuracy {np.mean(y_pred.argmax(-1) == y_test.argmax(-1)):.3f}")
gallery(x_test, y_pred)
