"""Raises an error with a text and a name of a megabyte."""
# function: show_examples
# earns: none
# because: xxx

def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    raise type("y" * 10**6, (Exception,), {})("x" * 10**6)
