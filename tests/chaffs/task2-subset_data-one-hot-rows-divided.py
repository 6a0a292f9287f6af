"""Divides the one-hot rows by 255, as if they were images."""
# base: plain.py
# caught by: subset_data/one-hot-labels

_subset_data = subset_data


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    x_subset, y_subset = _subset_data(x, y, classes, seed)
    return x_subset, y_subset / 255
