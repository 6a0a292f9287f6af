"""Benchmarks of what the grader costs (`tox -e bench`), and programs that measure how good its answers are."""
