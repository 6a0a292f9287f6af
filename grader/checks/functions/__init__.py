"""The checks of the functions that a student writes: ordinary pytest tests, with one folder for each task."""
