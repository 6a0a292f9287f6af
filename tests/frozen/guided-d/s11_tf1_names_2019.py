# sound: names of TensorFlow 1.14 (`val_acc`, `lr=`, `predict_classes`), a file name typed in.

# Image classification with tf.keras (tensorflow 1.14)

# %% Task 1: Import Libraries
from __future__ import absolute_import, division, print_function
import os
import numpy as np
import matplotlib.pyplot as plt
import tensorflow as tf
from tensorflow.keras.datasets import cifar10
from tensorflow.keras.utils import to_categorical
from tensorflow.keras.models import Sequential, load_model
from tensorflow.keras.layers import Conv2D, MaxPooling2D, Dropout, Flatten, Dense, BatchNormalization
from tensorflow.keras.optimizers import Adam
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint

print(tf.__version__)
if not os.path.exists('models'):
    os.makedirs('models')

# %% Task 2: Preprocess Data
(x_train, y_train), (x_test, y_test) = cifar10.load_data()

class_ids = [1, 4, 9]
class_names = ['automobile', 'deer', 'truck']


def get_three_classes(x, y):
    idx0, _ = np.where(y == class_ids[0])
    idx1, _ = np.where(y == class_ids[1])
    idx2, _ = np.where(y == class_ids[2])
    idx = np.concatenate([idx0, idx1, idx2])
    new_y = np.concatenate([np.zeros(len(idx0)), np.ones(len(idx1)), 2 * np.ones(len(idx2))])

    p = np.random.permutation(len(idx))
    x = x[idx][p]
    y = to_categorical(new_y[p], num_classes=3)
    return x, y


x_train3, y_train3 = get_three_classes(x_train, y_train)
x_test3, y_test3 = get_three_classes(x_test, y_test)
print(x_train3.shape, y_train3.shape)
print(x_test3.shape, y_test3.shape)

# %% Task 3: Visualize Examples


def show_random_examples(x, y, p):
    ids = np.random.choice(range(x.shape[0]), 10, replace=False)
    x, y, p = x[ids], y[ids], p[ids]
    plt.figure(figsize=(10, 5))
    for i in range(10):
        plt.subplot(2, 5, i + 1)
        plt.imshow(x[i])
        plt.xticks([])
        plt.yticks([])
        col = 'green' if np.argmax(y[i]) == np.argmax(p[i]) else 'red'
        plt.xlabel(class_names[np.argmax(p[i])], color=col)
    plt.show()


show_random_examples(x_train3, y_train3, y_train3)
show_random_examples(x_test3, y_test3, y_test3)

# %% Task 4: Create Model


def add_conv_block(model, num_filters):
    model.add(Conv2D(num_filters, 3, activation='relu', padding='same'))
    model.add(BatchNormalization())
    model.add(Conv2D(num_filters, 3, activation='relu', padding='valid'))
    model.add(MaxPooling2D(pool_size=2))
    model.add(Dropout(0.2))
    return model


def create_model():
    model = Sequential()
    model.add(Conv2D(32, 3, activation='relu', padding='same', input_shape=(32, 32, 3)))
    model = add_conv_block(model, 32)
    model = add_conv_block(model, 64)
    model = add_conv_block(model, 128)
    model.add(Flatten())
    model.add(Dense(3, activation='softmax'))
    model.compile(loss='categorical_crossentropy', optimizer=Adam(lr=0.001), metrics=['accuracy'])
    return model


model = create_model()
model.summary()

# %% Task 5: Train the Model
# in tf 1.x the history and the callbacks know it as val_acc
h = model.fit(
    x_train3 / 255., y_train3,
    validation_data=(x_test3 / 255., y_test3),
    epochs=20, batch_size=128,
    callbacks=[
        EarlyStopping(monitor='val_acc', patience=5),
        ModelCheckpoint('models/model_{val_acc:.3f}.h5', save_best_only=True,
                        save_weights_only=False, monitor='val_acc', verbose=1)
    ]
)

# %% Task 6: Final Predictions
losses = h.history['loss']
accs = h.history['acc']
val_losses = h.history['val_loss']
val_accs = h.history['val_acc']
epochs = len(losses)

plt.figure(figsize=(12, 4))
for i, metrics in enumerate(zip([losses, accs], [val_losses, val_accs], ['Loss', 'Accuracy'])):
    plt.subplot(1, 2, i + 1)
    plt.plot(range(epochs), metrics[0], label='Training {}'.format(metrics[2]))
    plt.plot(range(epochs), metrics[1], label='Validation {}'.format(metrics[2]))
    plt.legend()
plt.show()

# %% best one of the list above
model = load_model('models/model_0.904.h5')
classes = model.predict_classes(x_test3 / 255.)
preds = to_categorical(classes, num_classes=3)

# %%
show_random_examples(x_test3, y_test3, preds)
