"""What every form of the assignment is checked with: the submission as it is called, the examiner, verdicts."""
