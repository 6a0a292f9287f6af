"""Sends the beginning of a frame, and then nothing more."""
# function: show_examples
# earns: none
# because: The code did not finish within

import os
import struct
import time


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    os.write(3, struct.pack(">I", 1000) + b"x" * 10)
    time.sleep(600)
