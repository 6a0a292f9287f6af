"""Returns an array of a terabyte that takes one byte of memory."""
# function: subset_data
# earns: none
# because: Unable to allocate

import numpy as np


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    giant = np.lib.stride_tricks.as_strided(np.zeros(1, np.uint8), (2**40,), (0,))
    return giant, giant
