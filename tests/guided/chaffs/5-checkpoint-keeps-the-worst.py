# task: 5
# bug: ModelCheckpoint keeps the epoch with the highest val_loss (mode='max')
import random
import numpy as np
import matplotlib.pyplot as plt
import tensorflow as tf


class CifarProject:
    names = ['plane', 'car', 'bird']

    def __init__(self, seed=None):
        if seed is not None:
            np.random.seed(seed)
            random.seed(seed)
        self.history = None
        self.model = None

    # ---- task 2
    def load(self):
        (a, b), (c, d) = tf.keras.datasets.cifar10.load_data()
        self.x_train, self.y_train = self._subset(a, b)
        self.x_test, self.y_test = self._subset(c, d)

    def _subset(self, x, y):
        pairs = [(img, int(lab[0])) for img, lab in zip(x, y) if lab[0] in (0, 1, 2)]
        random.shuffle(pairs)
        images = np.array([p[0] for p in pairs])
        labels = np.array([p[1] for p in pairs])
        return images / 255., tf.keras.utils.to_categorical(labels, 3)

    # ---- task 3
    def show(self, x, y, p=None, n=10):
        if p is None:
            p = y
        take = random.sample(range(len(x)), n)
        plt.figure(figsize=(n, 2.5))
        for k, i in enumerate(take):
            plt.subplot(1, n, k + 1)
            plt.imshow(x[i])
            plt.xticks([])
            plt.yticks([])
            plt.title(self.names[np.argmax(p[i])], fontsize=8, color='g' if np.argmax(p[i]) == np.argmax(y[i]) else 'r')
        plt.show()

    # ---- task 4
    def _add_conv_block(self, filters):
        self.model.add(tf.keras.layers.Conv2D(filters, 3, padding='same', activation='relu'))
        self.model.add(tf.keras.layers.MaxPooling2D(2))
        self.model.add(tf.keras.layers.Dropout(.3))

    def build(self):
        self.model = tf.keras.Sequential()
        self.model.add(tf.keras.layers.Input((32, 32, 3)))
        for f in (32, 64, 64):
            self._add_conv_block(f)
        self.model.add(tf.keras.layers.Flatten())
        self.model.add(tf.keras.layers.Dense(3, activation='softmax'))
        self.model.compile('adam', 'categorical_crossentropy', metrics=['accuracy'])
        self.model.summary()

    # ---- task 5
    def fit(self, epochs):
        early = tf.keras.callbacks.EarlyStopping(monitor='val_loss', patience=5)
        keep = tf.keras.callbacks.ModelCheckpoint('project_best.h5', monitor='val_loss', mode='max', save_best_only=True)
        self.history = self.model.fit(self.x_train, self.y_train, epochs=epochs, batch_size=64,
                                      validation_data=(self.x_test, self.y_test),
                                      callbacks=[early, keep])

    # ---- task 6
    def curves(self):
        plt.plot(self.history.history['accuracy'], label='train')
        plt.plot(self.history.history['val_accuracy'], label='validation')
        plt.legend()
        plt.show()

    def best_predictions(self):
        best = tf.keras.models.load_model('project_best.h5')
        return best.predict(self.x_test)


project = CifarProject(seed=3)
project.load()
project.show(project.x_train, project.y_train)
project.show(project.x_test, project.y_test)
project.build()
project.fit(epochs=40)
project.curves()
project.show(project.x_test, project.y_test, project.best_predictions())
