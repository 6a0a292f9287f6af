"""Takes the classes as a list alone, not as the tuple they are by default."""
# base: plain.py
# caught by: subset_data/keeps-only-requested-classes

_subset_data = subset_data


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    classes = classes.copy()
    return _subset_data(x, y, classes, seed)
