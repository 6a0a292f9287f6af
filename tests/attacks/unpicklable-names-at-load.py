"""Defines names and errors of a megabyte while it is loaded."""
# function: setup
# earns: 3

globals()["x" * 10**6] = 1
raise type("y" * 10**6, (Exception,), {})("\x1b[2J" * 10**5)
