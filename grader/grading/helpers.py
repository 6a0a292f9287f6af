"""Grading the tasks of one submission side by side, with helper processes that each run the checks of some tasks.

The checks about training take about as long as all the rest together, so they run in one helper; if there is a core for
a third process, the checks about the network run in another.  All other checks run in the calling process.  The
processes share one forkserver, and so one import of Keras, but each has workers and an examiner of its own.  A check
does not depend on which process runs it.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import signal
import socket
from collections.abc import Collection, Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.sharedctypes import Synchronized
from typing import Final

import msgspec

from grader.assignment.contract import Check
from grader.checks.common.context import Context
from grader.checks.common.student import TimeLeft
from grader.course import Course, Settings
from grader.grading.own_checks import run_tests
from grader.grading.recording import Recorder
from grader.results.artefacts import Artefact
from grader.results.scoring import Outcome
from grader.sandbox.host.session import Sandbox, SandboxError
from grader.sandbox.wire.frames import Exited
from grader.submissions import Submission
from grader.submissions.forms import checks_of, form_of

MOST: Final = 3
"""The most processes for one submission: more would not help, since the checks about `train` take just as long."""

_FORM: Final = "functions"  # a guided notebook is run as a whole, and cannot be divided
_NUMBERS_EACH: Final = 1_000_000  # worker numbers for each process, so that no two processes use the same number
_TRAINING: Final = frozenset(("train",))
_NETWORKS: Final = frozenset(("add_conv_block", "build_model"))
# Needs a training, which would be repeated if this check did not run in the same process as the checks of `train`.
_COMPARES_WITH_TRAINING: Final = "predict/scales-as-train-does"


class Part(msgspec.Struct, frozen=True):
    """The part of a grading that one process has done.

    Attributes:
        outcomes: The outcome of each check that the process ran, by the check's id.
        artefacts: The artefacts of these checks.
        problem: Why pytest itself failed; empty if it did not.
        exits: How each worker that the process used has ended, by the worker's number.
    """

    outcomes: dict[str, Outcome]
    artefacts: tuple[Artefact, ...]
    problem: str
    exits: dict[int, Exited]


class _Order(msgspec.Struct, frozen=True, eq=False):
    submission: Submission
    course: Course
    profile: str
    tasks: frozenset[int]
    checks: frozenset[str]


def run_checks(context: Context) -> Part:
    """Run the checks of a context in this process."""
    recorder = Recorder(context)
    before = set(context.sandbox.exits)
    problem = run_tests(context, recorder)
    exits = {number: exited for number, exited in context.sandbox.exits.items() if number not in before}
    return Part(recorder.outcomes, recorder.artefacts.gathered, recorder.fault or problem, exits)


def parts_of(settings: Settings, submission: Submission, processes: int) -> list[frozenset[str]]:
    """Return the ids of the checks that each process runs, the calling process first; see `divided`.

    There is only one part if the submission cannot be divided, or in the profile `full`.
    """
    form = form_of(submission, settings.course.form).name
    # The profile `full` times a whole training, which nothing else may slow down.
    if settings.profile == "full" or form != _FORM:
        processes = 1
    checks = checks_of(form, settings.course, settings.profile, settings.tasks)
    return divided(checks, processes, {each.name for each in submission.unwritten})


def divided(checks: Sequence[Check], processes: int, unwritten: Collection[str] = ()) -> list[frozenset[str]]:
    """Divide checks among processes; the first part is for the calling process.

    Args:
        checks: The checks to run.
        processes: The largest number of parts.
        unwritten: The functions that are still to be written, whose checks are done at once.

    Returns:
        The ids of the checks in each part.
    """
    rest = {check.id for check in checks}
    parts: list[frozenset[str]] = []
    for functions in (_TRAINING, _NETWORKS)[: processes - 1]:
        part = {check.id for check in checks if check.function in functions.difference(unwritten)}
        if part and functions is _TRAINING:
            part |= rest & {_COMPARES_WITH_TRAINING}
        if part and rest - part:
            parts.append(frozenset(part))
            rest -= part
    return [frozenset(rest), *parts]


class Helpers:
    """Helper processes that run some of the checks of each submission, in the sandbox of the calling process.

    Use it as a context manager, which ends the processes on exit.  They import what they need while the sandbox starts.

    Args:
        level: The sandbox's isolation level.
        count: The number of helpers.

    Attributes:
        processes: The helpers' processes.
    """

    def __init__(self, level: str, count: int) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._left: Synchronized[float] = spawning.Value("d", 0.0)
        self._pipes: list[Connection] = []
        self.processes: list[SpawnProcess] = []
        self._theirs: list[socket.socket] = []
        for number in range(1, count + 1):
            ours, theirs = socket.socketpair()
            near, far = spawning.Pipe()
            arguments = (far, level, ours, number * _NUMBERS_EACH + 1, self._left)
            process = spawning.Process(target=_serve, args=arguments, daemon=True)
            with ours, far:
                process.start()
            self._pipes.append(near)
            self.processes.append(process)
            self._theirs.append(theirs)

    def __enter__(self) -> Helpers:
        """Return the helpers, which are already running."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the helpers."""
        self.close()

    def close(self) -> None:
        """End the helpers, whatever they are doing; the forkserver then ends their workers."""
        for pipe, process in zip(self._pipes, self.processes, strict=True):
            pipe.close()
            process.kill()
            process.join()
        for control in self._theirs:
            control.close()

    def join(self, sandbox: Sandbox) -> None:
        """Connect the helpers to a sandbox.

        Raises:
            SandboxError: If the sandbox has ended.
        """
        while self._theirs:
            sandbox.let_join(self._theirs.pop(0))

    def run_checks(self, context: Context) -> Part:
        """Run the checks of a context side by side.

        If that fails the helpers are ended, since their outstanding answers would be taken for the next submission's.

        Raises:
            SandboxError: If a helper has ended.
        """
        try:
            return self._run_checks(context)
        except BaseException:
            self.close()
            raise

    def _run_checks(self, context: Context) -> Part:
        settings = Settings(context.course, context.profile, context.tasks, context.sandbox.level)
        first, *others = parts_of(settings, context.submission, len(self._pipes) + 1)
        seconds = context.course.limits.grading_seconds
        self._left.value = seconds
        for part, pipe in zip(others, self._pipes, strict=False):
            order = _Order(context.submission, context.course, context.profile, context.tasks, part)
            with _trouble():
                pipe.send(order)
        # One account of time for all processes, so that a submission gets no more time for being divided.
        budget = TimeLeft(seconds, self._left)
        found = [run_checks(msgspec.structs.replace(context, only=first, budget=budget))]
        for pipe in self._pipes[: len(others)]:
            with _trouble():
                found.append(pipe.recv())
            for name, outcome in found[-1].outcomes.items():
                if context.on_check is not None:
                    context.on_check(name, outcome)
        return Part(
            {name: outcome for part in found for name, outcome in part.outcomes.items()},
            tuple(artefact for part in found for artefact in part.artefacts),
            next((part.problem for part in found if part.problem), ""),
            {number: exited for part in found for number, exited in part.exits.items()},
        )


@contextlib.contextmanager
def _trouble() -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError) as error:
        raise SandboxError("a grading process ended unexpectedly; grade the submission again.") from error


def _serve(pipe: Connection, level: str, control: socket.socket, first: int, left: Synchronized[float]) -> None:
    """Run checks as they are ordered, until the process that gives the orders has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by that process
    with contextlib.suppress(EOFError, OSError, SandboxError, KeyboardInterrupt):
        preload()
        sandbox = Sandbox(level, control, 0, first)
        while True:
            order: _Order = pipe.recv()
            budget = TimeLeft(order.course.limits.grading_seconds, left)
            context = Context(
                order.submission,
                order.course,
                order.profile,
                order.tasks,
                sandbox,
                only=order.checks,
                budget=budget,
            )
            pipe.send(run_checks(context))


def preload() -> None:
    """Import what the checks need, which takes a second, while there is nothing else to do."""
    importlib.import_module("grader.checks.functions.fixtures")
