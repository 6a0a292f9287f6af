"""Takes labels as numbers, not as one-hot rows."""
# base: plain.py
# caught by: show_examples/titles-name-the-class

_show_examples = show_examples


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    y = np.eye(len(class_names))[[int(label) for label in y]]
    return _show_examples(x, y, class_names, predictions, count, seed)
