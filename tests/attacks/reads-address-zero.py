"""Reads the address 0."""
# function: show_examples
# earns: none
# because: The code was ended by signal 11

import ctypes


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    ctypes.string_at(0)
