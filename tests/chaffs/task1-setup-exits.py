"""Ends the interpreter while it is loaded."""
# base: plain.py
# caught by: setup/loads

import sys

print("all done")
sys.exit()
