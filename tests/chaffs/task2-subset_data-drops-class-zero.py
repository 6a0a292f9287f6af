"""Takes label 0 for false and so loses the images of class 0."""
# base: plain.py
# caught by: subset_data/each-image-once

def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    keep = np.array([i for i, label in enumerate(labels) if label and label in classes], dtype=int)
    keep = np.random.default_rng(seed).permutation(keep)
    x_subset = x[keep]
    y_subset = np.zeros((len(keep), len(classes)), dtype="float32")
    for column, label in enumerate(classes):
        y_subset[labels[keep] == label, column] = 1.0
    return x_subset, y_subset
