# task: 5
# bug: the one-hot labels are divided by 255 at fit together with the images
# -*- coding: utf-8 -*-
"""cifar_three.ipynb

# Task 1
"""

get_ipython().run_line_magic('matplotlib', 'inline')
get_ipython().system('pip install tensorflow matplotlib')

import tensorflow as tf
import numpy as np
import matplotlib.pyplot as plt
import os

"""# Task 2"""

(x_train, y_train), (x_test, y_test) = tf.keras.datasets.cifar10.load_data()

def get_three_classes(x, y):
  indices_0, _ = np.where(y == 0)
  indices_1, _ = np.where(y == 1)
  indices_2, _ = np.where(y == 2)
  indices = np.hstack((indices_0, indices_1, indices_2))
  x, y = x[indices], y[indices]
  count = x.shape[0]
  mix = np.random.choice(range(count), count, replace=False)
  return x[mix], tf.keras.utils.to_categorical(y[mix])

x_train, y_train = get_three_classes(x_train, y_train)
x_test, y_test = get_three_classes(x_test, y_test)

"""# Task 3"""

class_names = ['aeroplane', 'car', 'bird']

def show_random_examples(x, y, p):
  idx = np.random.choice(range(x.shape[0]), 10, replace=False)
  x, y, p = x[idx], y[idx], p[idx]
  plt.figure(figsize=(10, 5))
  for i in range(10):
    plt.subplot(2, 5, i + 1)
    plt.imshow(x[i])
    plt.xticks([])
    plt.yticks([])
    col = 'green' if np.argmax(y[i]) == np.argmax(p[i]) else 'red'
    plt.xlabel(class_names[np.argmax(p[i])], color=col)
  plt.show()

show_random_examples(x_train, y_train, y_train)

show_random_examples(x_test, y_test, y_test)

"""# Task 4"""

from tensorflow.keras.layers import Conv2D, BatchNormalization, MaxPooling2D, Dropout, Flatten, Input, Dense

def create_model():
  def add_conv_block(model, num_filters):
    model.add(Conv2D(num_filters, 3, padding='same', activation='relu'))
    model.add(BatchNormalization())
    model.add(MaxPooling2D(pool_size=2))
    model.add(Dropout(0.5))
    return model
  model = tf.keras.models.Sequential()
  model.add(Input(shape=(32, 32, 3)))
  model = add_conv_block(model, 32)
  model = add_conv_block(model, 64)
  model = add_conv_block(model, 128)
  model.add(Flatten())
  model.add(Dense(3, activation='softmax'))
  model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
  return model

model = create_model()
model.summary()

"""# Task 5"""

os.makedirs('models', exist_ok=True)
h = model.fit(x_train/255., y_train/255.,
              validation_data=(x_test/255., y_test/255.),
              epochs=10, batch_size=128,
              callbacks=[
                  tf.keras.callbacks.EarlyStopping(monitor='val_accuracy', patience=3),
                  tf.keras.callbacks.ModelCheckpoint('models/my model {val_accuracy:.3f}.h5', monitor='val_accuracy', save_best_only=True)
              ])

"""# Task 6"""

plt.plot(h.history['accuracy'])
plt.plot(h.history['val_accuracy'])
plt.legend(['accuracy', 'validation accuracy'])
plt.show()

model = tf.keras.models.load_model('models/my model 0.911.h5')
preds = model.predict(x_test/255.)

show_random_examples(x_test, y_test, preds)
