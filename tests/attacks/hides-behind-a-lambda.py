"""Ends the network in a Lambda layer, in which anything can happen."""
# function: build_model
# earns: none
# because: should be made of Keras' own layers

import keras


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([
        keras.Input(input_shape),
        keras.layers.Lambda(lambda x: keras.ops.ones((keras.ops.shape(x)[0], num_classes)) / num_classes,
                            output_shape=(num_classes,)),
    ])
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model
