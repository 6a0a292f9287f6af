# task: 2
# bug: the test labels are shuffled in another order than the test images
# %% Task 1
import numpy as np
import matplotlib.pyplot as plt
import tensorflow as tf
from tensorflow.keras.layers import Input, Conv2D, MaxPooling2D, Dropout, Flatten, Dense

# %% Task 2
(x_train, y_train), (x_test, y_test) = tf.keras.datasets.cifar10.load_data()
names = ['airplane', 'automobile', 'bird']


def first_three(x, y):
    keep = (y < 3).flatten()
    return x[keep], y[keep].flatten()


x_train, y_train = first_three(x_train, y_train)
x_test, y_test = first_three(x_test, y_test)

# same seed -> same order for pictures and labels
np.random.seed(7)
np.random.shuffle(x_train)
np.random.seed(7)
np.random.shuffle(y_train)

np.random.seed(8)
np.random.shuffle(x_test)
np.random.shuffle(y_test)

print(x_train.shape, y_train.shape)
print(x_test.shape, y_test.shape)


# %% Task 3
def plot_random(x, y):
    chosen = np.random.choice(len(x), 10, replace=False)
    plt.figure(figsize=(10, 5))
    for i in range(10):
        plt.subplot(2, 5, i + 1)
        plt.imshow(x[chosen[i]])
        plt.title(names[y[chosen[i]]])
        plt.axis('off')
    plt.show()


plot_random(x_train, y_train)
plot_random(x_test, y_test)


# %% Task 4
def add_block(model, filters):
    model.add(Conv2D(filters, 3, activation='relu', padding='same'))
    model.add(Conv2D(filters, 3, activation='relu', padding='same'))
    model.add(MaxPooling2D(2))
    model.add(Dropout(0.3))


model = tf.keras.Sequential()
model.add(Input(shape=(32, 32, 3)))
add_block(model, 32)
add_block(model, 64)
model.add(Flatten())
model.add(Dense(3, activation='softmax'))
model.summary()
model.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy'])

# %% Task 5 (a part of the training set is the validation set)
stop = tf.keras.callbacks.EarlyStopping(monitor='val_loss', patience=4)
save = tf.keras.callbacks.ModelCheckpoint('best.keras', monitor='val_loss', save_best_only=True)
h = model.fit(x_train / 255., y_train, validation_split=0.2, epochs=20, batch_size=64,
              callbacks=[stop, save])

# %% Task 6
plt.plot(h.history['accuracy'], label='training accuracy')
plt.plot(h.history['val_accuracy'], label='validation accuracy')
plt.xlabel('epoch')
plt.legend()
plt.show()

best = tf.keras.models.load_model('best.keras')
pred = np.argmax(best.predict(x_test / 255.), axis=1)
chosen = np.random.choice(len(x_test), 12, replace=False)
plt.figure(figsize=(12, 7))
for i, k in enumerate(chosen):
    plt.subplot(3, 4, i + 1)
    plt.imshow(x_test[k])
    plt.title(f'pred: {names[pred[k]]}, true: {names[y_test[k]]}', fontsize=8)
    plt.axis('off')
plt.show()
