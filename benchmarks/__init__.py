"""What the grader costs: `tox -e bench`."""
