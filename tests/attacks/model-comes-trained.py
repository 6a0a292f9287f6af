"""Gives a network whose weights were set beforehand."""
# function: build_model
# earns: 11
# because: The weights should be as Keras initialises them

import keras

_build_model = build_model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = _build_model(input_shape, num_classes)
    model.set_weights([weight * 0 + 0.25 for weight in model.get_weights()])
    return model
