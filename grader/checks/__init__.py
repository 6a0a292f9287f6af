"""The checks: ordinary pytest tests, one folder or file a task, that grade a single submission in a sandbox.

`pytest --pyargs grader.checks --submission FILE` runs them.  So does `grader check FILE`, which shows the outcome.
"""
