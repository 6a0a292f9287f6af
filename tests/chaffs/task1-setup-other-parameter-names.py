"""subset_data calls its parameters images and labels instead of x and y."""
# base: plain.py
# caught by: setup/functions-and-parameters

def subset_data(images, labels_in, classes=(0, 1, 2), seed=None):
    labels = np.asarray(labels_in).reshape(-1)
    keep = np.flatnonzero(np.isin(labels, classes))
    keep = np.random.default_rng(seed).permutation(keep)
    x_subset = images[keep]
    y_subset = np.zeros((len(keep), len(classes)), dtype="float32")
    for column, label in enumerate(classes):
        y_subset[labels[keep] == label, column] = 1.0
    return x_subset, y_subset
