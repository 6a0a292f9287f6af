"""There is no function predict at all."""
# base: plain.py
# caught by: setup/functions-and-parameters
# spreads to: *; a function that is missing, or cannot be called as the contract says, fails wherever it is called
# remove: predict
