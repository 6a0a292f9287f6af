"""The checks of the functions that a student writes: ordinary pytest tests, one file a task."""
