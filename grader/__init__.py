"""An automated grader for a Keras course.

All of it but `grader.sandbox.inside` is the trusted side, which holds the answers, the clock and the verdict and never
imports a submission, TensorFlow or Keras.  `grader.sandbox.inside` imports Keras, and runs beside the submission in a
process of its own.  `docs/design.md` explains the split, and the contracts in `pyproject.toml` keep it.
"""

__version__ = "0.1.0"
