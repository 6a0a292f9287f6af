# sound: Rescaling, a pandas subset and plot, a learning rate scheduler, CSVLogger, TensorBoard if it is there.

# %% [markdown]
# # Image classification with Keras
# 
# ***
# ### Task 1 : Libraries

# %%
import os
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
import tensorflow as tf
from tensorflow.keras.models import Sequential, load_model
from tensorflow.keras import layers as kl
from tensorflow.keras import callbacks as kc

os.makedirs('models', exist_ok=True)
os.makedirs('logs', exist_ok=True)

# %% [markdown]
# ### Task 2 : Data

# %%
(x_train, y_train), (x_test, y_test) = tf.keras.datasets.cifar10.load_data()

# %%
# table with the rows I want to keep
new_label = {0: 0, 6: 1, 9: 2}
text = ['airplane', 'frog', 'truck']

def build_subset(x, y):
    table = pd.DataFrame({'old': y.flatten()})
    table['new'] = table['old'].map(new_label)
    table = table.dropna().sample(frac=1, random_state=0)     # sample(frac=1) shuffles
    rows = table.index.to_numpy()
    return x[rows], tf.keras.utils.to_categorical(table['new'].astype(int), 3)

x_sub, y_sub = build_subset(x_train, y_train)
x_sub_test, y_sub_test = build_subset(x_test, y_test)
x_sub.shape, y_sub.shape, x_sub_test.shape, y_sub_test.shape

# %% [markdown]
# ### Task 3 : Examples

# %%
def examples(x, y, rows=2, columns=6):
    f, axes = plt.subplots(rows, columns, figsize=(columns * 2, rows * 2.3))
    for ax in axes.reshape(-1):
        i = np.random.randint(0, x.shape[0])
        ax.imshow(x[i])
        ax.set(title=text[np.argmax(y[i])], xticks=[], yticks=[])
    plt.show()

# %%
print('Training')
examples(x_sub, y_sub)

# %%
print('Test')
examples(x_sub_test, y_sub_test)

# %% [markdown]
# ### Task 4 : Model (the first layer does the scaling)

# %%
def add_conv_block(model, num_filters, activation='relu'):
    model.add(kl.Conv2D(num_filters, 3, activation=activation, padding='same'))
    model.add(kl.Conv2D(num_filters, 3, activation=activation, padding='same'))
    model.add(kl.MaxPooling2D(2))
    model.add(kl.Dropout(0.25))
    return model

def create_model():
    model = Sequential()
    model.add(kl.Input(shape=(32, 32, 3)))
    model.add(kl.Rescaling(1 / 127.5, offset=-1))
    model = add_conv_block(model, 32)
    model = add_conv_block(model, 64)
    model = add_conv_block(model, 128)
    model.add(kl.Flatten())
    model.add(kl.Dense(256, activation='relu'))
    model.add(kl.Dropout(0.5))
    model.add(kl.Dense(3, activation='softmax'))
    model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])
    return model

model = create_model()
model.summary()

# %% [markdown]
# ### Task 5 : Training

# %%
def schedule(epoch, lr):
    if epoch < 5:
        return lr
    return lr * 0.9

early_stopping = kc.EarlyStopping(monitor='val_accuracy', patience=6)
checkpoint = kc.ModelCheckpoint('models/best.keras', monitor='val_accuracy', save_best_only=True)
lr_change = kc.LearningRateScheduler(schedule)
csv = kc.CSVLogger('logs/training.csv')

board = []
try:
    import tensorboard
    board.append(kc.TensorBoard(log_dir='logs'))
except ImportError:
    print('tensorboard is not installed, going on without it')

# %%
h = model.fit(x_sub, y_sub,
              validation_data=(x_sub_test, y_sub_test),
              epochs=30,
              batch_size=128,
              callbacks=[early_stopping, checkpoint, lr_change, csv] + board)

# %% [markdown]
# ### Task 6 : Plots and predictions

# %%
df = pd.DataFrame(h.history)
df.index = df.index + 1
df[['accuracy', 'val_accuracy']].plot(figsize=(8, 5), grid=True, xlabel='epoch')
plt.show()

# %%
best_model = load_model('models/best.keras')
best_model.evaluate(x_sub_test, y_sub_test)

# %%
preds = best_model.predict(x_sub_test)
f, axes = plt.subplots(3, 6, figsize=(12, 7))
for ax in axes.reshape(-1):
    i = np.random.randint(0, x_sub_test.shape[0])
    ax.imshow(x_sub_test[i])
    ax.set(title=text[np.argmax(preds[i])], xticks=[], yticks=[])
plt.show()
