"""Shuffles the caller's own arrays."""
# base: plain.py
# caught by: subset_data/inputs-untouched

def subset_data(x, y, classes=(0, 1, 2), seed=None):
    start = np.random.default_rng(seed).integers(2**31)
    np.random.default_rng(start).shuffle(x)
    np.random.default_rng(start).shuffle(y)
    labels = np.asarray(y).reshape(-1)
    keep = np.flatnonzero(np.isin(labels, classes))
    y_subset = np.zeros((len(keep), len(classes)), dtype="float32")
    for column, label in enumerate(classes):
        y_subset[labels[keep] == label, column] = 1.0
    return x[keep], y_subset
