"""Turns the order round instead of shuffling."""
# base: plain.py
# caught by: subset_data/shuffled

def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    keep = np.flatnonzero(np.isin(labels, classes))
    keep = keep[::-1]
    x_subset = x[keep]
    y_subset = np.zeros((len(keep), len(classes)), dtype="float32")
    for column, label in enumerate(classes):
        y_subset[labels[keep] == label, column] = 1.0
    return x_subset, y_subset
