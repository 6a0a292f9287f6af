# sound: second training phase with a smaller learning rate that goes on from the best checkpoint (threshold handed over), curves of both phases joined
# %%
# 1. Import libraries
import numpy as np
import matplotlib.pyplot as plt
import keras
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, InputLayer, MaxPooling2D
from keras.models import Sequential, load_model

# %%
# 2. Import data set
(X_train, y_train), (X_test, y_test) = keras.datasets.cifar10.load_data()

LABELS = {0: 'airplane', 1: 'automobile', 2: 'bird', 3: 'cat', 4: 'deer',
          5: 'dog', 6: 'frog', 7: 'horse', 8: 'ship', 9: 'truck'}
SELECTED = [3, 6, 7]


def select_classes(X, y, selected=SELECTED):
    y = y.flatten()
    idx = [i for i in range(y.shape[0]) if y[i] in selected]
    np.random.shuffle(idx)
    X_new = X[idx]
    y_new = np.zeros((len(idx), len(selected)))
    for row, i in enumerate(idx):
        y_new[row, selected.index(y[i])] = 1
    return X_new, y_new


X_train, y_train = select_classes(X_train, y_train)
X_test, y_test = select_classes(X_test, y_test)
print('Train', X_train.shape, y_train.shape)
print('Test', X_test.shape, y_test.shape)


# %%
# 3. Show images
def show_images(X, y, num=5):
    fig, axs = plt.subplots(1, num, figsize=(2 * num, 2.5))
    random_idx = np.random.choice(X.shape[0], num)
    for ax, i in zip(axs, random_idx):
        label = LABELS[SELECTED[np.argmax(y[i])]]
        ax.imshow(X[i])
        ax.set_title(label)
        ax.set_axis_off()
    plt.show()


show_images(X_train, y_train)
show_images(X_test, y_test)


# %%
# 4. Create model
def create_model():

    def conv_block(num_filters):
        model.add(Conv2D(num_filters, (3, 3), activation='relu', padding='same'))
        model.add(BatchNormalization())
        model.add(Conv2D(num_filters, (3, 3), activation='relu', padding='same'))
        model.add(BatchNormalization())
        model.add(MaxPooling2D((2, 2)))
        model.add(Dropout(0.3))

    model = Sequential()
    model.add(InputLayer(shape=(32, 32, 3)))
    conv_block(32)
    conv_block(64)
    model.add(Flatten())
    model.add(Dense(128, activation='relu'))
    model.add(Dense(3, activation='softmax'))
    return model


def compile_model(model, lr):
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=lr),
                  loss='categorical_crossentropy', metrics=['accuracy'])


model = create_model()
compile_model(model, 1e-3)
model.summary()

# %%
# 5. Train: first quickly, then carefully
FILE = 'cat_frog_horse.keras'


def scaled(X):
    return X / 255.


first = model.fit(
    scaled(X_train), y_train, epochs=12, batch_size=128,
    validation_data=(scaled(X_test), y_test),
    callbacks=[
        EarlyStopping(monitor='val_accuracy', mode='max', patience=3),
        ModelCheckpoint(FILE, monitor='val_accuracy', mode='max', save_best_only=True),
    ])

model = load_model(FILE)
compile_model(model, 1e-4)

second = model.fit(
    scaled(X_train), y_train, epochs=8, batch_size=128,
    validation_data=(scaled(X_test), y_test),
    callbacks=[
        EarlyStopping(monitor='val_accuracy', mode='max', patience=3),
        ModelCheckpoint(FILE, monitor='val_accuracy', mode='max', save_best_only=True,
                        initial_value_threshold=max(first.history['val_accuracy'])),
    ])

# %%
# 6. Evaluate
acc = first.history['accuracy'] + second.history['accuracy']
val_acc = first.history['val_accuracy'] + second.history['val_accuracy']
plt.plot(acc, label='Training accuracy')
plt.plot(val_acc, label='Validation accuracy')
plt.axvline(len(first.history['accuracy']) - 0.5, color='grey', lw=0.5)
plt.xlabel('Epoch')
plt.legend()
plt.show()

final_model = load_model(FILE)
y_pred = final_model.predict(scaled(X_test))
show_images(X_test, y_pred)
show_images(X_test, y_pred)
