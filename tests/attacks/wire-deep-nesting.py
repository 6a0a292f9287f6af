"""Sends lists in lists, a hundred thousand deep."""
# function: show_examples
# earns: none
# because: The code sent back something that is not data.

import os
import struct
import time


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    os.write(3, struct.pack(">I", 100_000) + b"\x91" * 100_000)
    time.sleep(600)
