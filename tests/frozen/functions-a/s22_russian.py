# sound: Russian comments, depthwise plus pointwise convolutions, nested loops over a grid of axes
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


# Задание 2: подготовка данных
def subset_data(x, y, classes=(0, 1, 2), seed=None):
    y_flat = np.asarray(y).reshape(-1)
    selected = np.isin(y_flat, list(classes)).nonzero()[0]

    # копируем индексы и перемешиваем их
    shuffled = selected.copy()
    np.random.RandomState(seed).shuffle(shuffled)

    # номер столбца для каждой метки
    y_subset = np.zeros((shuffled.size, len(classes)), dtype=np.float32)
    for j in range(len(classes)):
        y_subset[:, j] = np.where(y_flat[shuffled] == classes[j], 1.0, 0.0)
    x_subset = x[shuffled]
    return x_subset, y_subset


# Задание 3: показать примеры
def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    total = min(count, len(x))
    indices = np.random.RandomState(seed).permutation(len(x))[:total]
    n_cols = 5
    n_rows = max(1, int(np.ceil(total / n_cols)))
    fig, axes = plt.subplots(n_rows, n_cols, figsize=(11, 2.7 * n_rows), squeeze=False)
    number = 0
    for r in range(n_rows):
        for c in range(n_cols):
            ax = axes[r][c]
            if number >= total:
                fig.delaxes(ax)
                continue
            i = indices[number]
            ax.imshow(x[i])
            ax.set_xticks([])
            ax.set_yticks([])
            caption = class_names[y[i].argmax()]
            if predictions is not None:
                caption += "\n[" + class_names[predictions[i].argmax()] + "]"
            ax.set_title(caption)
            number += 1
    return fig


# Задание 4: сеть
def add_conv_block(model, filters):
    model.add(layers.DepthwiseConv2D(3, padding="same"))
    model.add(layers.Conv2D(filters, 1))
    model.add(layers.BatchNormalization())
    model.add(layers.Activation("relu"))
    model.add(layers.MaxPooling2D(2, 2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(layers.Input(shape=input_shape))
    model.add(layers.Rescaling(1.0 / 255))
    model.add(layers.Conv2D(32, 3, padding="same", activation="relu"))
    add_conv_block(model, 64)
    add_conv_block(model, 96)
    add_conv_block(model, 128)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(num_classes, activation=keras.activations.softmax))
    model.compile(
        optimizer="adam",
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


# Задание 5: обучение
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
    # остановка, когда точность на проверке больше не растёт
    es = keras.callbacks.EarlyStopping(
        monitor="val_accuracy",
        patience=patience,
        restore_best_weights=True,
        verbose=1,
    )
    mc = keras.callbacks.ModelCheckpoint(
        filepath=checkpoint_path,
        save_best_only=True,
        monitor="val_accuracy",
    )
    return model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_val, y_val),
        callbacks=[es, mc] + list(callbacks),
    )


# Задание 6: график и предсказания
def plot_history(history):
    h = getattr(history, "history", history)
    fig, ax = plt.subplots(1, 1)
    ax.plot(h["accuracy"], label="обучение")
    ax.plot(h["val_accuracy"], label="проверка")
    ax.set_xlabel("эпоха")
    ax.set_ylabel("точность")
    ax.legend(loc="best")
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    return model.predict(x)


if __name__ == "__main__":
    class_names = ["самолёт", "автомобиль", "птица"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_train, [1500])
    y_val, y_train = np.split(y_train, [1500])
    show_examples(x_train, y_train, class_names)
    plt.show()
    model = build_model()
    model.summary()
    history = train(model, x_train, y_train, x_val, y_val)
    plot_history(history)
    probabilities = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=probabilities)
    plt.show()
    print("Точность:", np.mean(probabilities.argmax(1) == y_test.argmax(1)))
