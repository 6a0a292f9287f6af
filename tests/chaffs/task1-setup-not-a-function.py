"""The name predict holds a number, not a function."""
# base: plain.py
# caught by: setup/functions-and-parameters
# spreads to: *; a function that is missing, or cannot be called as the contract says, fails wherever it is called

predict = 6
