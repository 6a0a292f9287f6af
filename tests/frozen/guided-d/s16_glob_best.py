# sound: accuracy in the file name, `max(glob(...))`, shell magics.

# %% [markdown]
# ## Task 1: Import libraries

# %%
import glob
import numpy as np
import matplotlib.pyplot as plt
from tensorflow.keras.datasets import cifar10
from tensorflow.keras import models, layers
from tensorflow.keras.callbacks import ModelCheckpoint, EarlyStopping

# %%
get_ipython().system('mkdir -p models')
get_ipython().system('rm -f models/*.h5')

# %% [markdown]
# ## Task 2: Data

# %%
(x_train, y_train), (x_test, y_test) = cifar10.load_data()
(x_train.shape, y_train.shape), (x_test.shape, y_test.shape)

# %%
classes = {'frog': 6, 'horse': 7, 'ship': 8}
class_list = [*classes]

def subset_of(x, y):
    images, targets = [], []
    for column, number in enumerate(classes.values()):
        idx = np.flatnonzero(y.ravel() == number)
        one_hot = np.zeros((len(idx), 3))
        one_hot[:, column] = 1
        images.append(x[idx])
        targets.append(one_hot)
    images = np.vstack(images)
    targets = np.vstack(targets)
    shuffled = np.random.permutation(len(images))
    return images[shuffled], targets[shuffled]

x3, y3 = subset_of(x_train, y_train)
x3_test, y3_test = subset_of(x_test, y_test)
print(x3.shape, y3.shape)
print(x3_test.shape, y3_test.shape)

# %% [markdown]
# ## Task 3: Random examples

# %%
def show_random(x, y, n=10):
    for i, r in enumerate(np.random.randint(0, len(x), n)):
        plt.subplot(2, n // 2, i + 1)
        plt.imshow(x[r])
        plt.title(class_list[np.argmax(y[r])], fontsize=8)
        plt.xticks([])
        plt.yticks([])
    plt.show()

# %%
show_random(x3, y3)

# %%
show_random(x3_test, y3_test)

# %% [markdown]
# ## Task 4: Create the model

# %%
def add_conv_block(model, filters, first=False):
    if first:
        model.add(layers.Conv2D(filters, 3, padding='same', activation='relu', input_shape=(32, 32, 3)))
    else:
        model.add(layers.Conv2D(filters, 3, padding='same', activation='relu'))
    model.add(layers.Conv2D(filters, 3, activation='relu'))
    model.add(layers.BatchNormalization())
    model.add(layers.MaxPool2D(2))
    model.add(layers.Dropout(0.3))
    return model

model = models.Sequential()
model = add_conv_block(model, 32, first=True)
model = add_conv_block(model, 64)
model = add_conv_block(model, 128)
model.add(layers.Flatten())
model.add(layers.Dense(len(class_list), activation='softmax'))

# %%
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
model.summary()

# %% [markdown]
# ## Task 5: Train

# %%
name = 'models/cifar3_' + '{val_accuracy:.4f}' + '.h5'
mc = ModelCheckpoint(name, monitor='val_accuracy', save_best_only=True, verbose=1)
es = EarlyStopping(monitor='val_accuracy', patience=5)

h = model.fit(x3 / 255., y3, epochs=25, batch_size=128,
              validation_data=(x3_test / 255., y3_test), callbacks=[mc, es])

# %% [markdown]
# ## Task 6: Results

# %%
plt.plot(h.history['accuracy'], label='acc')
plt.plot(h.history['val_accuracy'], label='val_acc')
plt.xlabel('Epochs')
plt.legend()
plt.show()

# %%
# the accuracy is in the name, so the greatest name is the best model
files = glob.glob('models/cifar3_*.h5')
print(files)
best_file = max(files)
print(f'best: {best_file}')
best_model = models.load_model(best_file)

# %%
preds = best_model.predict(x3_test / 255.)
for i, r in enumerate(np.random.randint(0, len(x3_test), 10)):
    plt.subplot(2, 5, i + 1)
    plt.imshow(x3_test[r])
    plt.title(class_list[np.argmax(preds[r])], fontsize=8)
    plt.xticks([])
    plt.yticks([])
plt.show()
