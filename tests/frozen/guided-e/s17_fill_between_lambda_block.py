# sound: block as a lambda, per-image standardisation in a tf.data map, separate Softmax layer, the gap between the two lines filled
# %%
# ---- Task 1: Import ----
import tensorflow as tf
import numpy as np
import matplotlib.pyplot as plt
from tensorflow.keras import Input, Sequential, layers
from tensorflow.keras.callbacks import EarlyStopping, LambdaCallback, ModelCheckpoint

names = ["airplane", "bird", "horse"]
old = [0, 2, 7]

# %%
# ---- Task 2: Three classes ----
(x_tr, y_tr), (x_te, y_te) = tf.keras.datasets.cifar10.load_data()


def only_three(x, y):
    y = y.reshape(len(y))
    m = np.logical_or.reduce([y == o for o in old])
    x, y = x[m], y[m]
    y = np.select([y == o for o in old], [0, 1, 2])
    y = tf.one_hot(y, 3).numpy()
    state = np.random.get_state()  # same state twice = same order twice
    np.random.shuffle(x)
    np.random.set_state(state)
    np.random.shuffle(y)
    return x, y


x_tr, y_tr = only_three(x_tr, y_tr)
x_te, y_te = only_three(x_te, y_te)
print(x_tr.shape, y_tr.shape, x_te.shape, y_te.shape)


# %%
# ---- Task 3: Look ----
def pictures(x, captions):
    plt.figure(figsize=(11, 4.5))
    for n in range(len(captions)):
        plt.subplot(2, 5, n + 1)
        plt.imshow(x[n])
        plt.title(captions[n])
        plt.axis("off")
    plt.tight_layout()
    plt.show()


def random_pictures(x, y):
    r = np.random.choice(len(x), size=10, replace=False)
    pictures(x[r], [names[c] for c in np.argmax(y[r], axis=1)])


random_pictures(x_tr, y_tr)
random_pictures(x_te, y_te)

# %%
# ---- Task 4: Model ----
block = lambda model, f: [
    model.add(layer)
    for layer in (
        layers.Conv2D(f, 3, padding="same", activation="relu"),
        layers.Conv2D(f, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Dropout(0.2),
    )
]

model = Sequential()
model.add(Input((32, 32, 3)))
block(model, 32)
block(model, 64)
block(model, 128)
model.add(layers.Flatten())
model.add(layers.Dense(128, activation="relu"))
model.add(layers.Dense(3))
model.add(layers.Softmax())
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.summary()


# %%
# ---- Task 5: Fit ----
def standardise(image):
    return tf.image.per_image_standardization(tf.cast(image, tf.float32))


def pipeline(x, y, training):
    ds = tf.data.Dataset.from_tensor_slices((x, y))
    if training:
        ds = ds.shuffle(2000)
    return ds.map(lambda im, la: (standardise(im), la)).batch(100).prefetch(2)


train_ds = pipeline(x_tr, y_tr, True)
test_ds = pipeline(x_te, y_te, False)

h = model.fit(
    train_ds,
    validation_data=test_ds,
    epochs=20,
    verbose=0,
    callbacks=[
        LambdaCallback(
            on_epoch_end=lambda epoch, logs: print(
                f"{epoch + 1:3d}  {logs['accuracy']:.3f}  {logs['val_accuracy']:.3f}"
            )
        ),
        EarlyStopping(monitor="val_loss", patience=4, restore_best_weights=True),
        ModelCheckpoint("lambda_block.keras", monitor="val_loss", save_best_only=True),
    ],
)

# %%
# ---- Task 6: Accuracy and predictions ----
a, v = h.history["accuracy"], h.history["val_accuracy"]
e = range(1, len(a) + 1)
plt.plot(e, a, color="purple", label="training accuracy")
plt.plot(e, v, color="green", label="validation accuracy")
plt.fill_between(e, a, v, color="grey", alpha=0.2, label="gap")
plt.xlabel("epoch")
plt.legend()
plt.show()

best = tf.keras.models.load_model("lambda_block.keras")
print(dict(zip(["loss", "accuracy"], best.evaluate(test_ds, verbose=0))))
r = np.random.choice(len(x_te), size=10, replace=False)
batch = tf.stack([standardise(x_te[i]) for i in r])
p = tf.argmax(best(batch, training=False), axis=1).numpy()
pictures(x_te[r], ["Pred: " + names[c] for c in p])
