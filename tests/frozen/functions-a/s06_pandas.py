# sound: uses pandas for the labels (isin, sample, get_dummies) and for the plot of the history
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from keras import layers


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = pd.Series(np.asarray(y).ravel())
    labels = labels[labels.isin(list(classes))]
    rng = np.random.default_rng(seed)
    labels = labels.sample(frac=1, random_state=rng)
    x_subset = x[labels.index.to_numpy()]
    categories = pd.Categorical(labels, categories=list(classes))
    y_subset = pd.get_dummies(categories, dtype=float).to_numpy()
    return x_subset, y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    table = pd.DataFrame({"true": [class_names[j] for j in np.argmax(y, axis=1)]})
    if predictions is not None:
        table["predicted"] = [class_names[j] for j in np.argmax(predictions, axis=1)]
    rng = np.random.default_rng(seed)
    chosen = table.sample(n=min(count, len(table)), random_state=rng)

    n_rows = max(1, -(-len(chosen) // 5))
    fig = plt.figure(figsize=(11, 2.5 * n_rows))
    for position, (i, row) in enumerate(chosen.iterrows(), start=1):
        ax = fig.add_subplot(n_rows, 5, position)
        ax.imshow(x[i])
        ax.axis("off")
        ax.set_title(" / ".join(row))
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.ReLU())
    model.add(layers.MaxPooling2D())
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(keras.Input(shape=input_shape))
    model.add(layers.Rescaling(1 / 255))
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    add_conv_block(model, 128)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.RMSprop(learning_rate=1e-3),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def train(
    model,
    x_train,
    y_train,
    x_val,
    y_val,
    *,
    epochs=20,
    batch_size=128,
    patience=3,
    checkpoint_path="best_model.keras",
    callbacks=(),
):
    stopping = keras.callbacks.EarlyStopping("val_accuracy", patience=patience, mode="max")
    saving = keras.callbacks.ModelCheckpoint(
        checkpoint_path, "val_accuracy", save_best_only=True, mode="max"
    )
    history = model.fit(
        x=x_train,
        y=y_train,
        batch_size=batch_size,
        epochs=epochs,
        callbacks=[stopping, saving, *callbacks],
        validation_data=(x_val, y_val),
    )
    return history


def plot_history(history):
    values = history if isinstance(history, dict) else history.history
    frame = pd.DataFrame(values)[["accuracy", "val_accuracy"]]
    frame.index = frame.index + 1
    ax = frame.plot(style=["-", "--"], xlabel="Epoch", ylabel="Accuracy")
    ax.legend(["training", "validation"])
    return ax.get_figure()


def predict(model, x):
    network = model if isinstance(model, keras.Model) else keras.saving.load_model(model)
    return network.predict(x)


if __name__ == "__main__":
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_train, [len(x_train) // 10])
    y_val, y_train = np.split(y_train, [len(y_train) // 10])
    show_examples(x_train, y_train, class_names)
    plt.show()
    model = build_model()
    model.summary()
    history = train(model, x_train, y_train, x_val, y_val)
    plot_history(history)
    probabilities = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=probabilities)
    plt.show()
    truth = pd.Series(y_test.argmax(axis=1), name="truth")
    guess = pd.Series(probabilities.argmax(axis=1), name="guess")
    print(pd.crosstab(truth, guess))
    print("Accuracy:", (truth == guess).mean())
