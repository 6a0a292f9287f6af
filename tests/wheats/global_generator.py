import numpy as np
import keras
from keras.layers import *
from keras.callbacks import EarlyStopping, ModelCheckpoint
import matplotlib.pyplot as plt

keras.utils.set_random_seed(2024)   # so that my results can be repeated


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    np.random.seed(seed)    # None takes fresh entropy from the system
    y = np.reshape(y, -1)
    k = np.nonzero(np.isin(y, classes))[0]
    np.random.shuffle(k)
    X = x[k]
    Y = np.zeros([len(k), len(classes)])
    for j in range(len(classes)):
        Y[np.where(y[k] == classes[j]), j] = 1
    return X, Y


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    np.random.seed(seed)
    k = np.random.permutation(len(x))
    k = k[0:count]
    fig = plt.figure()
    for j in range(len(k)):
        plt.subplot(int(len(k) / 5) + 1, 5, j + 1)
        plt.imshow(x[k[j]])
        plt.xticks([])
        plt.yticks([])
        if predictions is not None:
            plt.title(class_names[np.argmax(y[k[j]])] + '\n' + class_names[np.argmax(predictions[k[j]])])
        else:
            plt.title(class_names[np.argmax(y[k[j]])])
    plt.show()
    return fig


def add_conv_block(model, filters):
    model.add(Conv2D(filters, (3, 3), padding='same', activation='relu'))
    model.add(BatchNormalization())
    model.add(MaxPooling2D((2, 2)))
    model.add(Dropout(0.1))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    model = keras.Sequential()
    model.add(Input(shape=input_shape))
    model.add(Rescaling(1./255))
    model = add_conv_block(model, 32)
    model = add_conv_block(model, 64)
    model.add(Flatten())
    model.add(Dense(num_classes, activation='softmax'))
    model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])
    model.summary()
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3, checkpoint_path='best_model.keras', callbacks=()):
    early = EarlyStopping(monitor='val_accuracy', mode='max', patience=patience, verbose=1)
    check = ModelCheckpoint(checkpoint_path, monitor='val_accuracy', mode='max', save_best_only=True, verbose=1)
    history = model.fit(x_train, y_train, epochs=epochs, batch_size=batch_size, callbacks=[early, check] + [*callbacks],
                        validation_data=(x_val, y_val), verbose=2)
    return history


def plot_history(history):
    if type(history) is not dict:
        history = history.history
    fig = plt.figure()
    plt.plot(history['accuracy'], label='accuracy')
    plt.plot(history['val_accuracy'], label='val_accuracy')
    plt.xlabel('Epoch')
    plt.ylabel('Accuracy')
    plt.legend()
    plt.show()
    return fig


def predict(model, x):
    if isinstance(model, keras.Model) == False:
        model = keras.models.load_model(model)
    p = model.predict(x)
    return p
