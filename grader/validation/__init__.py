"""Tests of the grader itself: the corpus of sound and buggy solutions, the kill matrix, calibration, and the doctor."""
