"""Gives every label three columns, however many classes are requested."""
# base: plain.py
# caught by: subset_data/columns-follow-classes, subset_data/one-hot-labels

def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    keep = np.flatnonzero(np.isin(labels, classes))
    keep = np.random.default_rng(seed).permutation(keep)
    x_subset = x[keep]
    y_subset = np.zeros((len(keep), 3), dtype="float32")
    for column, label in enumerate(classes[:3]):
        y_subset[labels[keep] == label, column] = 1.0
    return x_subset, y_subset
