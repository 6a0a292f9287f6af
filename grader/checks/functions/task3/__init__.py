"""Task 3: `show_examples`."""
