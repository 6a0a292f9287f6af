"""An automated grader for a Keras course.

The package has two sides.  `grader.sandbox.inside` is the untrusted side: it imports Keras and runs next to the
submission, in a separate process.  Everything else is the trusted side: it holds the expected answers, the clock and
the verdict, and never imports a submission, TensorFlow or Keras.  `docs/design.md` explains the split; the import
contracts in `pyproject.toml` enforce it.
"""

import importlib
from typing import Any

__version__ = "0.1.0"


def load_ipython_extension(shell: Any) -> None:
    """Register the `%grade` magic; IPython calls this for `%load_ext grader`."""
    # Imported by name, not with an import statement: every folder of the package imports this module, so the import
    # contracts in pyproject.toml do not let it import any of them.
    importlib.import_module("grader.ipython_magic").load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Remove the `%grade` magic; IPython calls this for `%unload_ext grader`."""
    importlib.import_module("grader.ipython_magic").unload(shell)
