"""Running a submission where it can do no harm, and hearing from it in plain data.

Trusted side: `launch` (isolation levels, starting the forkserver), with `promises`, `bubblewrap` and `view`; `session`
(workers and calls); `devices` (what there is to compute on); `trials` (whether the promises hold).
Both sides: `wire`, `scratch`.
Untrusted side, which imports nothing of `grader` but these two: `forkserver`, `worker`, `confine`, `landlock`,
`seccomp`, `toolbox`, `models`, `figures`, `examiner`, `rates` and `backend`, of which the trusted side asks for
environment variables too.
"""
