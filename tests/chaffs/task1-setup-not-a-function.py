"""The name predict holds a number, not a function."""
# base: plain.py
# caught by: setup/functions-and-parameters
# spreads to: *; what cannot be called cannot be tested

predict = 6
