"""Where no label matches, the one-hot labels lose their columns."""
# base: reference.py
# caught by: subset_data/nothing-to-keep

_subset_data = subset_data


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    x_subset, y_subset = _subset_data(x, y, classes, seed)
    return x_subset, y_subset if len(y_subset) else np.zeros(0, dtype="float32")
