# sound: careful beginner, np.where per class and concatenate, unscaled data with /255 inline, h5 names with the accuracy, typed-in value of the own run
# %%
# 1. Import libraries and helper functions
import numpy as np
import matplotlib.pyplot as plt
import keras
from keras.datasets import cifar10
from keras.models import Sequential, load_model
from keras.layers import Input, Conv2D, MaxPooling2D, Dropout, Flatten, Dense
from keras.callbacks import EarlyStopping, ModelCheckpoint

# %%
# 2. Import the data
(x_train_all, y_train_all), (x_test_all, y_test_all) = cifar10.load_data()
print('all training images', x_train_all.shape)
print('all test images', x_test_all.shape)

LABELS = ['airplane', 'automobile', 'bird']


def get_three_classes(x, y):
    # where are the airplanes, the cars and the birds?
    indices_0, _ = np.where(y == 0)
    indices_1, _ = np.where(y == 1)
    indices_2, _ = np.where(y == 2)

    # put them together
    indices = np.concatenate([indices_0, indices_1, indices_2])
    x = x[indices]
    y = y[indices]

    # now everything is sorted by class, so mix it
    count = x.shape[0]
    mixed = np.random.choice(range(count), count, replace=False)
    x = x[mixed]
    y = y[mixed]

    # one hot
    y = keras.utils.to_categorical(y)
    return x, y


x_train, y_train = get_three_classes(x_train_all, y_train_all)
x_test, y_test = get_three_classes(x_test_all, y_test_all)
print('my training images', x_train.shape, y_train.shape)
print('my test images', x_test.shape, y_test.shape)


# %%
# 3. Look at some random examples
def show_random_examples(x, y, p):
    # x are the images, y the labels, p the predictions (use the labels again if there is no model yet)
    # green = prediction is right, red = prediction is wrong
    indices = np.random.choice(range(x.shape[0]), 10, replace=False)
    x = x[indices]
    y = y[indices]
    p = p[indices]

    plt.figure(figsize=(10, 5))
    for i in range(10):
        plt.subplot(2, 5, 1 + i)
        plt.imshow(x[i])
        plt.xticks([])
        plt.yticks([])
        col = 'green' if np.argmax(y[i]) == np.argmax(p[i]) else 'red'
        plt.xlabel(LABELS[np.argmax(p[i])], color=col)
    plt.show()


show_random_examples(x_train, y_train, y_train)
show_random_examples(x_test, y_test, y_test)


# %%
# 4. The model
def create_model():

    def add_conv_block(model, num_filters):
        model.add(Conv2D(num_filters, 3, activation='relu', padding='same'))
        model.add(Conv2D(num_filters, 3, activation='relu'))
        model.add(MaxPooling2D(pool_size=2))
        model.add(Dropout(0.5))
        return model

    model = Sequential()
    model.add(Input(shape=(32, 32, 3)))
    model = add_conv_block(model, 32)
    model = add_conv_block(model, 64)
    model = add_conv_block(model, 128)
    model.add(Flatten())
    model.add(Dense(3, activation='softmax'))

    model.compile(
        loss='categorical_crossentropy',
        optimizer='adam',
        metrics=['accuracy']
    )
    return model


model = create_model()
model.summary()

# %%
# 5. Train
h = model.fit(
    x_train / 255., y_train,
    validation_data=(x_test / 255., y_test),
    epochs=20,
    batch_size=128,
    callbacks=[
        EarlyStopping(monitor='val_accuracy', patience=4),
        ModelCheckpoint('models/model_{val_accuracy:.3f}.h5', monitor='val_accuracy', save_best_only=True),
    ]
)

# %%
# 6. Accuracy and predictions
accs = h.history['accuracy']
val_accs = h.history['val_accuracy']

plt.plot(range(len(accs)), accs, label='Training')
plt.plot(range(len(val_accs)), val_accs, label='Validation')
plt.legend()
plt.ylabel('accuracy')
plt.xlabel('epoch')
plt.show()

# 0.917 was my best one
model = load_model('models/model_0.917.h5')
predictions = model.predict(x_test / 255.)

show_random_examples(x_test, y_test, predictions)
