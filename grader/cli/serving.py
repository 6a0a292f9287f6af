"""The process that runs the checks for a notebook's kernel; `%grade` starts it, and it ends with the kernel.

It reads requests and writes answers as lines of JSON.  An answer has the number of its request; for each request there
may be several with progress, and there is exactly one that is marked as done.  A new request ends the one that is being
worked on; a request can also do only that.
"""

from __future__ import annotations

import contextlib
import io
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

import msgspec
from rich.console import Console

from grader.assignment.contract import FUNCTIONS, TASKS
from grader.cli.options import FormAsked, Options, Profile, settings_of
from grader.cli.screens import names_of
from grader.course import Settings
from grader.grading.again import Again, Checked
from grader.grading.batch import make_report
from grader.grading.pipeline import prepare_data
from grader.ground.errors import GraderError, UsageError, nearest
from grader.ground.machine import machine_lock
from grader.reports import terminal
from grader.reports.site.output import as_output
from grader.results.scoring import Outcome
from grader.sandbox.host.session import Interrupted
from grader.submissions import Submission, discover
from grader.submissions.history import Input, holds_code, read_history

_COLUMNS: Final = 80


class Request(msgspec.Struct, frozen=True):
    """A request to check what was executed in a kernel, or a file.

    Attributes:
        number: The request's number, higher than that of every request before it.
        stop: Whether the request only ends the one that is being worked on.
        name: The name of the notebook.
        inputs: The cells that were executed in the kernel.
        file: A file to check instead of the kernel's cells; empty for none.
        wanted: Names of functions and numbers of tasks to restrict the checks to; empty for everything.
        profile: See `Options`, also for the remaining attributes.
    """

    number: int
    stop: bool = False
    name: str = "notebook"
    inputs: tuple[Input, ...] = ()
    file: str = ""
    wanted: tuple[str, ...] = ()
    profile: Profile | None = None
    course: str | None = None
    dataset: str | None = None
    form: FormAsked | None = None

    @property
    def options(self) -> Options:
        """The request's options in the form of those of the command line."""
        course = None if self.course is None else Path(self.course)
        return Options(profile=self.profile, course=course, dataset=self.dataset, form=self.form)


def serve(requests: TextIO, answers: TextIO) -> None:
    """Answer requests until there are no more."""
    waiting: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
    desk = _Desk(answers)

    def read() -> None:
        try:
            for line in requests:
                request = msgspec.json.decode(line, type=Request)
                desk.drop_before(request.number)
                waiting.put(request)
        finally:  # end of input, or a line that is not a request: end the process in either case
            desk.drop_before(sys.maxsize)
            waiting.put(None)

    threading.Thread(target=read, daemon=True).start()
    with desk:
        while (request := waiting.get()) is not None:
            if not request.stop:
                desk.answer(request)


