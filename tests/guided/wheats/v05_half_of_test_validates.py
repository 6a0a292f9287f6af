# sound: One half of the shuffled test subset validates, the other half is predicted and shown.
from keras.datasets import cifar10
from keras.utils import to_categorical
from keras.models import Sequential
from keras.layers import Input, Conv2D, MaxPooling2D, Flatten, Dense, Dropout
from keras.callbacks import ModelCheckpoint, EarlyStopping
import matplotlib.pyplot as plt
import numpy as np

np.random.seed(42)


def get_three_classes(x, y):
    zero = np.where(y.reshape(-1) == 0)
    one = np.where(y.reshape(-1) == 1)
    two = np.where(y.reshape(-1) == 2)
    images = np.append(np.append(x[zero], x[one], axis=0), x[two], axis=0)
    labels = np.append(np.append(y[zero], y[one]), y[two])
    new = np.random.permutation(images.shape[0])
    return images[new], to_categorical(labels[new], 3)


(x_train, y_train), (x_test, y_test) = cifar10.load_data()
x_train, y_train = get_three_classes(x_train, y_train)
x_test, y_test = get_three_classes(x_test, y_test)
half = len(x_test) // 2
x_val, y_val = x_test[:half], y_test[:half]
x_test, y_test = x_test[half:], y_test[half:]

categories = ['airplane', 'automobile', 'bird']


def show_random_examples(x, y, p):
    indices = np.random.choice(np.arange(len(x)), size=10, replace=False)
    f = plt.figure(figsize=(12, 5))
    for n, i in enumerate(indices):
        a = f.add_subplot(2, 5, n + 1)
        a.imshow(x[i])
        a.set_xticks([])
        a.set_yticks([])
        same = np.argmax(y[i]) == np.argmax(p[i])
        a.set_title(categories[np.argmax(p[i])], color='green' if same else 'red')
    plt.show()


show_random_examples(x_train, y_train, y_train)
show_random_examples(x_test, y_test, y_test)


def create_model():
    def add_conv_block(model, num_filters):
        model.add(Conv2D(num_filters, 3, padding='same', activation='relu'))
        model.add(Conv2D(num_filters, 3, padding='valid', activation='relu'))
        model.add(MaxPooling2D(2))
        model.add(Dropout(0.3))
        return model

    model = Sequential()
    model.add(Input((32, 32, 3)))
    model = add_conv_block(model, 32)
    model = add_conv_block(model, 64)
    model.add(Flatten())
    model.add(Dense(3, activation='softmax'))
    model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])
    return model


model = create_model()
model.summary()

stopping = EarlyStopping(monitor='val_accuracy', min_delta=0, patience=5, verbose=1, mode='auto')
saving = ModelCheckpoint('kept.weights.h5', monitor='val_accuracy', save_best_only=True, save_weights_only=True)
h = model.fit(x_train / 255., y_train, batch_size=32, epochs=20, verbose=1,
              validation_data=(x_val / 255., y_val), callbacks=[saving, stopping])

plt.figure()
plt.plot(h.history['accuracy'], label='Training')
plt.plot(h.history['val_accuracy'], label='Validation')
plt.title('Accuracy')
plt.legend()
plt.show()

model.load_weights('kept.weights.h5')
predictions = model.predict(x_test / 255.)
show_random_examples(x_test, y_test, predictions)
