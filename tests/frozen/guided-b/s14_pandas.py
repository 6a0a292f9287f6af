# sound: pandas for sampling the rows, get_dummies for one-hot rows and DataFrame.plot for the curves
# %%
# Task 1 - Set up
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from keras import layers

# %%
# Task 2 - Pre-process
names = pd.Series({1: "automobile", 4: "deer", 8: "ship"})


def make_table(labels, seed):
    """One row for each image of the three classes, in random order; the index is its place."""
    table = pd.DataFrame({"label": labels.ravel()})
    table = table[table["label"].isin(names.index)]
    table = table.sample(frac=1, random_state=seed)
    table["name"] = table["label"].map(names)
    return table


def one_hot(table):
    dummies = pd.get_dummies(table["name"]).reindex(columns=names.to_list(), fill_value=0)
    return dummies.to_numpy(dtype="float32")


(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
table_train, table_test = make_table(y_train, 1), make_table(y_test, 2)
x_train, y_train = x_train[table_train.index] / 255.0, one_hot(table_train)
x_test, y_test = x_test[table_test.index] / 255.0, one_hot(table_test)
print(table_train["name"].value_counts())


# %%
# Task 3 - Visualise
def show_images(x, words, title, n=10):
    words = np.asarray(words)
    sample = pd.RangeIndex(len(x)).to_series().sample(n)
    fig, axes = plt.subplots(2, n // 2, figsize=(11, 5))
    for ax, i in zip(axes.flat, sample):
        ax.imshow(x[i])
        ax.set_title(words[i])
        ax.axis("off")
    fig.suptitle(title)
    plt.show()


show_images(x_train, table_train["name"], "training set")
show_images(x_test, table_test["name"], "test set")


# %%
# Task 4 - Create the model
def add_block(model, filters):
    model.add(layers.Conv2D(filters, 3, activation="relu", padding="same"))
    model.add(layers.BatchNormalization())
    model.add(layers.MaxPooling2D())


def create_model():
    model = keras.Sequential([layers.Input(shape=(32, 32, 3))])
    add_block(model, 32)
    add_block(model, 64)
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.4))
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


model = create_model()
model.summary()

# %%
# Task 5 - Train
es = keras.callbacks.EarlyStopping(monitor="val_loss", patience=5)
mc = keras.callbacks.ModelCheckpoint(
    "pandas_best.keras", monitor="val_accuracy", mode="max", save_best_only=True
)
log = keras.callbacks.CSVLogger("history.csv")
model.fit(
    x_train,
    y_train,
    epochs=30,
    batch_size=64,
    validation_data=(x_test, y_test),
    callbacks=[es, mc, log],
)

# %%
# Task 6 - Predict
history = pd.read_csv("history.csv", index_col="epoch")
history[["accuracy", "val_accuracy"]].plot(title="Accuracy", xlabel="epoch", grid=True)
plt.show()

best = keras.models.load_model("pandas_best.keras")
scores = pd.DataFrame(best.predict(x_test), columns=names.to_list())
predicted = scores.idxmax(axis=1)
print(pd.crosstab(table_test["name"].to_numpy(), predicted.to_numpy(), rownames=["true"]))
show_images(x_test, predicted, "test set as predicted")
