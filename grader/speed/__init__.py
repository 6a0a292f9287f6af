"""Measure training speed: how long an epoch takes on a device, and how that compares with the reference solution."""
