"""Timing a training, and undoing what may make it slow: untrusted side."""
