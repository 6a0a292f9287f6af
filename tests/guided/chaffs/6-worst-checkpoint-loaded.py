# task: 6
# bug: sorted()[0] takes the checkpoint with the lowest value
import glob
import os
import numpy as np
import tensorflow as tf
import matplotlib.pyplot as plt

# Task 1 and 2 ---------------------------------------------------------
(train_x, train_y), (test_x, test_y) = tf.keras.datasets.cifar10.load_data()


def pick(images, labels):
    out_images = []
    out_labels = []
    for i in range(len(images)):
        if labels[i][0] == 0 or labels[i][0] == 1 or labels[i][0] == 2:
            out_images.append(images[i])
            out_labels.append(labels[i][0])
    out_images = np.array(out_images)
    out_labels = np.array(out_labels)[:, None]
    onehot = np.concatenate([np.select([out_labels == k], [1.0], 0.0) for k in range(3)], axis=1)
    new_order = np.arange(len(onehot))
    np.random.shuffle(new_order)
    return out_images[new_order], onehot[new_order]


train_x, train_y = pick(train_x, train_y)
test_x, test_y = pick(test_x, test_y)

# Task 3 ---------------------------------------------------------------
what = ['airplane', 'automobile', 'bird']


def draw(images, labels, columns=5):
    plt.figure(figsize=(10, 2))
    for c in range(columns):
        i = np.random.randint(0, len(images))
        plt.subplot(1, columns, c + 1)
        plt.imshow(images[i])
        plt.text(0, 36, what[int(np.argmax(labels[i]))])
        plt.axis('off')
    plt.show()


draw(train_x, train_y)
draw(train_x, train_y)
draw(test_x, test_y)

# Task 4 ---------------------------------------------------------------
def add_block(model, number_of_filters, kernel=3):
    model.add(tf.keras.layers.Conv2D(number_of_filters, kernel, padding='same'))
    model.add(tf.keras.layers.LeakyReLU())
    model.add(tf.keras.layers.MaxPool2D((2, 2)))


model = tf.keras.models.Sequential()
model.add(tf.keras.Input(shape=train_x.shape[1:]))
for number in [32, 64, 96]:
    add_block(model, number)
model.add(tf.keras.layers.Flatten())
model.add(tf.keras.layers.Dense(units=3, activation="softmax"))
model.compile(optimizer='adam', loss=tf.keras.losses.categorical_crossentropy, metrics=['accuracy'])
model.summary()

# Task 5 ---------------------------------------------------------------
if not os.path.exists('checkpoints'):
    os.makedirs('checkpoints')


def my_callbacks():
    return [tf.keras.callbacks.ModelCheckpoint('checkpoints/acc{val_accuracy:.4f}.keras', monitor='val_accuracy',
                                               save_best_only=True),
            tf.keras.callbacks.EarlyStopping('val_accuracy', patience=6)]


result = model.fit(train_x / 255., train_y, 64, 35, validation_data=(test_x / 255., test_y), callbacks=my_callbacks())

# Task 6 ---------------------------------------------------------------
plt.plot(result.history['accuracy'], 'g', label='accuracy while training')
plt.plot(result.history['val_accuracy'], 'm', label='accuracy on unseen')
plt.legend(loc='best')
plt.show()

best_file = sorted(glob.glob('checkpoints/*.keras'))[0]
print('best file:', best_file)
best_model = tf.keras.models.load_model(best_file)
answers = best_model.predict(test_x / 255.)
draw(test_x, answers)
draw(test_x, answers)
