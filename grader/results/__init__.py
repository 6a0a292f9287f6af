"""The results of a grading: outcomes, points, and the artefacts that are kept with them."""
