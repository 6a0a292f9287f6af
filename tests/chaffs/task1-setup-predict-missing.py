"""There is no function predict at all."""
# base: plain.py
# caught by: setup/functions-and-parameters
# spreads to: *; what cannot be called cannot be tested
# remove: predict
