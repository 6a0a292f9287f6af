import numpy as np
from keras import Input, Model, Sequential, callbacks as kc, layers, models, utils
from matplotlib import pyplot
from matplotlib.figure import Figure


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    y = np.asarray(y).reshape(len(x))
    chosen = []
    for label in classes:
        chosen.extend(np.where(y == label)[0].tolist())
    chosen = np.array(chosen, dtype=int)
    np.random.default_rng(seed).shuffle(chosen)
    position = np.array([classes.index(v) if isinstance(classes, (list, tuple)) else list(classes).index(v)
                         for v in y[chosen]], dtype=int)
    return x[chosen], utils.to_categorical(position, len(classes))


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    number = min(count, len(x))
    chosen = np.random.default_rng(seed).choice(len(x), size=number, replace=False)
    fig = Figure(figsize=(12, 3))
    axes = fig.subplots(1, number, squeeze=False)[0]
    truth = np.argmax(y, axis=1)
    guess = None if predictions is None else np.argmax(predictions, axis=1)
    for axis, index in zip(axes, chosen):
        axis.imshow(x[index])
        axis.axis("off")
        axis.set_title(class_names[truth[index]], fontsize=9)
        if guess is not None:
            axis.set_title(axis.get_title() + "\n→ " + class_names[guess[index]], fontsize=9)
    return fig


def add_conv_block(model, filters):
    block = [
        layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_uniform"),
        layers.Dropout(0.1),
        layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_uniform"),
        layers.MaxPooling2D(),
    ]
    for layer in block:
        model.add(layer)
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = Sequential([Input(shape=input_shape), layers.Rescaling(1 / 255), layers.RandomFlip("horizontal", seed=3)])
    add_conv_block(add_conv_block(add_conv_block(model, 16), 24), 32)
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dense(32, activation="relu"))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    def the_callbacks():
        yield kc.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience)
        yield kc.ModelCheckpoint(checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True)
        yield kc.LearningRateScheduler(lambda epoch, rate: rate * 0.95)
        yield from callbacks

    return model.fit(x_train, y_train, epochs=epochs, batch_size=batch_size, validation_data=(x_val, y_val),
                     callbacks=list(the_callbacks()), verbose=0)


def plot_history(history):
    if not isinstance(history, dict):
        history = history.history
    fig = Figure()
    axis = fig.add_subplot()
    axis.plot(range(len(history["accuracy"])), history["accuracy"], label="Train")
    axis.plot(range(len(history["val_accuracy"])), history["val_accuracy"], label="Test")
    axis.set_xlabel("Epoch")
    axis.set_ylabel("Accuracy")
    axis.legend()
    return fig


def predict(model, x):
    if not isinstance(model, Model):
        model = models.load_model(model)
    rows = []
    for image in range(0, len(x), 32):
        rows.append(np.array(model(x[image:image + 32].astype("float32"))))
    return np.concatenate(rows, axis=0)
