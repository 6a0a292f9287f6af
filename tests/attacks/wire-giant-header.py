"""Announces a frame of four gigabytes."""
# function: show_examples
# earns: none
# because: The code sent back something that is not data.

import os
import time


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    os.write(3, b"\xff\xff\xff\xff")
    time.sleep(600)
