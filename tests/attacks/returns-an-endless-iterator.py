"""Returns an iterator that never ends."""
# function: show_examples
# earns: none
# because: `show_examples` should return a matplotlib Figure

import itertools


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    return itertools.count()
