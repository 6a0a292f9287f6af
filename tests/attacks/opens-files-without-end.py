"""Opens descriptors without end."""
# function: show_examples
# earns: none
# because: OSError

import os


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    kept = []
    while True:
        kept.append(os.dup(1))
