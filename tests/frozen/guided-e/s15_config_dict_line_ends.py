# sound: build_model(hp) from a dictionary, AdamW, a legend and also labels at the line ends
# %%
# 1 - imports and settings
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import callbacks, layers, optimizers

HP = {
    "classes": {"automobile": 1, "cat": 3, "frog": 6},
    "filters": [32, 64, 128],
    "convs_per_block": 1,
    "dropout": 0.25,
    "dense": 0,
    "learning_rate": 2e-3,
    "weight_decay": 1e-4,
    "batch_size": 128,
    "epochs": 30,
    "patience": 8,
    "seed": 99,
    "file": "adamw_best.keras",
}
keras.utils.set_random_seed(HP["seed"])
NAMES = list(HP["classes"].keys())

# %%
# 2 - data
(raw_x_train, raw_y_train), (raw_x_test, raw_y_test) = keras.datasets.cifar10.load_data()


def select_classes(x, y, wanted):
    xs, ys = [], []
    for position, code in enumerate(wanted.values()):
        members = x[y[:, 0] == code]
        xs.append(members)
        ys.append(np.tile(np.eye(len(wanted), dtype="float32")[position], (len(members), 1)))
    xs, ys = np.vstack(xs), np.vstack(ys)
    order = np.random.permutation(len(xs))
    return xs[order], ys[order]


x_train, y_train = select_classes(raw_x_train, raw_y_train, HP["classes"])
x_test, y_test = select_classes(raw_x_test, raw_y_test, HP["classes"])
x_train, x_val = np.split(x_train, [int(len(x_train) * 0.8)])
y_train, y_val = np.split(y_train, [int(len(y_train) * 0.8)])
for t in (x_train, y_train, x_val, y_val, x_test, y_test):
    print(t.shape)


# %%
# 3 - examples
def show_grid(x, texts, title):
    fig, axes = plt.subplots(3, 3, figsize=(6, 7))
    fig.suptitle(title)
    for k in range(9):
        ax = axes[k // 3][k % 3]
        ax.imshow(x[k])
        ax.set_title(texts[k])
        ax.axis("off")
    plt.show()


def show_random(x, y, title):
    idx = np.random.choice(len(x), 9, replace=False)
    show_grid(x[idx], [NAMES[j] for j in y[idx].argmax(1)], title)


show_random(x_train, y_train, "Training set")
show_random(x_test, y_test, "Test set")


# %%
# 4 - model
def add_block(model, filters, hp):
    for _ in range(hp["convs_per_block"]):
        model.add(layers.Conv2D(filters, 3, padding="same", activation="swish"))
        model.add(layers.BatchNormalization())
    model.add(layers.MaxPooling2D())
    if hp["dropout"]:
        model.add(layers.Dropout(hp["dropout"]))


def build_model(hp):
    model = keras.Sequential(name="from_dict")
    model.add(keras.Input(shape=(32, 32, 3)))
    model.add(layers.Rescaling(scale=1 / 127.5, offset=-1))
    for filters in hp["filters"]:
        add_block(model, filters, hp)
    model.add(layers.GlobalAveragePooling2D())
    if hp["dense"] > 0:
        model.add(layers.Dense(hp["dense"], activation="swish"))
    model.add(layers.Dense(len(hp["classes"]), activation="softmax"))
    model.compile(
        optimizer=optimizers.AdamW(
            learning_rate=hp["learning_rate"], weight_decay=hp["weight_decay"]
        ),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


model = build_model(HP)
model.summary()

# %%
# 5 - training
history = model.fit(
    x_train,
    y_train,
    validation_data=(x_val, y_val),
    batch_size=HP["batch_size"],
    epochs=HP["epochs"],
    callbacks=[
        callbacks.EarlyStopping(
            monitor="val_loss", patience=HP["patience"], restore_best_weights=True
        ),
        callbacks.ModelCheckpoint(HP["file"], monitor="val_loss", save_best_only=True),
    ],
)

# %%
# 6 - curves
fig, ax = plt.subplots(figsize=(8, 4.5))
for key, text, colour in [("accuracy", "training", "teal"), ("val_accuracy", "validation", "darkorange")]:
    ys = history.history[key]
    xs = list(range(1, len(ys) + 1))
    ax.plot(xs, ys, color=colour, label=text)
    ax.annotate(text, (xs[-1], ys[-1]), xytext=(5, 0), textcoords="offset points", color=colour)
ax.margins(x=0.15)
ax.set_xlabel("epoch")
ax.set_ylabel("accuracy")
ax.legend(loc="lower right")
plt.show()

# %%
# 6 - predictions of the best model
best = keras.models.load_model(HP["file"])
idx = np.random.choice(len(x_test), 9, replace=False)
answers = best.predict(x_test[idx]).argmax(axis=1)
show_grid(x_test[idx], ["pred. " + NAMES[a] for a in answers], "Predictions on the test set")
