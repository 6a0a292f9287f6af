"""Running a submission where it can do no harm, and hearing from it in plain data.

Trusted side: `launch` (isolation levels, starting the forkserver) and `session` (workers and calls).
Untrusted side, which imports nothing of `grader` but `wire`: `forkserver`, `worker`, `confine`, `toolbox`,
`models` and `backend`.
"""
