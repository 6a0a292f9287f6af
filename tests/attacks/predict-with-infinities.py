"""Answers infinite probabilities."""
# function: predict
# earns: none

import numpy as np


def predict(model, x):
    return np.full((len(x), 4), np.inf)
