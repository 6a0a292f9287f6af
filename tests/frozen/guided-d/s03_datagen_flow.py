# sound: ImageDataGenerator.flow, labels by searchsorted, a validation set cut off at 80 per cent, .h5.

# %% Task 1 - libraries
import numpy as np
import matplotlib.pyplot as plt
import tensorflow as tf
from tensorflow.keras import Sequential
from tensorflow.keras.layers import Conv2D, MaxPool2D, Flatten, Dense, Dropout, BatchNormalization, InputLayer
from tensorflow.keras.preprocessing.image import ImageDataGenerator
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint
from tensorflow.keras.utils import to_categorical

np.random.seed(2024)

# %% Task 2 - deer, horse and frog
(X, Y), (Xt, Yt) = tf.keras.datasets.cifar10.load_data()

WANTED = np.array([4, 6, 7])
LABELS = ['deer', 'frog', 'horse']


def pick(x, y):
    y = np.squeeze(y)
    keep = np.isin(y, WANTED)
    x, y = x[keep], y[keep]
    y = np.searchsorted(WANTED, y)          # 4, 6, 7 -> 0, 1, 2
    p = np.random.permutation(len(x))
    return x[p], to_categorical(y[p], 3)


X3, Y3 = pick(X, Y)
Xt3, Yt3 = pick(Xt, Yt)

# last fifth of the (already mixed) training set is for validation
cut = int(len(X3) * 0.8)
X_fit, Y_fit = X3[:cut], Y3[:cut]
X_val, Y_val = X3[cut:], Y3[cut:]
print(X_fit.shape, X_val.shape, Xt3.shape)

# %% Task 3 - look at pictures


def plot_random(x, y, rows=3, cols=5):
    chosen = np.random.choice(len(x), size=rows * cols, replace=False)
    plt.figure(figsize=(2 * cols, 2.2 * rows))
    for place, c in enumerate(chosen):
        plt.subplot(rows, cols, place + 1)
        plt.imshow(x[c])
        plt.title(LABELS[np.argmax(y[c])])
        plt.axis('off')
    plt.tight_layout()
    plt.show()


plot_random(X_fit, Y_fit)
plot_random(Xt3, Yt3)

# %% Task 4 - the network


def add_conv_block(net, n_filters, kernel=3):
    net.add(Conv2D(n_filters, kernel, activation='relu', padding='same'))
    net.add(BatchNormalization())
    net.add(Conv2D(n_filters, kernel, activation='relu', padding='same'))
    net.add(MaxPool2D(2))
    net.add(Dropout(0.25))


net = Sequential()
net.add(InputLayer(shape=(32, 32, 3)))
add_conv_block(net, 32)
add_conv_block(net, 64)
net.add(Flatten())
net.add(Dense(128, activation='relu'))
net.add(Dropout(0.5))
net.add(Dense(len(LABELS), activation='softmax'))
net.compile(loss='categorical_crossentropy', optimizer='rmsprop', metrics=['accuracy'])
net.summary()

# %% Task 5 - training with flipped pictures
train_maker = ImageDataGenerator(rescale=1 / 255., horizontal_flip=True)
plain_maker = ImageDataGenerator(rescale=1 / 255.)

train_flow = train_maker.flow(X_fit, Y_fit, batch_size=64)
val_flow = plain_maker.flow(X_val, Y_val, batch_size=64, shuffle=False)

watch = [
    EarlyStopping(monitor='val_loss', patience=6),
    ModelCheckpoint('animals.h5', monitor='val_accuracy', mode='max', save_best_only=True),
]
h = net.fit(train_flow, validation_data=val_flow, epochs=40, callbacks=watch)

# %% Task 6 - results
plt.plot(h.history['accuracy'], color='green', label='fit')
plt.plot(h.history['val_accuracy'], color='orange', label='held out')
plt.legend()
plt.xlabel('epoch')
plt.ylabel('accuracy')
plt.show()

# %%
net = tf.keras.models.load_model('animals.h5')
test_flow = plain_maker.flow(Xt3, Yt3, batch_size=100, shuffle=False)
print('loss, accuracy on the test set:', net.evaluate(test_flow))

# %%
some = np.random.choice(len(Xt3), 15, replace=False)
p = net.predict(Xt3[some] / 255.)
plt.figure(figsize=(10, 7))
for k in range(15):
    plt.subplot(3, 5, k + 1)
    plt.imshow(Xt3[some[k]])
    plt.title(LABELS[p[k].argmax()])
    plt.axis('off')
plt.show()
