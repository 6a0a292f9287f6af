"""There is no function predict at all."""
# base: plain.py
# caught by: setup/functions-and-parameters
# remove: predict
