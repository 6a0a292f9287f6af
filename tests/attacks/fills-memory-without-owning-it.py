"""Takes memory that no process has mapped: nameless files, shared pages and segments."""
# function: show_examples
# earns: none
# because: RuntimeError: found: nothing

import ctypes
import mmap
import os


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    found = []
    try:
        with open(os.memfd_create("attack"), "wb") as file:
            found.append("memfd")
    except OSError:
        pass
    try:
        mmap.mmap(-1, 2**20)
        found.append("shared pages")
    except OSError:
        pass
    try:
        with open("/dev/zero", "r+b") as file:
            mmap.mmap(file.fileno(), 2**20)
        found.append("pages of /dev/zero")
    except (OSError, ValueError):
        pass
    if ctypes.CDLL(None).shmget(0, 2**20, 0o1600) >= 0:
        found.append("segment")

    raise RuntimeError("found: " + (", ".join(map(str, found)) or "nothing"))
