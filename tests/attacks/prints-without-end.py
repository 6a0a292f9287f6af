"""Prints without end, with nobody to read it."""
# function: show_examples
# earns: none
# because: The code did not finish within

import os


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    while True:
        os.write(1, b"x" * 65536)
