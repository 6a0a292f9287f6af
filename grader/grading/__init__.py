"""Grading submissions: one after the other or many at once, on this machine or on a cluster."""
