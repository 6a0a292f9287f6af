# sound: Japanese comments, subset chosen by names, keyword-heavy calls, tf.keras imports, predictions looped over the test images in the show function
# %%
# 課題1: ライブラリの読み込み
import numpy as np
import matplotlib.pyplot as plt
import tensorflow as tf
from tensorflow import keras

tf.random.set_seed(0)
np.random.seed(0)

# %%
# 課題2: 前処理
(x_train, y_train), (x_test, y_test) = tf.keras.datasets.cifar10.load_data()
ALL = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck']
MINE = ['bird', 'frog', 'horse']


def make_set(x, y):
    # 三つのクラスだけを残す
    xs, ys = [], []
    for name in MINE:
        hit = (y == ALL.index(name)).flatten()
        xs.append(x[hit])
        ys.extend([MINE.index(name)] * int(hit.sum()))
    xs = np.vstack(xs)
    ys = tf.keras.utils.to_categorical(ys, num_classes=len(MINE))
    # シャッフル
    p = np.random.permutation(len(xs))
    return xs[p], ys[p]


x_train, y_train = make_set(x_train, y_train)
x_test, y_test = make_set(x_test, y_test)
x_train = x_train.astype('float32') / 255.0
x_test = x_test.astype('float32') / 255.0
print(x_train.shape, y_train.shape, x_test.shape, y_test.shape)


# %%
# 課題3: 画像の表示
def show(x, y, n=12, head='label'):
    plt.figure(figsize=(12, 7))
    for k, i in enumerate(np.random.randint(0, len(x), size=n)):
        plt.subplot(3, 4, k + 1)
        plt.imshow(x[i])
        plt.title(head + ': ' + MINE[np.argmax(y[i])])
        plt.axis('off')
    plt.tight_layout()
    plt.show()


show(x_train, y_train)
show(x_test, y_test)


# %%
# 課題4: モデル
def add_block(model, filters):
    model.add(keras.layers.Conv2D(filters=filters, kernel_size=(3, 3), strides=(1, 1), padding='same', activation='relu'))
    model.add(keras.layers.Conv2D(filters=filters, kernel_size=(3, 3), strides=(1, 1), padding='same', activation='relu'))
    model.add(keras.layers.MaxPooling2D(pool_size=(2, 2)))
    model.add(keras.layers.Dropout(rate=0.25))


def create_model():
    model = keras.models.Sequential()
    model.add(keras.layers.Input(shape=(32, 32, 3)))
    add_block(model, filters=32)
    add_block(model, filters=64)
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(units=128, activation='relu'))
    model.add(keras.layers.Dense(units=len(MINE), activation='softmax'))
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001),
                  loss='categorical_crossentropy', metrics=['accuracy'])
    return model


model = create_model()
model.summary()

# %%
# 課題5: 学習
es = keras.callbacks.EarlyStopping(monitor='val_accuracy', patience=5, mode='max', restore_best_weights=True)
cp = keras.callbacks.ModelCheckpoint(filepath='best_cnn.keras', monitor='val_accuracy', mode='max', save_best_only=True)
result = model.fit(x_train, y_train, batch_size=64, epochs=30, verbose=1,
                   validation_data=(x_test, y_test), callbacks=[es, cp])

# %%
# 課題6: 予測
plt.plot(result.history['accuracy'], label='accuracy')
plt.plot(result.history['val_accuracy'], label='val_accuracy')
plt.xlabel('epoch')
plt.legend(loc='best')
plt.show()

best_model = keras.models.load_model('best_cnn.keras')
pred = best_model.predict(x_test)
show(x_test, pred, head='predicted')
