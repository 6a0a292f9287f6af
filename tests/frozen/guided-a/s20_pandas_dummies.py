# sound: labels live in a pandas Series, sample(frac=1) shuffles, get_dummies makes the one-hot rows, curves come from a DataFrame
# %%
# Task 1
import keras
import matplotlib.pyplot as plt
import pandas as pd
from keras import layers

# %%
# Task 2
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
names = {0: "airplane", 4: "deer", 9: "truck"}


def select(labels):
    """Series of class names, shuffled; the index holds the row numbers of the images."""
    series = pd.Series(labels.ravel()).map(names).dropna()
    return series.sample(frac=1)


train_labels = select(y_train)
test_labels = select(y_test)
train_x = x_train[train_labels.index.to_numpy()]
test_x = x_test[test_labels.index.to_numpy()]

train_y = pd.get_dummies(train_labels).to_numpy(dtype="float32")
test_y = pd.get_dummies(test_labels).to_numpy(dtype="float32")
train_labels = train_labels.tolist()
test_labels = test_labels.tolist()
columns = sorted(names.values())

train_x = train_x.astype("float32") / 255
test_x = test_x.astype("float32") / 255
print(pd.Series(train_labels).value_counts())
print(pd.Series(test_labels).value_counts())


# %%
# Task 3
def show_sample(images, words, size=8):
    rows = pd.Series(range(len(images))).sample(size)
    plt.figure(figsize=(12, 6))
    for place, row in enumerate(rows):
        plt.subplot(2, size // 2, place + 1)
        plt.imshow(images[row])
        plt.title(words[row])
        plt.axis("off")
    plt.show()


show_sample(train_x, train_labels)
show_sample(test_x, test_labels)


# %%
# Task 4
def add_block(model, filters, activation="relu"):
    model.add(layers.Conv2D(filters, 3, padding="same", activation=activation))
    model.add(layers.Conv2D(filters, 3, padding="same", strides=2, activation=activation))
    model.add(layers.BatchNormalization())


model = keras.Sequential()
model.add(keras.Input((32, 32, 3)))
for filters in [24, 48, 96]:
    add_block(model, filters)
model.add(layers.Flatten())
model.add(layers.Dropout(0.4))
model.add(layers.Dense(train_y.shape[1], activation="softmax"))
model.compile(
    optimizer=keras.optimizers.Adam(0.0005),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
model.summary()

# %%
# Task 5
callbacks = [
    keras.callbacks.EarlyStopping(monitor="val_loss", patience=4, min_delta=0.001),
    keras.callbacks.ModelCheckpoint("pandas.keras", monitor="val_loss", save_best_only=True),
]
history = model.fit(
    train_x,
    train_y,
    epochs=30,
    batch_size=64,
    validation_split=0.15,
    callbacks=callbacks,
)

# %%
# Task 6
frame = pd.DataFrame(history.history, index=[e + 1 for e in history.epoch])
frame[["accuracy", "val_accuracy"]].plot(xlabel="epoch", ylabel="accuracy")
plt.show()

best = keras.models.load_model("pandas.keras")
scores = pd.DataFrame(best.predict(test_x), columns=columns)
predicted_labels = scores.idxmax(axis=1).tolist()
print(pd.crosstab(pd.Series(test_labels, name="true"), pd.Series(predicted_labels, name="predicted")))
show_sample(test_x, predicted_labels)
