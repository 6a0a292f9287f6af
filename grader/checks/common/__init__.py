"""What the checks of every form of the assignment use: calls of the submission, the examiner, and verdicts."""
