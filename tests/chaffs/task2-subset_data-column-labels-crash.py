"""Crashes on labels of shape (n, 1)."""
# base: plain.py
# caught by: subset_data/label-shapes, subset_data/keeps-only-requested-classes, subset_data/each-image-once, subset_data/images-unchanged, subset_data/one-hot-labels, subset_data/columns-follow-classes, subset_data/stays-paired, subset_data/shuffled, subset_data/seeded, subset_data/inputs-untouched

def subset_data(x, y, classes=(0, 1, 2), seed=None):
    keep = np.isin(y, classes)
    x, y = x[keep], y[keep]
    order = np.random.default_rng(seed).permutation(len(x))
    return x[order], np.array([[float(label == c) for c in classes] for label in y[order]])
