"""Writes the new label numbers into the caller's array."""
# base: plain.py
# caught by: subset_data/inputs-untouched

def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = y.reshape(-1)
    keep = np.flatnonzero(np.isin(labels, classes))
    old = labels.copy()
    for column, label in enumerate(classes):
        labels[old == label] = column
    keep = np.random.default_rng(seed).permutation(keep)
    return x[keep], np.eye(len(classes))[labels[keep]]
