"""Returns images less their mean and divided by their deviation."""
# base: plain.py
# caught by: subset_data/images-unchanged

_subset_data = subset_data


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    x_subset, y_subset = _subset_data(x, y, classes, seed)
    return (x_subset - x_subset.mean()) / (x_subset.std() + 1e-7), y_subset
