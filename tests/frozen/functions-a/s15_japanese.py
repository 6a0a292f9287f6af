# sound: Japanese comments, a lookup table for the columns, Conv2D with stride 2 and kernel 2 instead of pooling
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


# 課題2: 前処理
def subset_data(x, y, classes=(0, 1, 2), seed=None):
    """指定したクラスだけを残し、シャッフルして one-hot にする。"""
    ラベル = y.ravel().astype(int)
    クラス = np.array(classes, dtype=int)

    # ラベル番号 -> 列番号 の表 (-1 は不要なクラス)
    大きさ = max(ラベル.max(initial=0), クラス.max(initial=0)) + 1
    表 = np.full(大きさ, -1)
    表[クラス] = np.arange(len(クラス))

    列 = 表[ラベル]
    番号 = np.flatnonzero(列 >= 0)
    乱数 = np.random.default_rng(seed)
    番号 = 乱数.permutation(番号)
    return x[番号], np.eye(len(クラス), dtype="float32")[列[番号]]


# 課題3: 画像の表示
def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    乱数 = np.random.default_rng(seed)
    枚数 = min(count, len(x))
    番号 = 乱数.choice(len(x), size=枚数, replace=False)
    行 = max(1, -(-枚数 // 5))
    図 = plt.figure(figsize=(10, 2.5 * 行))
    for k, i in enumerate(番号, 1):
        軸 = 図.add_subplot(行, 5, k)
        軸.imshow(x[i])
        軸.axis("off")
        題 = class_names[y[i].argmax()]
        if predictions is not None:
            題 += " => " + class_names[predictions[i].argmax()]
        軸.set_title(題, fontsize=8)
    return 図


# 課題4: モデル
def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    # プーリングの代わりに重なりのない畳み込み
    model.add(layers.Conv2D(filters, 2, strides=2, activation="relu"))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential()
    model.add(keras.Input(input_shape))
    model.add(layers.Rescaling(1 / 255))
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    add_conv_block(model, 128)
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer="adam",
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


# 課題5: 学習
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
    早期終了 = keras.callbacks.EarlyStopping(
        monitor="val_accuracy", mode="max", patience=patience
    )
    保存 = keras.callbacks.ModelCheckpoint(
        filepath=checkpoint_path,
        monitor="val_accuracy",
        mode="max",
        save_best_only=True,
    )
    return model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=[早期終了, 保存, *callbacks],
    )


# 課題6: 予測
def plot_history(history):
    記録 = history if isinstance(history, dict) else history.history
    図, 軸 = plt.subplots()
    軸.plot(記録["accuracy"], label="train")
    軸.plot(記録["val_accuracy"], label="validation")
    軸.set_xlabel("epoch")
    軸.set_ylabel("accuracy")
    軸.legend()
    return 図


def predict(model, x):
    if isinstance(model, (str, Path)):
        model = keras.models.load_model(model)
    return model.predict(x, batch_size=256)


if __name__ == "__main__":
    名前 = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_all, y_all = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    n = len(x_all) // 10
    show_examples(x_all, y_all, 名前)
    plt.show()
    model = build_model()
    model.summary()
    history = train(model, x_all[n:], y_all[n:], x_all[:n], y_all[:n])
    plot_history(history)
    確率 = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, 名前, predictions=確率)
    plt.show()
    print("正解率:", np.mean(確率.argmax(axis=1) == y_test.argmax(axis=1)))
