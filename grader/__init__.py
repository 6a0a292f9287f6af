"""An automated grader for a Keras course.

All of it but `grader.sandbox.inside` is the trusted side, which holds the answers, the clock and the verdict and never
imports a submission, TensorFlow or Keras.  `grader.sandbox.inside` imports Keras, and runs beside the submission in a
process of its own.  `docs/design.md` explains the split, and the contracts in `pyproject.toml` keep it.
"""

import importlib
from typing import Any

__version__ = "0.1.0"


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext grader`: have the magic `%grade` in a notebook."""
    # By name: this package is imported by all rooms, and uses none of them itself.
    importlib.import_module("grader.ipython_magic").load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext grader`."""
    importlib.import_module("grader.ipython_magic").unload(shell)
