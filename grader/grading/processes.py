"""A crew of grading processes on this machine."""

from __future__ import annotations

import atexit
import concurrent.futures
import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool

from grader.course import Settings
from grader.grading.crew import Place
from grader.grading.slots import end_here, grade_here
from grader.results.scoring import Graded
from grader.submissions import SubmissionBytes


class Processes:
    """A crew of processes on this machine; a process that ends is replaced by a new one.

    Use it as a context manager, which ends the processes on exit.  Each process is an executor of its own: if one of
    several processes in a single executor dies, the executor breaks, and nobody knows which submission is to blame.
    """

    def __init__(self, settings: Settings, jobs: int) -> None:
        self._places = [_Process(f"process {number}", settings) for number in range(1, jobs + 1)]

    def __enter__(self) -> Processes:
        """Return the crew; a process is started with its first submission."""
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        """End the processes, without waiting for them if something failed, such as after Ctrl-C."""
        # Killed first, since closing an executor waits for the submission that is being graded.
        if failed is not None:
            _end_children()
        for place in self._places:
            place.close()
        _end_children()

    def places(self) -> Sequence[Place]:
        """Return all processes, whether they are running or not."""
        return self._places


class _Process:
    """One process of `Processes`."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        self._executor: concurrent.futures.ProcessPoolExecutor | None = None

    def start(self, handed_in: SubmissionBytes) -> concurrent.futures.Future[Graded]:
        """Begin to grade a submission, in a new process if the last one has ended."""
        try:
            return self._running().submit(grade_here, self._settings, handed_in)
        except BrokenProcessPool:
            self.give_up()
            return self._running().submit(grade_here, self._settings, handed_in)

    def _running(self) -> concurrent.futures.ProcessPoolExecutor:
        if self._executor is None:
            context = multiprocessing.get_context("spawn")
            self._executor = concurrent.futures.ProcessPoolExecutor(1, context, _begin_process)
        return self._executor

    def give_up(self) -> None:
        """Abandon the process, which is ended with the crew at the latest."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    def close(self) -> None:
        """End the process after it has finished its work."""
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)


def _begin_process() -> None:
    """Initialise a grading process: ignore Ctrl-C, which its parent handles, and end when the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    atexit.register(end_here)


def _end_with_parent() -> None:
    """Wait until the parent process ends, even by a kill, and end this process and with it the sandbox."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # `sys.exit` would end only this thread


def _end_children() -> None:
    for child in multiprocessing.active_children():
        child.kill()
