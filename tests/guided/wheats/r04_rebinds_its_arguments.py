# sound: The function that adds all blocks takes any number of sizes, and binds their name to each of them.
# Task 1
import tensorflow as tf
import numpy as np
import matplotlib.pyplot as plt

# Task 2
(x_train, y_train), (x_test, y_test) = tf.keras.datasets.cifar10.load_data()

train_mask = (y_train < 3).flatten()
test_mask = (y_test < 3).flatten()
x_train = x_train[train_mask]
y_train = y_train[train_mask]
x_test = x_test[test_mask]
y_test = y_test[test_mask]

p = np.random.permutation(len(x_train))
x_train = x_train[p]
y_train = y_train[p]
p = np.random.permutation(len(x_test))
x_test = x_test[p]
y_test = y_test[p]

y_train = tf.keras.utils.to_categorical(y_train)
y_test = tf.keras.utils.to_categorical(y_test)
print(x_train.shape, y_train.shape, x_test.shape, y_test.shape)

# Task 3
names = ['airplane', 'automobile', 'bird']


def show_random(x, y):
    plt.figure(figsize=(10, 2))
    for n in range(6):
        i = np.random.randint(len(x))
        plt.subplot(1, 6, n + 1)
        plt.imshow(x[i])
        plt.title(names[np.argmax(y[i])])
        plt.xticks([])
        plt.yticks([])
    plt.show()


show_random(x_train, y_train)
show_random(x_test, y_test)

# Task 4
model = tf.keras.Sequential()


def add_conv_blocks(*num_filters):
    for num_filters in num_filters:
        add_conv_block(num_filters)


def add_conv_block(num_filters):
    model.add(tf.keras.layers.Conv2D(num_filters, 3, activation='relu', padding='same'))
    model.add(tf.keras.layers.MaxPooling2D())


model.add(tf.keras.layers.Input(shape=(32, 32, 3)))
add_conv_blocks(32, 64, 128)
model.add(tf.keras.layers.Flatten())
model.add(tf.keras.layers.Dropout(0.5))
model.add(tf.keras.layers.Dense(3, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
model.summary()

# Task 5
early_stopping = tf.keras.callbacks.EarlyStopping(monitor='val_accuracy', patience=4)
checkpoint = tf.keras.callbacks.ModelCheckpoint('flat_best.h5', monitor='val_accuracy', save_best_only=True)
history = model.fit(x_train / 255, y_train, batch_size=128, epochs=30,
                    validation_data=(x_test / 255, y_test), callbacks=[early_stopping, checkpoint])

# Task 6
plt.figure(figsize=(10, 4))
plt.subplot(121)
plt.plot(history.history['loss'], label='training loss')
plt.plot(history.history['val_loss'], label='validation loss')
plt.legend()
plt.subplot(122)
plt.plot(history.history['accuracy'], label='training accuracy')
plt.plot(history.history['val_accuracy'], label='validation accuracy')
plt.legend()
plt.show()

model = tf.keras.models.load_model('flat_best.h5')
predictions = model.predict(x_test / 255)
show_random(x_test, predictions)
