"""Sends a frame of few bytes that becomes many objects."""
# function: show_examples
# earns: none
# because: The code sent back something that is not data.

import os
import struct
import time


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    body = b"\xdd" + struct.pack(">I", 90_000) + b"\xc0" * 90_000
    body = b"\x9f" + body * 15
    body = b"\x83\xa4type\xa8returned\xa6number\x01\xa5value\x93\xa5items\xa4list" + body
    os.write(3, struct.pack(">I", len(body)))
    os.set_blocking(3, True)
    os.write(3, body)
    time.sleep(600)
