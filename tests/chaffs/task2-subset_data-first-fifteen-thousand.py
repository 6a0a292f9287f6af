"""Keeps the first 15,000 matches, as many as the training set has."""
# base: plain.py
# caught by: subset_data/each-image-once

_subset_data = subset_data


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    x_subset, y_subset = _subset_data(x, y, classes, seed)
    return x_subset[:15000], y_subset[:15000]
