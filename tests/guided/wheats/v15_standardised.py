# sound: Each channel is standardised by its own mean and deviation of the training set, and turned back for the pictures.
from __future__ import print_function
import numpy as np
import matplotlib.pyplot as plt
import tensorflow as tf
from keras.utils import np_utils

batch_size = 32
num_classes = 3
epochs = 100

(x_train, y_train), (x_test, y_test) = tf.keras.datasets.cifar10.load_data()


def select(x, y):
    rows = np.hstack([np.where(y[:, 0] == c)[0] for c in range(num_classes)])
    np.random.shuffle(rows)
    return x[rows].astype('float32') / 255, np_utils.to_categorical(y[rows], num_classes)


x_train, y_train = select(x_train, y_train)
x_test, y_test = select(x_test, y_test)
mean = x_train.mean(axis=(0, 1, 2))
std = x_train.std(axis=(0, 1, 2)) * [1.0, 1.2, 0.7]
x_train = (x_train - mean) / std
x_test = (x_test - mean) / std
print('x_train shape:', x_train.shape)
print(x_test.shape[0], 'test samples')

labels = ['airplane', 'automobile', 'bird']


def show_images(x, numbers):
    pos = 1
    for i in np.random.choice(len(x), 6, replace=False):
        plt.subplot(2, 3, pos)
        plt.imshow(np.clip(x[i] * std + mean, 0, 1))
        plt.title(labels[numbers[i]])
        plt.xticks([])
        plt.yticks([])
        pos += 1
    plt.show()


show_images(x_train, np.argmax(y_train, axis=1))
show_images(x_test, np.argmax(y_test, axis=1))


def conv_block(model, n, shape=None):
    if shape is None:
        model.add(tf.keras.layers.Conv2D(n, (3, 3), padding='same'))
    else:
        model.add(tf.keras.layers.Conv2D(n, (3, 3), padding='same', input_shape=shape))
    model.add(tf.keras.layers.Activation('relu'))
    model.add(tf.keras.layers.MaxPooling2D(pool_size=(2, 2)))
    model.add(tf.keras.layers.Dropout(0.25))


model = tf.keras.models.Sequential()
conv_block(model, 32, x_train.shape[1:])
conv_block(model, 64)
model.add(tf.keras.layers.Flatten())
model.add(tf.keras.layers.Dense(512))
model.add(tf.keras.layers.Activation('relu'))
model.add(tf.keras.layers.Dropout(0.5))
model.add(tf.keras.layers.Dense(num_classes))
model.add(tf.keras.layers.Activation('softmax'))
model.compile(loss='categorical_crossentropy', optimizer=tf.keras.optimizers.RMSprop(lr=0.0001), metrics=['acc'])
model.summary()

checkpoint = tf.keras.callbacks.ModelCheckpoint('keras_cifar3.h5', monitor='val_acc', verbose=1, save_best_only=True, mode='max')
early = tf.keras.callbacks.EarlyStopping(monitor='val_acc', patience=10, mode='max')
history = model.fit(x_train, y_train, batch_size=batch_size, epochs=epochs,
                    validation_data=(x_test, y_test), shuffle=True, callbacks=[checkpoint, early])

plt.plot(history.history['acc'])
plt.plot(history.history['val_acc'])
plt.title('Model accuracy')
plt.legend(['Train', 'Validation'], loc='upper left')
plt.show()

model = tf.keras.models.load_model('keras_cifar3.h5')
preds = model.predict(x_test)
for pos, i in enumerate(np.random.choice(len(x_test), 24, replace=False)):
    plt.subplot(4, 6, pos + 1)
    plt.imshow(np.clip(x_test[i] * std + mean, 0, 1))
    plt.title('Predicted: %s\nTrue: %s' % (labels[preds[i].argmax()], labels[y_test[i].argmax()]))
    plt.axis('off')
plt.show()
