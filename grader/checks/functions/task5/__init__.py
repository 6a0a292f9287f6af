"""Task 5: `train`."""
