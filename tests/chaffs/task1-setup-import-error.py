"""Imports a module that does not exist."""
# base: plain.py
# caught by: setup/loads

from keras.layer import Dense
