"""The gradebook: one SQLite file that keeps every attempt of every submission and every decision about them."""
