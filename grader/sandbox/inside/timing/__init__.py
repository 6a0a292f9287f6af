"""Time a training, and undo what may make it slow, on the untrusted side."""
