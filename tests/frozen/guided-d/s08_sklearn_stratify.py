# sound: pandas, a stratified `train_test_split`, a confusion matrix by hand.

# %% [markdown]
# # Image Classification, guided notebook
# ## Task 1: Import Libraries

# %%
get_ipython().run_line_magic('matplotlib', 'inline')
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
from sklearn.model_selection import train_test_split
from sklearn.utils import shuffle
from tensorflow.keras.datasets import cifar10
from tensorflow.keras.models import Sequential, load_model
from tensorflow.keras.layers import Conv2D, MaxPooling2D, Dropout, Dense, Flatten, BatchNormalization, Input
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint

# %% [markdown]
# ## Task 2: Preprocess Data

# %%
(x_train, y_train), (x_test, y_test) = cifar10.load_data()
cifar_names = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck']

# %%
wanted = ['bird', 'deer', 'truck']

def subset(x, y):
    words = pd.Series(y.ravel()).map(dict(enumerate(cifar_names)))
    mask = words.isin(wanted).to_numpy()
    one_hot = pd.get_dummies(words[mask])[wanted].to_numpy().astype('float32')
    return shuffle(x[mask].astype('float32') / 255, one_hot, random_state=42)

x3, y3 = subset(x_train, y_train)
x3_test, y3_test = subset(x_test, y_test)

xt, xv, yt, yv = train_test_split(x3, y3, test_size=0.2, stratify=y3.argmax(axis=1), random_state=42)
for name, labels in [('train', yt), ('val', yv), ('test', y3_test)]:
    print(name, dict(zip(wanted, labels.sum(axis=0))))

# %% [markdown]
# ## Task 3: Visualize Examples

# %%
def plot_examples(images, labels):
    idx = np.random.choice(len(images), 9, replace=False)
    plt.figure(figsize=(7, 7))
    for n, i in enumerate(idx):
        plt.subplot(3, 3, n + 1)
        plt.imshow(images[i])
        plt.xticks([])
        plt.yticks([])
        plt.title(wanted[labels[i].argmax()])
    plt.show()

# %%
plot_examples(xt, yt)

# %%
plot_examples(x3_test, y3_test)

# %% [markdown]
# ## Task 4: Create Model

# %%
def add_conv_block(model, num_filters):
    model.add(Conv2D(num_filters, 3, activation='relu', padding='same'))
    model.add(BatchNormalization())
    model.add(Conv2D(num_filters, 3, activation='relu'))
    model.add(MaxPooling2D(pool_size=2))
    model.add(Dropout(0.5))
    return model

model = Sequential([Input(shape=x3.shape[1:])])
model = add_conv_block(model, 32)
model = add_conv_block(model, 64)
model = add_conv_block(model, 128)
model.add(Flatten())
model.add(Dense(3, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
model.summary()

# %% [markdown]
# ## Task 5: Train the Model

# %%
checkpoint = ModelCheckpoint('best.h5', monitor='val_accuracy', mode='max', save_best_only=True)
early = EarlyStopping(monitor='val_accuracy', patience=10)
h = model.fit(xt, yt, validation_data=(xv, yv), epochs=40, batch_size=128, callbacks=[checkpoint, early])

# %% [markdown]
# ## Task 6: Predictions

# %%
accs = h.history['accuracy']
val_accs = h.history['val_accuracy']
plt.plot(range(len(accs)), accs, label='Training')
plt.plot(range(len(val_accs)), val_accs, label='Validation')
plt.legend()
plt.show()

# %%
best = load_model('best.h5')
pred = best.predict(x3_test).argmax(axis=1)
true = y3_test.argmax(axis=1)

# %%
# confusion matrix by hand: row = true class, column = predicted class
cm = np.zeros((3, 3), dtype=int)
for t, p in zip(true, pred):
    cm[t, p] += 1
plt.imshow(cm, cmap='Blues')
for r in range(3):
    for c in range(3):
        plt.text(c, r, cm[r, c], ha='center', va='center', color='orange')
plt.xticks(range(3), wanted)
plt.yticks(range(3), wanted)
plt.xlabel('predicted')
plt.ylabel('true')
plt.show()

# %%
idx = np.random.choice(len(x3_test), 9, replace=False)
plt.figure(figsize=(8, 8))
for n, i in enumerate(idx):
    plt.subplot(3, 3, n + 1)
    plt.imshow(x3_test[i])
    plt.axis('off')
    plt.title('pred: ' + wanted[pred[i]] + ' / true: ' + wanted[true[i]], fontsize=9)
plt.show()
