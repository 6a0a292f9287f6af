# sound: Windows path in the checkpoint name, typed-in value, scaled before the subset is taken, labels through pandas get_dummies.
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
from tensorflow.keras.datasets import cifar10
from tensorflow.keras.models import Sequential, load_model
from tensorflow.keras.layers import Conv2D, MaxPooling2D, Flatten, Dense, Dropout, Input
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint

(x_train, y_train), (x_test, y_test) = cifar10.load_data()

# scale to [0, 1]
x_train = x_train / 255
x_test = x_test / 255


def get_three_classes(x, y):
    s = pd.Series(y.flatten())
    s = s[s.isin([0, 1, 2])].sample(frac=1)
    return x[s.index], pd.get_dummies(s).values.astype('float32')


x_train, y_train = get_three_classes(x_train, y_train)
x_test, y_test = get_three_classes(x_test, y_test)

class_names = ['airplane', 'automobile', 'bird']


def show_random_examples(x, y, p):
    idx = np.random.choice(len(x), 8, replace=False)
    plt.figure(figsize=(12, 4))
    for i, k in enumerate(idx):
        plt.subplot(2, 4, i + 1)
        plt.imshow(x[k])
        plt.xticks([])
        plt.yticks([])
        plt.xlabel('true: ' + class_names[np.argmax(y[k])] + '\npredicted: ' + class_names[np.argmax(p[k])])
    plt.subplots_adjust(hspace=0.5)
    plt.show()


show_random_examples(x_train, y_train, y_train)
show_random_examples(x_test, y_test, y_test)


def create_model():
    def add_conv_block(model, num_filters):
        model.add(Conv2D(num_filters, 3, activation='relu', padding='same'))
        model.add(Conv2D(num_filters, 3, activation='relu', padding='same'))
        model.add(MaxPooling2D(2))
        model.add(Dropout(0.4))
        return model

    model = Sequential()
    model.add(Input(shape=(32, 32, 3)))
    model = add_conv_block(model, 32)
    model = add_conv_block(model, 64)
    model.add(Flatten())
    model.add(Dense(3, activation='softmax'))
    model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
    return model


model = create_model()
model.summary()

h = model.fit(x_train, y_train, validation_data=(x_test, y_test), epochs=20, batch_size=128,
              callbacks=[EarlyStopping(monitor='val_accuracy', patience=3),
                         ModelCheckpoint('models\\model_{val_accuracy:.3f}.h5', monitor='val_accuracy',
                                         save_best_only=True)])

plt.plot(h.history['accuracy'], label='acc')
plt.plot(h.history['val_accuracy'], label='val_acc')
plt.legend()
plt.show()

model = load_model('models\\model_0.876.h5')
preds = model.predict(x_test)
show_random_examples(x_test, y_test, preds)
