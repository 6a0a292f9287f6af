# sound: Japanese comments, one figure for each image, tf.one_hot labels, tf.random.shuffle of the indices
# %%
# 課題1: ライブラリの読み込み
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
labels = ["deer", "frog", "horse"]
ids = [4, 6, 7]

# %%
# 課題2: CIFAR-10 から三つのクラスだけを取り出す
(train_x, train_y), (test_x, test_y) = tf.keras.datasets.cifar10.load_data()


def select(x, y):
    y = y.reshape(-1)
    rows = [i for i in range(len(y)) if y[i] in ids]
    rows = tf.random.shuffle(rows).numpy()  # 画像とラベルを同じ順番で混ぜる
    new = [ids.index(y[i]) for i in rows]
    return x[rows], tf.one_hot(new, depth=3).numpy()


train_x3, train_y3 = select(train_x, train_y)
test_x3, test_y3 = select(test_x, test_y)
print(train_x3.shape, train_y3.shape, test_x3.shape, test_y3.shape)


# %%
# 課題3: 無作為に選んだ画像を一枚ずつ表示する
def show_some(x, y, n=4):
    for i in np.random.choice(len(x), n, replace=False):
        plt.figure(figsize=(2, 2))
        plt.imshow(x[i])
        plt.title(labels[int(tf.argmax(y[i]))])
        plt.axis("off")
        plt.show()


show_some(train_x3, train_y3)
show_some(test_x3, test_y3)

# %%
# 課題4: モデル
model = tf.keras.models.Sequential()


def conv_block(model, n, **kw):
    model.add(tf.keras.layers.Conv2D(n, (3, 3), activation="relu", padding="same", **kw))
    model.add(tf.keras.layers.MaxPooling2D((2, 2)))
    model.add(tf.keras.layers.Dropout(0.2))


# 最初のブロックだけ入力の形を渡す
conv_block(model, 32, input_shape=(32, 32, 3))
conv_block(model, 64)
conv_block(model, 64)
model.add(tf.keras.layers.Flatten())
model.add(tf.keras.layers.Dense(64, activation="relu"))
model.add(tf.keras.layers.Dense(3))
model.add(tf.keras.layers.Softmax())
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.summary()

# %%
# 課題5: 学習。検証にはテストデータを使う
train_in = train_x3.astype(np.float32) / 255.0
test_in = test_x3.astype(np.float32) / 255.0

early = tf.keras.callbacks.EarlyStopping(monitor="val_loss", patience=3)
best = tf.keras.callbacks.ModelCheckpoint("best_ja.h5", monitor="val_loss", save_best_only=True)
hist = model.fit(
    train_in, train_y3, epochs=20, batch_size=100,
    validation_data=(test_in, test_y3), callbacks=[early, best],
)

# %%
# 課題6: 正解率のグラフ
plt.figure()
plt.plot(hist.epoch, hist.history["accuracy"], marker="o", label="train")
plt.plot(hist.epoch, hist.history["val_accuracy"], marker="x", label="validation")
plt.ylim(0, 1)
plt.legend()
plt.show()

# 一番よかったモデルを読み込み、予測する
best_model = tf.keras.models.load_model("best_ja.h5")
pred = tf.argmax(best_model.predict(test_in), axis=1).numpy()

# %%
for i in np.random.choice(len(test_in), 6, replace=False):
    plt.figure(figsize=(2, 2))
    plt.imshow(test_x3[i])
    plt.title("predicted: " + labels[pred[i]])
    plt.axis("off")
    plt.show()
