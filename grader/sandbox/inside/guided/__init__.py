"""The observed run of a guided notebook: untrusted side."""
