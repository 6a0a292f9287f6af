"""The checks of the functions that a student writes: ordinary pytest tests, one folder a task."""
