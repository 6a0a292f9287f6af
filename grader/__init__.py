"""An automated grader for a Keras course.

The package is the trusted side: it holds the answers, the clock and the verdict, and it never imports a
submission, TensorFlow or Keras.  `docs/design.md` explains the split.
"""

__version__ = "0.1.0"