class _Desk:
    """Answers one request after another in one sandbox, which is ended when this context manager exits."""

    def __init__(self, answers: TextIO) -> None:
        self._answers = answers
        self._again: Again | None = None
        self._newest = 0

    def __enter__(self) -> _Desk:
        """Return this object; nothing is started before the first request."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the sandbox."""
        self._close()

    def _close(self) -> None:
        if self._again is not None:
            again, self._again = self._again, None
            again.close()

    def drop_before(self, number: int) -> None:
        """End the request that is being worked on, and drop all before `number`; to be called from another thread."""
        self._newest = number
        again = self._again
        if again is not None and again.at_work:
            again.interrupt()

    def _say(self, request: Request, **what: object) -> None:
        self._answers.write(f"{msgspec.json.encode({'number': request.number, **what}).decode()}\n")
        self._answers.flush()

    def answer(self, request: Request) -> None:
        """Answer a request; the last line of the answer is always written, even after an error."""
        with _said() as said:
            try:
                answer = self._answered(request)
            except GraderError as error:
                answer = {"problem": str(error)}
            except Interrupted:
                answer = {"problem": "stopped."}
            notes = [line.removeprefix("grader: ") for line in said.getvalue().splitlines()]
        self._say(request, done=True, notes=notes, **answer)

    def _answered(self, request: Request) -> dict[str, str]:
        wanted = _known(request.wanted)
        settings = settings_of(request.options, default_profile="quick")
        if self._again is None or self._again.settings != settings:
            self._close()
            prepare_data(settings)
            self._again = Again(settings)
        again = self._again
        self._say(request, progress="Reading the notebook")
        submission = _submission(request, again)
        if not again.asked(submission, wanted):
            raise UsageError(
                f"{', '.join(request.wanted)}: there is no check of that alone in a guided notebook; name a task, 1 to "
                f"{len(TASKS)}."
            )
        if not again.warm:
            self._say(request, progress="Starting the sandbox, which is kept for the next time")
            again.prepare()
        due = [check for check in again.asked(submission, wanted) if check.id in again.due(submission, wanted)]
        made = 0

        def on_check(check: str, outcome: Outcome) -> None:
            nonlocal made
            made += 1
            self._say(request, progress=f"Checking {names_of(due)}", made=made, due=max(made, len(due)))

        if request.number < self._newest:  # a newer request came before there was anything to interrupt
            raise Interrupted
        self._say(request, progress=f"Checking {names_of(due)}" if due else "Nothing has changed", made=0, due=len(due))
        began = time.monotonic()
        with machine_lock("%grade", alone=False, waiting=lambda sentence: self._say(request, progress=sentence)):
            checked = again.check(submission, on_check, wanted)
        return _shown(checked, settings, time.monotonic() - began, in_kernel=not request.file)


def _shown(checked: Checked, settings: Settings, seconds: float, *, in_kernel: bool) -> dict[str, str]:
    result = msgspec.structs.replace(checked.graded.result, seconds=round(seconds, 3))
    report = make_report(settings, [result], seconds)
    printed = io.StringIO()
    console = Console(file=printed, width=_COLUMNS, color_system=None)
    terminal.show_again(console, result, None, None if checked.first else checked.changes)
    summary = terminal.summary_line(report, result)
    html = as_output(
        msgspec.structs.replace(checked.graded, result=result),
        summary,
        checked.changes if not checked.first else None,
        in_kernel=in_kernel,
    )
    return {"html": html, "text": f"{printed.getvalue()}{summary}"}


def _known(wanted: tuple[str, ...]) -> frozenset[str]:
    """Return the functions and tasks that a request names, after making sure that they exist.

    Raises:
        UsageError: If one of them does not exist.
    """
    functions = [function.name for function in FUNCTIONS]
    tasks = [str(task.number) for task in TASKS]
    for each in wanted:
        if each.isdigit() and each not in tasks:
            raise UsageError(f"{each}: there is no such task; the tasks are 1 to {len(TASKS)}.")
        if not each.isdigit() and each not in functions:
            raise UsageError(f"{each}: there is no such function{nearest(each, functions)}")
    return frozenset(wanted)


def _submission(request: Request, again: Again) -> Submission:
    if not request.file:
        if not holds_code(request.inputs):
            raise UsageError(
                "nothing was run in this kernel yet: run the cells with your functions, or name a file with --file."
            )
        return read_history(request.name, request.inputs)
    files = discover([request.file])
    if len(files) != 1:
        raise UsageError(f"{request.file}: `%grade` takes one file.")
    return again.read(files[0])


@contextlib.contextmanager
def _said() -> Iterator[io.StringIO]:
    """Collect what is written to standard error."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        yield said


def main() -> None:
    """Run the process, with standard output reserved for answers and everything else sent to standard error."""
    os.environ["PYTHONSAFEPATH"] = "1"
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", os.devnull)
    # From here on, anything that prints to standard output writes to standard error instead.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
