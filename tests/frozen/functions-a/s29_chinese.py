# sound: Chinese names and comments, map and filter with lambdas, strided convolutions without pooling
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

# 任务二：数据预处理


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    标签 = list(map(int, np.asarray(y).reshape(-1)))
    类别 = list(map(int, classes))
    序号 = list(filter(lambda i: 标签[i] in 类别, range(len(标签))))
    序号 = np.random.RandomState(seed).permutation(np.array(序号, dtype=int))
    列号 = list(map(lambda i: 类别.index(标签[i]), 序号))
    图像 = x[序号]
    独热 = np.zeros((len(序号), len(类别)))
    for 行, 列 in enumerate(列号):
        独热[行, 列] = 1
    return 图像, 独热


# 任务三：显示图像


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    随机 = np.random.RandomState(seed)
    数量 = min(count, len(x))
    序号 = 随机.permutation(len(x))[:数量]
    行数 = 数量 // 5 + 1
    图 = plt.figure(figsize=(12, 3 * 行数))
    for 位置 in range(数量):
        i = 序号[位置]
        plt.subplot(行数, 5, 位置 + 1)
        plt.imshow(x[i])
        plt.xticks(())
        plt.yticks(())
        标题 = "true: " + str(class_names[y[i].argmax()])
        if predictions is not None:
            标题 = 标题 + ", pred: " + str(class_names[predictions[i].argmax()])
        plt.title(标题)
    return 图


# 任务四：建立模型


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.Conv2D(filters, 3, padding="valid", strides=2, activation="relu"))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    模型 = keras.Sequential([layers.Input(shape=input_shape), layers.Rescaling(1 / 255.0)])
    add_conv_block(模型, 32)
    add_conv_block(模型, 64)
    模型.add(layers.Flatten())
    模型.add(layers.Dropout(0.4))
    模型.add(layers.Dense(64, activation="relu"))
    模型.add(layers.Dense(num_classes, activation="softmax"))
    模型.compile(
        optimizer="adam",
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return 模型


# 任务五：训练


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
    提前停止 = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience)
    保存最佳 = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", save_best_only=True
    )
    历史 = model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_val, y_val),
        callbacks=[提前停止, 保存最佳] + list(callbacks),
    )
    return 历史


# 任务六：结果


def plot_history(history):
    记录 = history if isinstance(history, dict) else history.history
    图, 轴 = plt.subplots()
    轴.plot(记录["accuracy"], label="train")
    轴.plot(记录["val_accuracy"], label="val")
    轴.set_xlabel("epoch")
    轴.set_ylabel("accuracy")
    轴.legend()
    return 图


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    概率 = model.predict(x)
    return 概率


if __name__ == "__main__":
    类名 = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_all, y_all = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    show_examples(x_all, y_all, 类名)
    plt.show()
    模型 = build_model()
    模型.summary()
    历史 = train(模型, x_all[1500:], y_all[1500:], x_all[:1500], y_all[:1500])
    plot_history(历史)
    概率 = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, 类名, predictions=概率)
    plt.show()
    print("准确率", np.mean(概率.argmax(1) == y_test.argmax(1)))
