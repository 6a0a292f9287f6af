"""A binarizer, which makes a single column where there are exactly two classes."""
# base: plain.py
# caught by: subset_data/one-hot-labels, subset_data/columns-follow-classes

def subset_data(x, y, classes=(0, 1, 2), seed=None):
    from sklearn.preprocessing import label_binarize

    labels = np.asarray(y).reshape(-1)
    keep = np.flatnonzero(np.isin(labels, classes))
    keep = np.random.default_rng(seed).permutation(keep)
    columns = [list(classes).index(label) for label in labels[keep]]
    return x[keep], label_binarize(columns, classes=range(len(classes))).astype("float32")
