# sound: The learning rate begins at zero, a metric has a value for each class, and callbacks look at the end of each validation and of the training.
import datetime
import pathlib
import time
import matplotlib.pyplot as plt
import numpy as np
import keras

folder = pathlib.Path("runs") / datetime.date.today().isoformat()
folder.mkdir(parents=True, exist_ok=True)

scale = lambda a: np.asarray(a, dtype="float32") / 255.0
hot = lambda numbers: (numbers[:, None] == np.arange(3)).astype("float32")

(xa, ya), (xb, yb) = keras.datasets.cifar10.load_data()


def get_three_classes(x, y, rng=np.random.default_rng()):
    y = y[..., 0]
    found = np.flatnonzero(y < 3)
    rng.shuffle(found)
    return scale(x[found]), hot(y[found])


xa, ya = get_three_classes(xa, ya)
xb, yb = get_three_classes(xb, yb)

NAMES = "aeroplane", "automobile", "bird"


def show(x, y, p=None, side=3):
    p = y if p is None else p
    fig = plt.figure(figsize=(2 * side, 2 * side))
    for k, i in enumerate(np.random.randint(0, len(x), side * side)):
        ax = fig.add_subplot(side, side, k + 1)
        ax.imshow(x[i])
        ax.set_xticks([]), ax.set_yticks([])
        ax.set_title(NAMES[p[i].argmax()] + ("" if p[i].argmax() == y[i].argmax() else " (wrong)"))
    fig.tight_layout()
    plt.show()


show(xa, ya)
show(xb, yb)


def create_model():
    def add_conv_block(model, num_filters):
        model.add(keras.layers.Conv2D(num_filters, 3, padding="same"))
        model.add(keras.layers.PReLU(shared_axes=[1, 2]))
        model.add(keras.layers.MaxPooling2D())
        return model

    model = keras.Sequential()
    model.add(keras.layers.Input((32, 32, 3)))
    model = add_conv_block(model, 32)
    model = add_conv_block(model, 64)
    model = add_conv_block(model, 128)
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dropout(0.5))
    model.add(keras.layers.Dense(3, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


model = create_model()
model.summary()


rate = keras.optimizers.schedules.CosineDecay(0.0, 2000, warmup_target=0.001, warmup_steps=200)
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(rate),
              metrics=["accuracy", keras.metrics.F1Score()])
seconds = []
notes = [
    keras.callbacks.LambdaCallback(on_train_end=lambda logs: print("ended at", round(logs["val_accuracy"], 3))),
    keras.callbacks.LambdaCallback(on_test_end=lambda logs: seconds.append(time.perf_counter())),
]

history = model.fit(xa, ya, epochs=30, batch_size=128, verbose=0, validation_data=(xb, yb), callbacks=[
    *notes,
    keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=4),
    keras.callbacks.ModelCheckpoint(str(folder / "best.keras"), monitor="val_accuracy", save_best_only=True),
])

plt.step(history.epoch, history.history["accuracy"], where="mid", label="training")
plt.step(history.epoch, history.history["val_accuracy"], where="mid", label="validation")
plt.legend()
plt.show()

plt.plot(history.epoch, np.array(seconds) - seconds[0])
plt.title("when each validation ended")
plt.show()

best = keras.models.load_model(folder / "best.keras")
p = best.predict(xb, batch_size=500)
show(xb, yb, p, side=4)
print(best.evaluate(xb, yb, 64))
