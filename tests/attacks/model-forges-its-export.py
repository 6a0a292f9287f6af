"""Gives the grader the configuration of another network than it is."""
# function: build_model
# earns: none
# because: does not rebuild from its configuration

import keras

class Forged(keras.Sequential):
    def get_config(self):
        other = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(4, 3), keras.layers.Flatten()])
        other.add(keras.layers.Dense(3, activation="softmax"))
        return other.get_config()

    def summary(self, *arguments, **keywords):
        print("Conv2D, Conv2D, Conv2D")


Forged.__module__, Forged.__name__ = "keras", "Sequential"


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = Forged([keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(num_classes, activation="softmax")])
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model
