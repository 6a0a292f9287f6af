"""The untrusted side of the sandbox: it runs in the same process as a submission, and imports nothing trusted."""
