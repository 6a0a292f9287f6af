# sound: the block returns a list of layers that are added one by one, callbacks kept in a dictionary, twin axes for accuracy and loss
# %%
# task 1
import numpy as np
import tensorflow as tf
import matplotlib.pyplot as plt

K = tf.keras
L = K.layers
C = K.callbacks

# %%
# task 2
(trX, trY), (teX, teY) = K.datasets.cifar10.load_data()

label_of = {5: "dog", 7: "horse", 4: "deer"}
col_of = {5: 0, 7: 1, 4: 2}
col_names = ["dog", "horse", "deer"]


def three(X, Y):
    pairs = [(x, col_of[int(y)]) for x, y in zip(X, Y.ravel()) if int(y) in label_of]
    np.random.default_rng(3).shuffle(order := np.arange(len(pairs)))
    X3 = np.stack([pairs[i][0] for i in order])
    Y3 = K.utils.to_categorical([pairs[i][1] for i in order], 3)
    return X3, Y3


trX, trY = three(trX, trY)
teX, teY = three(teX, teY)
print(trX.shape, trY.shape, teX.shape, teY.shape)


# %%
# task 3
def peek(X, Y, what, n=6):
    r = np.random.permutation(len(X))[:n]
    fig, axs = plt.subplots(1, n, figsize=(12, 2.6))
    fig.suptitle(what)
    for a, k in zip(axs, r):
        a.imshow(X[k])
        a.set_title(col_names[int(np.argmax(Y[k]))])
        a.axis("off")
    plt.show()


peek(trX, trY, "train")
peek(teX, teY, "test")


# %%
# task 4
def conv_block(filters):
    """The layers of one block."""
    return [
        L.SeparableConv2D(filters, 3, padding="same", use_bias=False),
        L.BatchNormalization(),
        L.Activation("relu"),
        L.SeparableConv2D(filters, 3, padding="same", use_bias=False),
        L.BatchNormalization(),
        L.Activation("relu"),
        L.MaxPooling2D(2),
        L.Dropout(0.2),
    ]


model = K.Sequential()
model.add(K.Input(shape=(32, 32, 3)))
for filters in (32, 64, 128):
    for layer in conv_block(filters):
        model.add(layer)
model.add(L.GlobalAveragePooling2D())
model.add(L.Dense(64, activation="relu"))
model.add(L.Dense(3, activation="softmax"))
model.compile(K.optimizers.Adam(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
model.summary()

# %%
# task 5
cb = {
    "stop": C.EarlyStopping(monitor="val_accuracy", patience=10, verbose=1),
    "best": C.ModelCheckpoint("sep_best.keras", monitor="val_accuracy", save_best_only=True),
    "lr": C.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=3, min_lr=1e-5),
    "log": C.CSVLogger("sep_log.csv"),
}
trS, teS = trX / np.float32(255), teX / np.float32(255)
hist = model.fit(
    trS, trY,
    epochs=40, batch_size=64, verbose=2,
    validation_data=(teS, teY),
    callbacks=list(cb.values()),
)

# %%
# task 6, accuracy on the left axis, loss on the right one
fig, left = plt.subplots(figsize=(8, 5))
right = left.twinx()
lines = []
lines += left.plot(hist.history["accuracy"], "b-", label="accuracy, training")
lines += left.plot(hist.history["val_accuracy"], "r-", label="accuracy, validation")
lines += right.plot(hist.history["loss"], "b:", alpha=0.5, label="loss, training")
lines += right.plot(hist.history["val_loss"], "r:", alpha=0.5, label="loss, validation")
left.set_xlabel("epoch")
left.set_ylabel("accuracy")
right.set_ylabel("loss")
left.legend(lines, [ln.get_label() for ln in lines], loc="center right")
plt.show()

# %%
model = K.models.load_model("sep_best.keras")
P = model.predict(teS, batch_size=500, verbose=0)
for start in (0, 6):
    fig, axs = plt.subplots(1, 6, figsize=(13, 2.8))
    for a, k in zip(axs, range(start, start + 6)):
        a.imshow(teX[k])
        a.set_title("-> " + col_names[int(P[k].argmax())])
        a.axis("off")
    plt.show()
