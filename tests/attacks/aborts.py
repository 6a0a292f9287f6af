"""Ends the process by abort."""
# function: show_examples
# earns: none
# because: The code was ended by signal

import os


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    os.abort()
