# sound: older idioms, metrics=['acc'] so that acc and val_acc really exist, learning rate in a variable lr, one .h5 file
# %%
# 1. imports
from tensorflow import keras
from tensorflow.keras import layers, models, optimizers
import matplotlib.pyplot as plt
import numpy as np

# %%
# 2. data
(train_images, train_labels), (test_images, test_labels) = keras.datasets.cifar10.load_data()

wanted = [0, 1, 8]  # plane, car, ship
wanted_names = ['plane', 'car', 'ship']


def prepare(images, labels, seed):
    labels = np.squeeze(labels)
    idx = [i for i in range(len(labels)) if labels[i] in wanted]
    images = images[idx]
    labels = labels[idx]
    np.random.seed(seed)
    np.random.shuffle(images)
    np.random.seed(seed)
    np.random.shuffle(labels)
    labels = [wanted.index(l) for l in labels]
    return images, keras.utils.to_categorical(labels, num_classes=3)


train_images, train_labels = prepare(train_images, train_labels, 1)
test_images, test_labels = prepare(test_images, test_labels, 2)
train_images = train_images.astype('float32') / 255
test_images = test_images.astype('float32') / 255


# %%
# 3. look at it
def plot_images(images, labels, rows=3, cols=4):
    plt.figure(figsize=(2 * cols, 2 * rows))
    picks = np.random.choice(len(images), rows * cols)
    for pos, i in enumerate(picks):
        plt.subplot(rows, cols, pos + 1)
        plt.imshow(images[i])
        plt.title(wanted_names[int(np.argmax(labels[i]))])
        plt.axis('off')
    plt.tight_layout()
    plt.show()


plot_images(train_images, train_labels)
plot_images(test_images, test_labels)


# %%
# 4. model
def add_conv_block(net, filters):
    net.add(layers.Conv2D(filters, (3, 3), padding='same'))
    net.add(layers.Activation('relu'))
    net.add(layers.MaxPooling2D((2, 2)))


lr = 1e-3
model = models.Sequential()
model.add(layers.Input(shape=(32, 32, 3)))
add_conv_block(model, 32)
add_conv_block(model, 64)
add_conv_block(model, 128)
model.add(layers.Flatten())
model.add(layers.Dropout(0.5))
model.add(layers.Dense(3))
model.add(layers.Activation('softmax'))
model.compile(loss='categorical_crossentropy',
              optimizer=optimizers.RMSprop(lr),
              metrics=['acc'])
print(model.summary())

# %%
# 5. training
callbacks_list = [
    keras.callbacks.EarlyStopping(monitor='val_acc', mode='max', patience=5),
    keras.callbacks.ModelCheckpoint(filepath='cifar3.h5',
                                    monitor='val_acc',
                                    mode='max',
                                    save_best_only=True),
]
history = model.fit(train_images, train_labels,
                    epochs=30,
                    batch_size=128,
                    callbacks=callbacks_list,
                    validation_data=(test_images, test_labels))

# %%
# 6. curves and predictions
acc = history.history['acc']
val_acc = history.history['val_acc']
epochs = range(1, len(acc) + 1)
plt.plot(epochs, acc, 'bo', label='Training acc')
plt.plot(epochs, val_acc, 'b', label='Validation acc')
plt.title('Training and validation accuracy')
plt.legend()
plt.show()

best_net = models.load_model('cifar3.h5')
probabilities = best_net.predict(test_images)
plot_images(test_images, probabilities)
