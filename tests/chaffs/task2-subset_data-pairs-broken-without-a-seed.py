"""Two generators with the same seed, which give the same order only if there is a seed."""
# base: plain.py
# caught by: subset_data/stays-paired

def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    keep = np.flatnonzero(np.isin(labels, classes))
    y_subset = np.zeros((len(keep), len(classes)), dtype="float32")
    for column, label in enumerate(classes):
        y_subset[labels[keep] == label, column] = 1.0
    x_subset = np.random.default_rng(seed).permutation(x[keep])
    return x_subset, np.random.default_rng(seed).permutation(y_subset)
