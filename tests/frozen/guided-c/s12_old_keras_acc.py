# sound: old Keras habits: metrics=['acc'], val_acc, input_shape in the first layer, nb_ names, epoch and accuracy in the file name, typed-in file name of the own run
# coding: utf-8
# %matplotlib inline

# In[1]: TASK 1
from __future__ import print_function

import numpy as np
import matplotlib.pyplot as plt
from tensorflow.keras.datasets import cifar10
from tensorflow.keras.models import Sequential
from tensorflow.keras.models import load_model
from tensorflow.keras.layers import Dense, Dropout, Activation, Flatten
from tensorflow.keras.layers import Conv2D, MaxPooling2D
from tensorflow.keras.callbacks import ModelCheckpoint, EarlyStopping
from tensorflow.keras.utils import to_categorical

nb_classes = 3
nb_epoch = 50
batch_size = 32

# In[2]: TASK 2
(X_train, y_train), (X_test, y_test) = cifar10.load_data()


def reduce_classes(X, y):
    # airplane 0 -> 0, horse 7 -> 1, truck 9 -> 2
    idx = np.where(np.logical_or(np.logical_or(y == 0, y == 7), y == 9))[0]
    X = X[idx].astype('float32')
    y = y[idx].copy()
    y[y == 7] = 1
    y[y == 9] = 2
    perm = np.random.permutation(X.shape[0])
    X = X[perm]
    y = y[perm]
    X /= 255
    return X, to_categorical(y, nb_classes)


X_train, Y_train = reduce_classes(X_train, y_train)
X_test, Y_test = reduce_classes(X_test, y_test)
print('X_train shape:', X_train.shape)
print(X_train.shape[0], 'train samples')
print(X_test.shape[0], 'test samples')

# In[3]: TASK 3
class_names = ['airplane', 'horse', 'truck']


def plot_images(X, Y):
    f = plt.figure(figsize=(12, 2))
    for i in range(1, 11):
        r = np.random.randint(0, X.shape[0])
        sub = f.add_subplot(1, 10, i)
        sub.set_title(class_names[np.argmax(Y[r])], fontsize=7)
        sub.imshow(X[r])
        plt.axis('off')
    plt.show()


plot_images(X_train, Y_train)
plot_images(X_test, Y_test)

# In[4]: TASK 4
model = Sequential()


def vgg_block(model, nb_filters, first=False):
    if first:
        model.add(Conv2D(nb_filters, (3, 3), padding='same', input_shape=X_train.shape[1:]))
    else:
        model.add(Conv2D(nb_filters, (3, 3), padding='same'))
    model.add(Activation('relu'))
    model.add(Conv2D(nb_filters, (3, 3)))
    model.add(Activation('relu'))
    model.add(MaxPooling2D(pool_size=(2, 2)))
    model.add(Dropout(0.25))


vgg_block(model, 32, first=True)
vgg_block(model, 64)

model.add(Flatten())
model.add(Dense(512))
model.add(Activation('relu'))
model.add(Dropout(0.5))
model.add(Dense(nb_classes))
model.add(Activation('softmax'))

model.compile(loss='categorical_crossentropy', optimizer='rmsprop', metrics=['acc'])
model.summary()

# In[5]: TASK 5
early_stopping = EarlyStopping(monitor='val_acc', mode='max', patience=6)
checkpoint = ModelCheckpoint('cifar3.{epoch:02d}-{val_acc:.2f}.h5', monitor='val_acc',
                             verbose=1, save_best_only=True, mode='max')
history = model.fit(X_train, Y_train,
                    batch_size=batch_size, epochs=nb_epoch,
                    validation_data=(X_test, Y_test), shuffle=True,
                    callbacks=[early_stopping, checkpoint])

# In[6]: TASK 6
plt.plot(history.history['acc'])
plt.plot(history.history['val_acc'])
plt.title('model accuracy')
plt.ylabel('accuracy')
plt.xlabel('epoch')
plt.legend(['train', 'test'], loc='upper left')
plt.show()

model = load_model('cifar3.21-0.93.h5')
Y_pred = model.predict(X_test)
plot_images(X_test, Y_pred)
