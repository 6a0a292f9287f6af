"""Sleeps while it is loaded."""
# function: setup
# earns: 2
# because: The code did not finish within

import time


time.sleep(600)
