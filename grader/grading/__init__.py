"""Grading submissions, one after another or many at once, on this machine or on a cluster."""
