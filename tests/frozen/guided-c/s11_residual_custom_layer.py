# sound: custom residual layer (registered, with get_config) inside a Sequential, the block function adds convolution, residual unit and pooling; CosineDecay schedule
# %%
# ===== 1. Imports and helpers =====
import math

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops

NAMES = {2: "bird", 4: "deer", 6: "frog"}


def to_name(vector):
    return list(NAMES.values())[int(np.argmax(vector))]


# %%
# ===== 2. Data =====
def prepare(data):
    x, y = data
    y = y.squeeze()
    index = np.concatenate([np.argwhere(y == c)[:, 0] for c in NAMES])
    np.random.default_rng(99).shuffle(index)
    y = np.stack([y[index] == c for c in NAMES], axis=1).astype("float32")
    return x[index].astype("float32") / 127.5 - 1.0, y  # from -1 to 1


train, test = keras.datasets.cifar10.load_data()
train_x, train_y = prepare(train)
test_x, test_y = prepare(test)


# %%
# ===== 3. Look at it =====
def look(images, vectors, title):
    fig = plt.figure(figsize=(8, 5))
    grid = fig.add_gridspec(3, 5)
    for cell in grid:
        k = np.random.randint(images.shape[0])
        ax = fig.add_subplot(cell)
        ax.imshow((images[k] + 1) / 2)  # back to 0 .. 1
        ax.set_title(to_name(vectors[k]), fontsize=8)
        ax.set_axis_off()
    fig.suptitle(title)
    plt.show()


look(train_x, train_y, "Training")
look(test_x, test_y, "Test")


# %%
# ===== 4. Model =====
@keras.saving.register_keras_serializable(package="cifar3")
class ResidualUnit(layers.Layer):
    """x + f(x) with two convolutions."""

    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.conv1 = layers.Conv2D(filters, 3, padding="same", use_bias=False)
        self.norm1 = layers.BatchNormalization()
        self.conv2 = layers.Conv2D(filters, 3, padding="same", use_bias=False)
        self.norm2 = layers.BatchNormalization()

    def build(self, input_shape):
        self.conv1.build(input_shape)
        self.norm1.build(input_shape)
        self.conv2.build(input_shape)
        self.norm2.build(input_shape)
        self.built = True

    def call(self, inputs, training=None):
        x = ops.relu(self.norm1(self.conv1(inputs), training=training))
        x = self.norm2(self.conv2(x), training=training)
        return ops.relu(x + inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "filters": self.filters}


def add_stage(net, filters):
    net.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    net.add(ResidualUnit(filters))
    net.add(layers.MaxPooling2D())


net = keras.Sequential([keras.Input((32, 32, 3))])
for stage in range(3):
    add_stage(net, 16 * 2**stage)
net.add(layers.GlobalAveragePooling2D())
net.add(layers.Dense(3))
net.add(layers.Softmax())

EPOCHS, BATCH = 24, 128
steps = EPOCHS * math.ceil(len(train_x) / BATCH)
net.compile(
    optimizer=keras.optimizers.SGD(
        keras.optimizers.schedules.CosineDecay(0.05, steps), momentum=0.9, nesterov=True
    ),
    loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.05),
    metrics=["accuracy"],
)
net.summary()

# %%
# ===== 5. Training =====
history = net.fit(
    train_x, train_y,
    batch_size=BATCH, epochs=EPOCHS,
    validation_data=(test_x, test_y),
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=10),
        keras.callbacks.ModelCheckpoint("residual.keras", monitor="val_accuracy", mode="max", save_best_only=True),
        keras.callbacks.TerminateOnNaN(),
    ],
)

# %%
# ===== 6. Results =====
fig, ax = plt.subplots(figsize=(6, 4))
for key, style in {"accuracy": "k-", "val_accuracy": "k:"}.items():
    ax.plot(history.history[key], style, label=key)
ax.set_xlabel("epoch")
ax.legend()
plt.show()

best_net = keras.saving.load_model("residual.keras")
answer = best_net.predict(test_x, batch_size=500)
look(test_x, answer, "Predicted by the best network")
