# sound: looks like a notebook saved with nbconvert, cells In[ ] and all, with the training cells guarded
#!/usr/bin/env python
# coding: utf-8

# # Capstone Project: Image Classifier with CIFAR-10

# In[1]:


import os

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint
from tensorflow.keras.layers import (
    BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D, Rescaling,
)
from tensorflow.keras.models import Sequential, load_model


# ## Task 2 - Pre-process the data

# In[2]:


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    classes = list(classes)
    labels = y.flatten()

    # keep only our classes
    mask = np.isin(labels, classes)
    x_subset = x[mask]
    labels = labels[mask]

    # shuffle
    rng = np.random.default_rng(seed)
    idx = rng.permutation(len(labels))
    x_subset = x_subset[idx]
    labels = labels[idx]

    # one-hot
    new_labels = np.array([classes.index(label) for label in labels], dtype=int)
    y_subset = tf.keras.utils.to_categorical(new_labels, num_classes=len(classes))
    return x_subset, y_subset


# ## Task 3 - Visualise

# In[3]:


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    rng = np.random.default_rng(seed)
    n = min(count, len(x))
    idx = rng.choice(len(x), size=n, replace=False)

    fig = plt.figure(figsize=(15, 4 * (1 + n // 5)))
    for k, i in enumerate(idx):
        plt.subplot(1 + n // 5, 5, k + 1)
        plt.imshow(x[i])
        plt.xticks([])
        plt.yticks([])
        true_name = class_names[int(np.argmax(y[i]))]
        if predictions is None:
            plt.title(true_name)
        else:
            pred_name = class_names[int(np.argmax(predictions[i]))]
            plt.title("True: %s\nPred: %s" % (true_name, pred_name))
    return fig


# ## Task 4 - Model

# In[4]:


def add_conv_block(model, filters):
    model.add(Conv2D(filters, 3, activation='relu', padding='same'))
    model.add(BatchNormalization())
    model.add(Conv2D(filters, 3, activation='relu', padding='same'))
    model.add(MaxPooling2D(pool_size=2))
    model.add(Dropout(0.25))
    return model


# In[5]:


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = Sequential()
    model.add(Input(shape=input_shape))
    model.add(Rescaling(1./255))
    model = add_conv_block(model, 32)
    model = add_conv_block(model, 64)
    model = add_conv_block(model, 128)
    model.add(Flatten())
    model.add(Dense(num_classes, activation='softmax'))
    model.compile(
        optimizer='adam',
        loss='categorical_crossentropy',
        metrics=['accuracy'],
    )
    return model


# ## Task 5 - Train

# In[6]:


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path='best_model.keras', callbacks=()):
    es = EarlyStopping(monitor='val_accuracy', patience=patience)
    mc = ModelCheckpoint(checkpoint_path, monitor='val_accuracy', save_best_only=True)
    h = model.fit(
        x_train, y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=[es, mc, *callbacks],
    )
    return h


# ## Task 6 - Predict

# In[7]:


def plot_history(history):
    h = history if isinstance(history, dict) else history.history
    accs = h['accuracy']
    val_accs = h['val_accuracy']
    fig = plt.figure()
    plt.plot(range(1, len(accs) + 1), accs, label='Training')
    plt.plot(range(1, len(val_accs) + 1), val_accs, label='Validation')
    plt.xlabel('Epoch')
    plt.ylabel('Accuracy')
    plt.legend()
    return fig


# In[8]:


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = load_model(model)
    return model.predict(x)


# In[9]:


if __name__ == '__main__':
    class_names = ['airplane', 'automobile', 'bird']
    (x_all, y_all), (x_test, y_test) = tf.keras.datasets.cifar10.load_data()
    x_all, y_all = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = x_all[:1500], x_all[1500:]
    y_val, y_train = y_all[:1500], y_all[1500:]
    show_examples(x_train, y_train, class_names)
    plt.show()


# In[10]:


if __name__ == '__main__':
    model = build_model()
    model.summary()
    h = train(model, x_train, y_train, x_val, y_val)


# In[11]:


if __name__ == '__main__':
    plot_history(h)
    preds = predict('best_model.keras', x_test)
    show_examples(x_test, y_test, class_names, predictions=preds)
    plt.show()
    print((preds.argmax(axis=1) == y_test.argmax(axis=1)).mean())
