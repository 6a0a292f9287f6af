"""The checks: ordinary pytest tests, one folder or file a task, of one submission in a sandbox.

`pytest --pyargs grader.checks --submission FILE` runs them; `grader check FILE` does, and renders the outcome.
"""
