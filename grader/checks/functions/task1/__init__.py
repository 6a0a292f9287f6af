"""Task 1: the file loads, trains nothing, and has the functions with their parameters."""
