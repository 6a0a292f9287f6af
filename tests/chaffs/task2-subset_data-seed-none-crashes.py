"""Calculates with the seed, which crashes where it is None."""
# base: plain.py
# caught by: subset_data/seeded

_subset_data = subset_data


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    return _subset_data(x, y, classes, seed + 1)
