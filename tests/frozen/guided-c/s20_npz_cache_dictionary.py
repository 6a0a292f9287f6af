# sound: subset written to an .npz file and read back, dictionaries of sets with loops over their names, figures saved as well as shown, single-image predictions in the last figure
# %%
# TASK 1 --------------------------------------------------------------------
import numpy as np
import matplotlib.pyplot as plt
import tensorflow.keras as tk
import tensorflow.keras.layers as tkl
from collections import OrderedDict

# %%
# TASK 2 --------------------------------------------------------------------
NAMES = OrderedDict([(3, "cat"), (4, "deer"), (9, "truck")])

raw = dict(zip(["training", "test"], tk.datasets.cifar10.load_data()))
arrays = {}
for part, (images, labels) in raw.items():
    labels = labels.squeeze()
    selected = np.zeros(len(labels), dtype=bool)
    target = np.zeros((len(labels), len(NAMES)), dtype=np.int8)
    for column, number in enumerate(NAMES):
        target[labels == number, column] = 1
        selected |= labels == number
    images, target = images[selected], target[selected]
    mixed = np.random.permutation(len(images))
    arrays[part + "_images"] = images[mixed]
    arrays[part + "_target"] = target[mixed]

# so I need not wait for the ten classes next time
np.savez_compressed("three_classes.npz", **arrays)

with np.load("three_classes.npz") as stored:
    data = {
        part: (stored[part + "_images"] / 255.0, stored[part + "_target"].astype("float32"))
        for part in ("training", "test")
    }
for part, (images, target) in data.items():
    print(part, images.shape, target.shape, target.sum(axis=0))


# %%
# TASK 3 --------------------------------------------------------------------
def random_grid(part, side=4):
    images, target = data[part]
    fig, axes = plt.subplots(side, side, figsize=(7, 8))
    fig.suptitle(part + " set")
    for ax in axes.reshape(-1):
        i = np.random.randint(images.shape[0])
        ax.imshow(images[i])
        ax.set_title(list(NAMES.values())[target[i].argmax()])
        ax.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
    fig.savefig("examples_" + part + ".png", dpi=80)
    plt.show()


for part in data:
    random_grid(part)

# %%
# TASK 4 --------------------------------------------------------------------
net = tk.Sequential()
net.add(tkl.Input((32, 32, 3)))


def conv_block(net, depth, convolutions):
    for _ in range(convolutions):
        net.add(tkl.Conv2D(depth, 3, padding="same", activation="relu", kernel_initializer="he_uniform"))
    net.add(tkl.BatchNormalization())
    net.add(tkl.MaxPooling2D())


conv_block(net, 32, 1)
conv_block(net, 64, 2)
conv_block(net, 128, 2)
net.add(tkl.GlobalAveragePooling2D())
net.add(tkl.Dense(len(NAMES), activation="softmax"))
net.compile(tk.optimizers.Adam(1e-3), tk.losses.CategoricalCrossentropy(), metrics=[tk.metrics.CategoricalAccuracy()])
net.summary()

# %%
# TASK 5 --------------------------------------------------------------------
callbacks = OrderedDict()
callbacks["stop"] = tk.callbacks.EarlyStopping(monitor="val_categorical_accuracy", mode="max", patience=6)
callbacks["save"] = tk.callbacks.ModelCheckpoint(
    "net.keras", monitor="val_categorical_accuracy", mode="max", save_best_only=True
)
fitted = net.fit(
    *data["training"],
    validation_data=data["test"],
    batch_size=128,
    epochs=25,
    callbacks=list(callbacks.values()),
)

# %%
# TASK 6 --------------------------------------------------------------------
fig, ax = plt.subplots()
for curve, label in {"categorical_accuracy": "training", "val_categorical_accuracy": "validation"}.items():
    ax.plot(fitted.epoch, fitted.history[curve], label=label)
ax.set(title="Accuracy", xlabel="epoch", ylim=(0, 1))
ax.legend()
fig.savefig("accuracy.png")
plt.show()

net = tk.models.load_model("net.keras")
print("test loss and accuracy", net.evaluate(*data["test"], verbose=0))

test_images, test_target = data["test"]
fig, axes = plt.subplots(2, 5, figsize=(11, 5))
for ax in axes.flat:
    i = np.random.randint(len(test_images))
    p = net.predict(test_images[i : i + 1], verbose=0)[0]
    said, true = np.argmax(p), np.argmax(test_target[i])
    ax.imshow(test_images[i])
    ax.set_title(list(NAMES.values())[said], color="black" if said == true else "red")
    ax.axis("off")
plt.show()
