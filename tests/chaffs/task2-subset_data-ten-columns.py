"""Gives every label ten columns, one for each class of CIFAR-10."""
# base: plain.py
# caught by: subset_data/columns-follow-classes, subset_data/one-hot-labels

def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    keep = np.flatnonzero(np.isin(labels, classes))
    keep = np.random.default_rng(seed).permutation(keep)
    x_subset = x[keep]
    y_subset = keras.utils.to_categorical(labels[keep], 10)
    return x_subset, y_subset
