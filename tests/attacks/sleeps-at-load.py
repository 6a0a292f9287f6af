"""Sleeps while it is loaded."""
# function: setup
# earns: none
# because: The code did not finish within

import time


time.sleep(600)
