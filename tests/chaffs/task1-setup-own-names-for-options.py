"""subset_data has other names for classes and seed."""
# base: plain.py
# caught by: setup/functions-and-parameters

_subset_data = subset_data


def subset_data(x, y, labels=(0, 1, 2), random_state=None):
    return _subset_data(x, y, labels, random_state)
