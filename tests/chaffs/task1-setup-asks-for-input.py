"""Asks a question on the keyboard while it is loaded."""
# base: plain.py
# caught by: setup/loads

epochs_wanted = int(input("How many epochs? "))
