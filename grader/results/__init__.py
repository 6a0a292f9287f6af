"""What a grading gives: outcomes, points, and the artefacts that are kept beside them."""
