# sound: `get_three_classes`, a nested `add_conv_block`, `/255.` inline, `plt.xticks([])`.

# %% [markdown]
# # Guided project
# ## Task 1: Import Libraries

# %%
import tensorflow as tf
import numpy as np
import matplotlib.pyplot as plt
import os

from tensorflow.keras.layers import Conv2D, MaxPooling2D, Dropout, Flatten, Dense, BatchNormalization, Input
from tensorflow.keras.models import Sequential, load_model
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint
from tensorflow.keras.datasets import cifar10

get_ipython().run_line_magic('matplotlib', 'inline')
if not os.path.isdir('models'):
    os.mkdir('models')

print('TensorFlow version', tf.__version__)

# %% [markdown]
# ## Task 2: Preprocess Data

# %%
class_numbers = [3, 5, 8]
class_names = ['cat', 'dog', 'ship']

def get_three_classes(x, y):
    mask = np.isin(y, class_numbers).reshape(-1)
    x = x[mask]
    y = y[mask].reshape(-1).copy()

    # new numbers: 0, 1, 2
    y[y == class_numbers[0]] = 0
    y[y == class_numbers[1]] = 1
    y[y == class_numbers[2]] = 2

    # shuffle
    indices = np.arange(len(y))
    np.random.shuffle(indices)
    return x[indices], tf.keras.utils.to_categorical(y[indices], num_classes=3)

# %%
(x_train, y_train), (x_test, y_test) = cifar10.load_data()

x_train, y_train = get_three_classes(x_train, y_train)
x_test, y_test = get_three_classes(x_test, y_test)

print(x_train.shape, y_train.shape)
print(x_test.shape, y_test.shape)

# %% [markdown]
# ## Task 3: Visualize Examples

# %%
def show_random_examples(x, y, p):
    indices = np.random.choice(range(x.shape[0]), 10, replace=False)
    x = x[indices]
    y = y[indices]
    p = p[indices]

    plt.figure(figsize=(10, 5))
    for i in range(10):
        plt.subplot(2, 5, 1 + i)
        plt.imshow(x[i])
        plt.xticks([])
        plt.yticks([])
        col = 'green' if np.argmax(y[i]) == np.argmax(p[i]) else 'red'
        plt.xlabel(class_names[np.argmax(p[i])], color=col)
    plt.show()

show_random_examples(x_train, y_train, y_train)

# %%
show_random_examples(x_test, y_test, y_test)

# %% [markdown]
# ## Task 4: Create Model

# %%
def create_model():

    def add_conv_block(model, num_filters):
        model.add(Conv2D(num_filters, 3, activation='relu', padding='same'))
        model.add(BatchNormalization())
        model.add(Conv2D(num_filters, 3, activation='relu'))
        model.add(MaxPooling2D(pool_size=2))
        model.add(Dropout(0.5))
        return model

    model = Sequential()
    model.add(Input(shape=(32, 32, 3)))
    model = add_conv_block(model, 32)
    model = add_conv_block(model, 64)
    model = add_conv_block(model, 128)
    model.add(Flatten())
    model.add(Dense(3, activation='softmax'))

    model.compile(
        loss='categorical_crossentropy',
        optimizer='adam', metrics=['accuracy']
    )
    return model

model = create_model()
model.summary()

# %% [markdown]
# ## Task 5: Train the Model

# %%
h = model.fit(
    x_train/255., y_train,
    validation_data=(x_test/255., y_test),
    epochs=20, batch_size=128,
    callbacks=[
        EarlyStopping(monitor='val_accuracy', patience=4),
        ModelCheckpoint('models/best.h5', monitor='val_accuracy', save_best_only=True, verbose=1)
    ]
)

# %% [markdown]
# ## Task 6: Final Predictions

# %%
accs = h.history['accuracy']
val_accs = h.history['val_accuracy']

plt.plot(range(len(accs)), accs, label='Training Accuracy')
plt.plot(range(len(val_accs)), val_accs, label='Validation Accuracy')
plt.legend()
plt.show()

# %%
model = load_model('models/best.h5')
preds = model.predict(x_test/255.)

# %%
show_random_examples(x_test, y_test, preds)
