# sound: the old ImageDataGenerator feeds fit with augmented training images, scaled arrays serve for validation and prediction
# %%
# Step 1: imports
import matplotlib.pyplot as plt
import numpy as np
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint
from tensorflow.keras.datasets import cifar10
from tensorflow.keras.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from tensorflow.keras.models import Sequential, load_model
from tensorflow.keras.optimizers import Adam
from tensorflow.keras.preprocessing.image import ImageDataGenerator
from tensorflow.keras.utils import to_categorical

# %%
# Step 2: data
(X_train, Y_train), (X_test, Y_test) = cifar10.load_data()

classes = {'automobile': 1, 'horse': 7, 'ship': 8}
class_names = list(classes.keys())


def filter_classes(X, Y):
    Xs = []
    Ys = []
    for new_label, old_label in enumerate(classes.values()):
        idx = np.where(Y[:, 0] == old_label)[0]
        Xs.append(X[idx])
        Ys.append(np.full(len(idx), new_label))
    X = np.concatenate(Xs)
    Y = np.concatenate(Ys)
    perm = np.random.permutation(len(X))
    X = X[perm]
    Y = Y[perm]
    return X, Y


X_train, Y_train = filter_classes(X_train, Y_train)
X_test, Y_test = filter_classes(X_test, Y_test)

X_train = X_train.astype('float32') / 255.0
X_test = X_test.astype('float32') / 255.0
Y_train = to_categorical(Y_train, 3)
Y_test = to_categorical(Y_test, 3)


# %%
# Step 3: show
def display_random_images(X, Y, text):
    fig, axes = plt.subplots(3, 3, figsize=(7, 7))
    for ax in axes.flatten():
        r = np.random.randint(0, X.shape[0])
        ax.imshow(X[r])
        ax.set_title(f'{text}: {class_names[np.argmax(Y[r])]}')
        ax.set_xticks([])
        ax.set_yticks([])
    plt.tight_layout()
    plt.show()


display_random_images(X_train, Y_train, 'train')
display_random_images(X_test, Y_test, 'test')


# %%
# Step 4: model
def vgg_block(model, filters, drop):
    model.add(Conv2D(filters, (3, 3), activation='relu', kernel_initializer='he_uniform', padding='same'))
    model.add(BatchNormalization())
    model.add(Conv2D(filters, (3, 3), activation='relu', kernel_initializer='he_uniform', padding='same'))
    model.add(BatchNormalization())
    model.add(MaxPooling2D((2, 2)))
    model.add(Dropout(drop))


def define_model():
    model = Sequential()
    model.add(Input(shape=(32, 32, 3)))
    vgg_block(model, 32, 0.2)
    vgg_block(model, 64, 0.3)
    model.add(Flatten())
    model.add(Dense(128, activation='relu', kernel_initializer='he_uniform'))
    model.add(Dropout(0.4))
    model.add(Dense(3, activation='softmax'))
    model.compile(optimizer=Adam(learning_rate=0.001), loss='categorical_crossentropy', metrics=['accuracy'])
    return model


model = define_model()
model.summary()

# %%
# Step 5: training with augmentation
datagen = ImageDataGenerator(width_shift_range=0.1, height_shift_range=0.1, horizontal_flip=True)
it_train = datagen.flow(X_train, Y_train, batch_size=64)

early_stop = EarlyStopping(monitor='val_loss', patience=6, verbose=1)
best_saver = ModelCheckpoint('best_augmented.keras', monitor='val_accuracy', mode='max', save_best_only=True, verbose=1)
history = model.fit(it_train, epochs=40, validation_data=(X_test, Y_test), callbacks=[early_stop, best_saver])

# %%
# Step 6: diagnostics and predictions
plt.title('Classification accuracy')
plt.plot(history.history['accuracy'], color='blue', label='train')
plt.plot(history.history['val_accuracy'], color='orange', label='validation')
plt.legend()
plt.show()

saved_model = load_model('best_augmented.keras')
predictions = saved_model.predict(X_test)
predicted_classes = np.argmax(predictions, axis=1)
display_random_images(X_test, to_categorical(predicted_classes, 3), 'predicted')
