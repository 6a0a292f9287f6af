"""The grader graded: the corpus of sound and buggy solutions, the kill matrix, calibration and the doctor."""
