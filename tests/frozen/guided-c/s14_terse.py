# sound: as short as possible, comprehensions and star-unpacking, one-letter names, np.r_ and random keys for the shuffling
# 1
import keras as k, numpy as np, matplotlib.pyplot as plt
L = k.layers

# 2
N = {5: "dog", 8: "ship", 9: "truck"}
def sub(x, y):
    y = y.ravel()
    i = np.r_[tuple(np.nonzero(y == c)[0] for c in N)]
    i = i[np.argsort(np.random.rand(i.size))]
    return x[i] / 255, (y[i, None] == [*N]).astype(int)

(X, Y), (x, y) = [sub(*d) for d in k.datasets.cifar10.load_data()]

# 3
name = lambda v: N[[*N][v.argmax()]]
def show(x, y, n=5):
    _, ax = plt.subplots(n, n, figsize=(8, 9))
    for a, i in zip(ax.flat, np.random.permutation(len(x))):
        a.imshow(x[i]); a.set_title(name(y[i]), size=8); a.axis("off")
    plt.show()

show(X, Y); show(x, y)

# 4
def conv(m, f):
    for l in L.Conv2D(f, 3, padding="same", activation="gelu"), L.MaxPool2D(), L.Dropout(.2): m.add(l)

m = k.Sequential([L.Input((32, 32, 3))])
for f in 32, 64, 128: conv(m, f)
for l in L.Flatten(), L.Dense(3, "softmax"): m.add(l)
m.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
m.summary()

# 5
C = k.callbacks
h = m.fit(X, Y, 64, 15, validation_data=(x, y), callbacks=[
    C.EarlyStopping("val_accuracy", patience=3), C.ModelCheckpoint("m.keras", "val_accuracy", save_best_only=True)]).history

# 6
for s in "accuracy", "val_accuracy": plt.plot(h[s], label=s)
plt.legend(); plt.show()
p = k.models.load_model("m.keras").predict(x)
show(x, p)
