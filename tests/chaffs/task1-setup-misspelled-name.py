"""The function is called subset_date instead of subset_data."""
# base: plain.py
# caught by: setup/functions-and-parameters
# spreads to: *; what cannot be called cannot be tested
# remove: subset_data

def subset_date(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    keep = np.flatnonzero(np.isin(labels, classes))
    keep = np.random.default_rng(seed).permutation(keep)
    x_subset = x[keep]
    y_subset = np.zeros((len(keep), len(classes)), dtype="float32")
    for column, label in enumerate(classes):
        y_subset[labels[keep] == label, column] = 1.0
    return x_subset, y_subset
