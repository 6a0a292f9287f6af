"""Takes predictions as numbers of classes, not as probabilities."""
# base: plain.py
# caught by: show_examples/titles-name-the-prediction

_show_examples = show_examples


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    if predictions is not None:
        predictions = np.eye(len(class_names))[[int(label) for label in predictions]]
    return _show_examples(x, y, class_names, predictions, count, seed)
