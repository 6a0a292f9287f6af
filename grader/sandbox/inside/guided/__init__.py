"""The observed run of a guided notebook, on the untrusted side: the whole program is run and its calls are recorded."""
