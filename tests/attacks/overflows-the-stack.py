"""Calls itself until the stack is full."""
# function: show_examples
# earns: none

import functools
import sys


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    sys.setrecursionlimit(10**9)

    def deeper(function):
        return functools.reduce(lambda a, b: deeper(function), [1, 2])

    deeper(deeper)
