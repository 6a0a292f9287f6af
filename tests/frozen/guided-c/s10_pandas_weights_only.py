# sound: pandas for selection, shuffling (sample with frac=1) and one-hot (get_dummies); only weights saved, loaded into a freshly built model
# %%
# 1
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import keras
from keras import layers, callbacks

# %%
# 2
CLASSES = {"automobile": 1, "cat": 3, "horse": 7}


def make_subset(x, y):
    frame = pd.DataFrame({"label": y[:, 0]})
    frame = frame[frame["label"].isin(list(CLASSES.values()))]
    frame = frame.sample(frac=1)
    images = x[frame.index.to_numpy()]
    # the columns of get_dummies are sorted: 1, 3, 7
    onehot = pd.get_dummies(frame["label"], dtype=float).to_numpy()
    return images, onehot


(x_all, y_all), (xt_all, yt_all) = keras.datasets.cifar10.load_data()
x_train, y_train = make_subset(x_all, y_all)
x_test, y_test = make_subset(xt_all, yt_all)
class_names = list(CLASSES)

print(pd.Series(y_train.argmax(axis=1)).map(dict(enumerate(class_names))).value_counts())
print(pd.Series(y_test.argmax(axis=1)).map(dict(enumerate(class_names))).value_counts())


# %%
# 3
def draw(x, y, n_rows=2, n_cols=6):
    sample = pd.Series(range(len(x))).sample(n_rows * n_cols).tolist()
    fig, axs = plt.subplots(n_rows, n_cols, figsize=(12, 4))
    for a, s in zip(axs.flatten(), sample):
        a.imshow(x[s])
        a.set_title(class_names[int(np.argmax(y[s]))])
        a.axis("off")
    plt.tight_layout()
    plt.show()


draw(x_train, y_train)
draw(x_test, y_test)


# %%
# 4
def make_model():
    def conv(m, filters, stride=2):
        m.add(layers.SeparableConv2D(filters, 3, padding="same", activation="relu"))
        m.add(layers.SeparableConv2D(filters, 3, strides=stride, padding="same", activation="relu"))
        m.add(layers.BatchNormalization())

    m = keras.Sequential(name="separable")
    m.add(layers.Input((32, 32, 3), name="image"))
    conv(m, 32)
    conv(m, 64)
    conv(m, 128)
    m.add(layers.GlobalMaxPooling2D())
    m.add(layers.Dropout(0.25))
    m.add(layers.Dense(3, activation="softmax", name="probabilities"))
    m.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return m


model = make_model()
model.summary()

# %%
# 5
weights_file = "best.weights.h5"
history = model.fit(
    x=x_train / 255.0,
    y=y_train,
    validation_data=(x_test / 255.0, y_test),
    epochs=18,
    batch_size=50,
    callbacks=[
        callbacks.EarlyStopping(monitor="val_accuracy", patience=5, verbose=1),
        callbacks.ModelCheckpoint(
            weights_file,
            monitor="val_accuracy",
            save_best_only=True,
            save_weights_only=True,
        ),
    ],
)

# %%
# 6
table = pd.DataFrame(history.history)
table.index.name = "epoch"
print(table.tail())
table.plot(y=["accuracy", "val_accuracy"], label=["training", "validation"], figsize=(8, 4), style=["-o", "-o"])
plt.ylabel("accuracy")
plt.show()

best = make_model()
best.load_weights(weights_file)
pred = best.predict(x_test / 255.0)
draw(x_test, pred)
