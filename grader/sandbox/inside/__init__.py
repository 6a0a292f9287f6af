"""The untrusted side of the sandbox, which runs beside a submission and imports nothing trusted."""
