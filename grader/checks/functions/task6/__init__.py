"""Task 6: `plot_history`, `predict`, and how well images are predicted."""
