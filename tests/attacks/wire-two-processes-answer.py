"""Forks in a call, so that two processes answer it."""
# function: show_examples
# earns: none
# because: The code

import os
import matplotlib.pyplot as plt


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    os.fork()
    return plt.figure()
