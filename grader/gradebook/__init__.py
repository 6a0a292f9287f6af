"""The gradebook: every attempt of every submission, kept in one SQLite file."""
