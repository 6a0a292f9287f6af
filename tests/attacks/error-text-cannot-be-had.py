"""Raises an error whose text raises an error."""
# function: show_examples
# earns: none
# because: an error whose text cannot be had

class Bad(Exception):
    def __str__(self):
        raise KeyboardInterrupt


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    raise Bad
