"""Returns one column an image and one row a class."""
# base: plain.py
# caught by: subset_data/one-hot-labels

_subset_data = subset_data


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    x_subset, y_subset = _subset_data(x, y, classes, seed)
    return x_subset, y_subset.T
