"""The name predict holds a number, not a function."""
# base: plain.py
# caught by: setup/functions-and-parameters

predict = 6
