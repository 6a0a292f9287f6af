"""Lets to_categorical count the classes, so an absent last class has no column."""
# base: plain.py
# caught by: subset_data/columns-follow-classes, subset_data/one-hot-labels

def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    keep = np.flatnonzero(np.isin(labels, classes))
    keep = np.random.default_rng(seed).permutation(keep)
    x_subset = x[keep]
    number = {label: column for column, label in enumerate(classes)}
    y_subset = keras.utils.to_categorical([number[label] for label in labels[keep]])
    return x_subset, y_subset
