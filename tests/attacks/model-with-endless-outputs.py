"""Builds a network with so many outputs that a matrix of them would fill the memory."""
# function: build_model
# earns: 9
# because: the network should give answers of shape (3,)

import keras


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(input_shape), keras.layers.Conv2D(2, 3), keras.layers.GlobalAveragePooling2D()])
    model.add(keras.layers.Dense(200_000, activation="softmax"))
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model
