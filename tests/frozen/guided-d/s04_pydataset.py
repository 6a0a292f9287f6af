# sound: keras.utils.PyDataset, a lookup array, LeakyReLU, a Softmax layer, titles "pred: … / true: …".

# %% [markdown]
# # Task 1

# %%
import math
import keras
import numpy as np
from keras import layers
from matplotlib import pyplot as plt

# %% [markdown]
# # Task 2
# I use bird, cat and ship. The images stay `uint8`; they're scaled batch by batch in a `PyDataset`.

# %%
(x_all, y_all), (x_hold, y_hold) = keras.datasets.cifar10.load_data()
lookup = np.full(10, -1)
lookup[[2, 3, 8]] = [0, 1, 2]
short_names = np.array(["bird", "cat", "ship"])

# %%
def reduce_to_three(x, y, seed):
    new = lookup[y[:, 0]]
    rows = np.flatnonzero(new >= 0)
    np.random.default_rng(seed).shuffle(rows)
    return x[rows], keras.utils.to_categorical(new[rows], num_classes=3)

x3, y3 = reduce_to_three(x_all, y_all, seed=5)
x3_test, y3_test = reduce_to_three(x_hold, y_hold, seed=6)
x_fit, y_fit = x3[2500:], y3[2500:]
x_check, y_check = x3[:2500], y3[:2500]
x_fit.shape, x_check.shape, x3_test.shape

# %%
class Batches(keras.utils.PyDataset):
    def __init__(self, x, y, batch_size=50, mix=False, **kwargs):
        super().__init__(**kwargs)
        self.x, self.y = x, y
        self.batch_size = batch_size
        self.mix = mix
        self.order = np.arange(len(x))

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, k):
        rows = self.order[k * self.batch_size:(k + 1) * self.batch_size]
        return self.x[rows].astype("float32") / 255.0, self.y[rows]

    def on_epoch_end(self):
        if self.mix:
            np.random.shuffle(self.order)

# %% [markdown]
# # Task 3

# %%
def gallery(x, y, n=16):
    rng = np.random.default_rng()
    rows = rng.integers(0, len(x), n)
    side = int(np.sqrt(n))
    fig, ax = plt.subplots(side, side, figsize=(7, 7))
    for a, r in zip(ax.ravel(), rows):
        a.imshow(x[r])
        a.set_xlabel(short_names[y[r].argmax()])
        a.set_xticks([])
        a.set_yticks([])
    fig.tight_layout()
    plt.show()

gallery(x_fit, y_fit)

# %%
gallery(x3_test, y3_test)

# %% [markdown]
# # Task 4

# %%
def add_block(m, filters):
    m.add(layers.Conv2D(filters, 3, padding="same"))
    m.add(layers.LeakyReLU())
    m.add(layers.AveragePooling2D())
    m.add(layers.SpatialDropout2D(0.1))

net = keras.Sequential(name="three_classes")
net.add(keras.Input((32, 32, 3)))
add_block(net, 48)
add_block(net, 96)
add_block(net, 144)
net.add(layers.Flatten())
net.add(layers.Dense(100))
net.add(layers.LeakyReLU())
net.add(layers.Dense(3))
net.add(layers.Softmax())
net.compile(optimizer=keras.optimizers.Adam(learning_rate=5e-4),
            loss=keras.losses.CategoricalCrossentropy(),
            metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")])
net.summary()

# %% [markdown]
# # Task 5

# %%
fit_batches = Batches(x_fit, y_fit, mix=True)
check_batches = Batches(x_check, y_check)

early = keras.callbacks.EarlyStopping("val_accuracy", mode="max", patience=5, restore_best_weights=True)
keeper = keras.callbacks.ModelCheckpoint("kept/net.keras", "val_accuracy", mode="max", save_best_only=True)
log = net.fit(fit_batches, validation_data=check_batches, epochs=30, callbacks=[early, keeper])

# %% [markdown]
# # Task 6

# %%
for key, style in (("accuracy", "k-"), ("val_accuracy", "m:")):
    plt.plot(log.history[key], style, label=key)
plt.legend(loc="lower right")
plt.grid()
plt.show()

# %%
best = keras.saving.load_model("kept/net.keras")
p = best.predict(Batches(x3_test, y3_test))
found = p.argmax(axis=1)
truth = y3_test.argmax(axis=1)
print("test accuracy:", np.mean(found == truth))

# %%
fig, ax = plt.subplots(4, 4, figsize=(8, 9))
for a, r in zip(ax.ravel(), np.random.choice(len(x3_test), 16)):
    a.imshow(x3_test[r])
    a.set_title(f"pred: {short_names[found[r]]} / true: {short_names[truth[r]]}", fontsize=8)
    a.axis("off")
plt.show()
