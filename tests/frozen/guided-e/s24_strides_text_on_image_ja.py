# sound: Japanese comments, strides instead of pooling, BatchNormalization after the activation, LearningRateScheduler and an own callback, predicted label written on the image with ax.text
# %%
# 課題1 準備
import keras
import numpy as np
import matplotlib.pyplot as plt
from keras import layers
from keras.callbacks import Callback, EarlyStopping, LearningRateScheduler, ModelCheckpoint, TerminateOnNaN

keras.utils.set_random_seed(1234)
KIND = {"cat": 3, "horse": 7, "ship": 8}
WORDS = list(KIND)


def tiles(images, words, rows, columns, color="white"):
    """画像を並べ、名前を画像の左上に書く"""
    fig, axes = plt.subplots(rows, columns, figsize=(1.9 * columns, 1.9 * rows),
                             gridspec_kw={"wspace": 0.05, "hspace": 0.05})
    for ax, image, name in zip(axes.ravel(), images, words):
        ax.imshow(image)
        ax.text(1, 1, name, va="top", ha="left", color=color, fontsize=9,
                bbox={"facecolor": "black", "alpha": 0.6, "pad": 1.5, "edgecolor": "none"})
        ax.set_axis_off()
    return fig


# %%
# 課題2 データ
def choose(images, labels):
    labels = labels[..., 0]
    index = np.sort(np.concatenate([np.argwhere(labels == v).ravel() for v in KIND.values()]))
    index = np.random.permutation(index)
    column = np.array([WORDS.index(next(k for k, v in KIND.items() if v == n)) for n in labels[index]])
    return images[index], keras.ops.convert_to_numpy(keras.ops.one_hot(column, 3))


cifar_train, cifar_test = keras.datasets.cifar10.load_data()
train_images, train_labels = choose(*cifar_train)
test_images, test_labels = choose(*cifar_test)
print(train_images.shape, train_labels.shape)
print(test_images.shape, test_labels.shape)


# %%
# 課題3 無作為に選んで見る
def random_tiles(images, labels, rows=3, columns=6):
    i = np.random.choice(len(images), rows * columns, replace=False)
    tiles(images[i], [WORDS[c] for c in labels[i].argmax(axis=1)], rows, columns)
    plt.show()


random_tiles(train_images, train_labels)
random_tiles(test_images, test_labels)


# %%
# 課題4 モデル
def strided_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu"))
    model.add(layers.BatchNormalization())


model = keras.models.Sequential(name="strided")
model.add(layers.InputLayer(shape=(32, 32, 3)))
for filters in [32, 64, 96]:
    strided_block(model, filters)
model.add(layers.GlobalAveragePooling2D())
model.add(layers.Dropout(0.4))
model.add(layers.Dense(3, activation="softmax"))
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-3),
    loss="categorical_crossentropy",
    metrics=[keras.metrics.CategoricalAccuracy()],
)
model.summary(line_length=90)


# %%
# 課題5 学習
class Report(Callback):
    """五エポックごとに一行だけ表示する"""

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % 5 == 0:
            print(f"epoch {epoch + 1}: val {logs['val_categorical_accuracy']:.3f}")


def rate(epoch, lr):
    return float(lr if epoch < 8 else lr * 0.9)


def to_unit(images):
    return images.astype("float32") / 255.0


n_val = len(train_images) // 6
history = model.fit(
    to_unit(train_images[:-n_val]),
    train_labels[:-n_val],
    validation_data=(to_unit(train_images[-n_val:]), train_labels[-n_val:]),
    epochs=30,
    batch_size=64,
    verbose=0,
    callbacks=[
        EarlyStopping(monitor="val_categorical_accuracy", mode="max", patience=6),
        ModelCheckpoint("strided.keras", monitor="val_categorical_accuracy", mode="max", save_best_only=True),
        LearningRateScheduler(rate),
        TerminateOnNaN(),
        Report(),
    ],
)

# %%
# 課題6 正解率
fig, ax = plt.subplots(figsize=(7, 4))
ax.step(history.epoch, history.history["categorical_accuracy"], where="mid", label="training")
ax.step(history.epoch, history.history["val_categorical_accuracy"], where="mid", label="validation")
ax.set(xlabel="epoch", ylabel="accuracy")
ax.legend()
plt.show()

# %%
# 最良のモデルで予測する
best = keras.models.load_model("strided.keras")
i = np.random.choice(len(test_images), 18, replace=False)
guess = best.predict(to_unit(test_images[i]), verbose=0).argmax(axis=1)
fig = tiles(test_images[i], ["pred: " + WORDS[g] for g in guess], 3, 6, color="yellow")
fig.suptitle("predicted labels")
plt.show()
