"""subset_data has no defaults for classes and seed."""
# base: plain.py
# caught by: setup/functions-and-parameters

def subset_data(x, y, classes, seed):
    labels = np.asarray(y).reshape(-1)
    keep = np.flatnonzero(np.isin(labels, classes))
    keep = np.random.default_rng(seed).permutation(keep)
    x_subset = x[keep]
    y_subset = np.zeros((len(keep), len(classes)), dtype="float32")
    for column, label in enumerate(classes):
        y_subset[labels[keep] == label, column] = 1.0
    return x_subset, y_subset
