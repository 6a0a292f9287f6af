"""Task 2: `subset_data`."""
