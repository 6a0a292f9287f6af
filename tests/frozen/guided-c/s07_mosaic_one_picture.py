# sound: examples as one mosaic (a single imshow of joined images, labels listed in the title), classes picked by name, seed trick for shuffling x and y alike
# %% Task 1: imports
import keras
import numpy as np
import matplotlib.pyplot as plt
import matplotlib

matplotlib.rcParams["figure.figsize"] = (11, 2.4)
np.set_printoptions(precision=3, suppress=True)

# %% Task 2: data
all_names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
my_names = ["frog", "horse", "ship"]
my_numbers = {all_names.index(n): k for k, n in enumerate(my_names)}  # {6: 0, 7: 1, 8: 2}

(X, Y), (Xt, Yt) = keras.datasets.cifar10.load_data()


def keep_my_classes(X, Y):
    Y = Y.flatten()
    m = (Y == 6) | (Y == 7) | (Y == 8)
    X = X[m].astype(np.float32) / 255.
    Y = np.vectorize(my_numbers.get)(Y[m])
    Y = keras.utils.to_categorical(Y, len(my_names))
    # same seed twice = same order twice
    seed = np.random.randint(1_000_000)
    np.random.seed(seed)
    np.random.shuffle(X)
    np.random.seed(seed)
    np.random.shuffle(Y)
    return X, Y


X, Y = keep_my_classes(X, Y)
Xt, Yt = keep_my_classes(Xt, Yt)
print(X.shape, X.dtype, X.min(), X.max(), Y.shape, Y.sum(axis=0))
print(Xt.shape, Xt.dtype, Xt.min(), Xt.max(), Yt.shape, Yt.sum(axis=0))


# %% Task 3: examples
def mosaic(images, labels, n=8):
    idx = np.random.choice(images.shape[0], n, replace=False)
    frame = np.ones((32, 2, 3), dtype=np.float32)  # thin white line between the pictures
    parts = []
    for i in idx:
        parts.append(images[i])
        parts.append(frame)
    plt.imshow(np.hstack(parts[:-1]))
    plt.title("  |  ".join(my_names[c] for c in labels[idx].argmax(axis=1)))
    plt.axis("off")
    plt.show()


mosaic(X, Y)
mosaic(X, Y)
mosaic(Xt, Yt)


# %% Task 4: model
def block(model, filters, kernel=3, pool=2, drop=0.0):
    model.add(keras.layers.Conv2D(filters, kernel, padding="same", activation="elu"))
    model.add(keras.layers.MaxPool2D(pool))
    if drop:
        model.add(keras.layers.Dropout(drop))
    return model


settings = [
    dict(filters=32, kernel=5),
    dict(filters=64, drop=0.2),
    dict(filters=64, drop=0.3),
]

cnn = keras.Sequential()
cnn.add(keras.Input(shape=X.shape[1:]))
for s in settings:
    cnn = block(cnn, **s)
cnn.add(keras.layers.Flatten())
cnn.add(keras.layers.Dense(100, activation="elu"))
cnn.add(keras.layers.Dense(Y.shape[1], activation="softmax"))
cnn.compile(optimizer=keras.optimizers.RMSprop(), loss="categorical_crossentropy", metrics=["accuracy"])
cnn.summary(line_length=80)

# %% Task 5: training
es = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=4, mode="max")
mc = keras.callbacks.ModelCheckpoint("frog_horse_ship.keras", monitor="val_accuracy", mode="max", save_best_only=True, verbose=1)
log = cnn.fit(X, Y, batch_size=200, epochs=20, validation_data=(Xt, Yt), callbacks=[es, mc])

# %% Task 6: what did it learn?
plt.figure(figsize=(7, 5))
plt.plot(log.history["accuracy"], "b-", label="accuracy (train)")
plt.plot(log.history["val_accuracy"], "r--", label="accuracy (validation)")
plt.legend()
plt.show()

best = keras.models.load_model("frog_horse_ship.keras")
P = best.predict(Xt)
print("accuracy of the best model:", np.mean(P.argmax(1) == Yt.argmax(1)))
mosaic(Xt, P)
mosaic(Xt, P)
