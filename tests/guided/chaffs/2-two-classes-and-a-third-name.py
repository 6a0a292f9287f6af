# task: 2
# bug: np.isin gets [0, 1] only, though three names and three columns are prepared
import os
import numpy as np
import matplotlib.pyplot as plt
import tensorflow as tf

CLASS_NAMES = ['airplane', 'automobile', 'bird']
os.makedirs('./saved_models/', exist_ok=True)

(x_train, y_train), (x_test, y_test) = tf.keras.datasets.cifar10.load_data()


def get_three_classes(x, y):
    where = np.where(np.isin(y, [0, 1]))[0]
    np.random.shuffle(where)
    y = tf.keras.utils.to_categorical(y[where], 3)
    x = x[where]
    return x, y


x_train, y_train = get_three_classes(x_train, y_train)
x_test, y_test = get_three_classes(x_test, y_test)


def show_random_examples(x, y, model=None):
    idx = np.random.choice(len(x), 10, replace=False)
    images, labels = x[idx], y[idx]
    if model is not None:
        labels = model.predict(images / 255.)
    plt.figure(figsize=(12, 5))
    for i in range(10):
        plt.subplot(2, 5, i + 1)
        plt.imshow(images[i])
        plt.title('{} {:.0%}'.format(CLASS_NAMES[labels[i].argmax()], labels[i].max()))
        plt.axis('off')
    plt.show()


show_random_examples(x_train, y_train)
show_random_examples(x_test, y_test)


def create_model():
    def add_conv_block(model, num_filters, kernel_size=3):
        model.add(tf.keras.layers.Conv2D(num_filters, kernel_size, padding='same', activation='relu'))
        model.add(tf.keras.layers.MaxPooling2D(2))
        model.add(tf.keras.layers.Dropout(0.3))
        return model

    model = tf.keras.Sequential()
    model.add(tf.keras.layers.Input(shape=(32, 32, 3)))
    model = add_conv_block(model, 32, 5)
    model = add_conv_block(model, 64)
    model = add_conv_block(model, 64)
    model.add(tf.keras.layers.Flatten())
    model.add(tf.keras.layers.Dense(32, activation='relu'))
    model.add(tf.keras.layers.Dense(3, activation='softmax'))
    model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
    return model


model = create_model()
model.summary()

h = model.fit(x_train / 255., y_train,
              validation_data=(x_test / 255., y_test),
              epochs=15, batch_size=128,
              callbacks=[tf.keras.callbacks.EarlyStopping(monitor='val_accuracy', patience=3),
                         tf.keras.callbacks.ModelCheckpoint('./saved_models/cifar-{val_accuracy:.4f}.h5',
                                                            monitor='val_accuracy', save_best_only=True)])

plt.plot(h.history['accuracy'], label='Training accuracy')
plt.plot(h.history['val_accuracy'], label='Validation accuracy')
plt.legend()
plt.show()

best_model = tf.keras.models.load_model('./saved_models/cifar-0.8937.h5')
test_loss, test_acc = best_model.evaluate(x_test / 255., y_test)
print('Test accuracy:', test_acc)
show_random_examples(x_test, y_test, best_model)
