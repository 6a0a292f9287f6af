import keras, numpy as np, matplotlib.pyplot as plt
from keras import layers as L


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    yy = y.reshape(-1)
    sel = np.isin(yy, list(classes))
    xs, ys = x[sel], yy[sel]
    perm = np.random.default_rng(seed=seed).permutation(xs.shape[0])
    onehot = np.stack([ys == c for c in classes], axis=-1).astype("float32")
    return xs[perm], onehot[perm]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    c = min(count, len(x))
    pos = np.random.default_rng(seed).permutation(len(x))[:c]
    f = plt.figure(figsize=(10, 5))
    for n in range(c):
        a = f.add_subplot(-(-c // 6), min(c, 6), n + 1, xticks=[], yticks=[])
        a.imshow(x[pos[n]])
        a.set_title(class_names[y[pos[n]].argmax()] if predictions is None else
                    class_names[y[pos[n]].argmax()] + " | " + class_names[predictions[pos[n]].argmax()])
    return f


def add_conv_block(model, filters):
    model.add(L.Conv2D(filters, 3, activation="relu", padding="same"))
    model.add(L.Conv2D(filters, 3, activation="relu", padding="same", strides=2))
    model.add(L.BatchNormalization())
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    m = keras.Sequential()
    m.add(L.Input(shape=input_shape))
    m.add(L.Rescaling(1 / 255))
    [add_conv_block(m, f) for f in (16, 32, 48)]
    m.add(L.Flatten())
    m.add(L.Dense(num_classes, activation="softmax"))
    m.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return m


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    # EarlyStopping puts the best weights back at the end, stopped early or not: then saving once is enough
    stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience, restore_best_weights=True)
    hist = model.fit(x_train, y_train, batch_size=batch_size, epochs=epochs, verbose=0,
                     validation_data=(x_val, y_val), callbacks=[*callbacks, stop])
    model.save(checkpoint_path)
    return hist


def plot_history(history):
    h = history if type(history) == dict else history.history
    f, a = plt.subplots()
    a.plot(h["accuracy"])
    a.plot(h["val_accuracy"], ls=":")
    a.legend(("training", "validation"))
    a.set(xlabel="epoch (from 0)", ylabel="accuracy")
    return f


def predict(model, x):
    m = model if isinstance(model, keras.Model) else keras.saving.load_model(model)
    return m.predict(x, verbose=0)
