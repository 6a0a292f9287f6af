import keras as k
import numpy as np
import matplotlib.pyplot as plt

rng = lambda s: np.random.default_rng(s)
names = lambda cn: lambda row: cn[int(np.argmax(row))]


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    y = y.reshape(-1)
    i = rng(seed).permutation(np.where(np.isin(y, classes))[0])
    return x[i], (y[i, None] == np.asarray(classes)) * 1.0


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    nm, n = names(class_names), min(count, len(x))
    fig = plt.figure(figsize=(n * 1.5, 2))
    def draw(p, i):
        ax = fig.add_subplot(1, n, p)
        ax.imshow(x[i]), ax.axis("off")
        ax.set_title(nm(y[i]) + ("" if predictions is None else "\n?" + nm(predictions[i])))
    [draw(p, i) for p, i in enumerate(rng(seed).choice(len(x), n, replace=False), 1)]
    return fig


def add_conv_block(model, filters):
    for l in (k.layers.Conv2D(filters, 3, padding="same"), k.layers.BatchNormalization(), k.layers.LeakyReLU(), k.layers.MaxPool2D()): model.add(l)
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    m = k.Sequential([k.Input(input_shape), k.layers.Rescaling(1 / 255)])
    block = lambda f: add_conv_block(m, f)
    for f in (16, 32, 64): block(f)
    for l in (k.layers.Flatten(), k.layers.Dense(num_classes, "softmax")): m.add(l)
    m.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return m


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3, checkpoint_path="best_model.keras", callbacks=()):
    best = {"acc": -1, "bad": 0}
    def end(epoch, logs):
        if logs["val_accuracy"] > best["acc"]:
            best.update(acc=logs["val_accuracy"], bad=0)
            model.save(checkpoint_path)
        else:
            best["bad"] += 1
            if best["bad"] >= patience: model.stop_training = True
    return model.fit(x_train, y_train, batch_size, epochs, 0, [k.callbacks.LambdaCallback(on_epoch_end=end), *callbacks], validation_data=(x_val, y_val))


def plot_history(history):
    h = vars(history)["history"] if not isinstance(history, dict) else history
    fig, ax = plt.subplots()
    [ax.plot(h[q], label=q) for q in ("accuracy", "val_accuracy")]
    ax.legend(), ax.set_xlabel("epoch"), ax.set_ylabel("accuracy")
    return fig


predict = lambda model, x: (model if isinstance(model, k.Model) else k.models.load_model(model)).predict(x, verbose=0)
