"""The command `grader watch`, which checks a file each time it is saved."""

from __future__ import annotations

import queue
import sys
import threading
import time
from pathlib import Path
from typing import Final

from rich.console import Console

from grader.cli.app import app
from grader.cli.options import Options, settings_of
from grader.cli.screens import JsonScreen, PlainScreen, Screen, TerminalScreen
from grader.grading.again import Again
from grader.grading.batch import make_report
from grader.grading.pipeline import prepare_data, write_results
from grader.ground.errors import UsageError
from grader.ground.machine import machine_lock
from grader.results.scoring import Outcome
from grader.sandbox.host.session import Interrupted
from grader.submissions import Submission, SubmissionFile, discover
from grader.submissions.records import Note
from grader.submissions.saves import Saves, stamp

_SETTLING_SECONDS: Final = 0.05


@app.command
def watch(file: Path, /, *, options: Options | None = None) -> int:
    """Check one submission each time it is saved, until Ctrl-C.

    Only checks that the change can affect are run again.  With --json, each result is one line.  Training speed is not
    measured in the profile full; `grader bench` does that.

    Exit status: 0 ended with Ctrl-C, 2 usage, 3 the grader could not grade.

    Args:
        file: The solution.py or notebook.
        options: See `Options`.
    """
    options = options or Options()
    settings = settings_of(options, default_profile="quick")
    files = discover([file])
    if len(files) != 1 or file.is_dir():
        raise UsageError(f"{file}: `grader watch` takes one file; for a folder there is `grader grade`.")
    Saves.require()
    prepare_data(settings)
    console = Console(file=sys.stdout)  # fixed now, since standard output is replaced while the checks run
    screen: Screen
    if options.json:
        screen = JsonScreen()
    else:
        screen = TerminalScreen(console, file.name) if console.is_terminal else PlainScreen(console, file.name)
    with Again(settings) as again, screen:
        watching = _Watching(again, files[0], screen, options.output)
        try:
            with Saves(file, watching.saved):
                watching.run()
        except KeyboardInterrupt:
            screen.ended()
    return 0


class _Watching:
    """Watches one file: a second thread reads each version of it, and the main thread checks the newest.

    Args:
        again: Checks the versions.
        file: The file.
        screen: Shows the results.
        output: The folder that results are also written to; `None` for none.
    """

    def __init__(self, again: Again, file: SubmissionFile, screen: Screen, output: Path | None) -> None:
        self._again = again
        self._file = file
        self._screen = screen
        self._output = output
        self._versions: queue.SimpleQueue[Submission | BaseException | None] = queue.SimpleQueue()
        self._reading = threading.Lock()
        self._newest: Submission | None = None  # the last version that was read
        self._checked_any = False

    def saved(self) -> None:
        """Read the file, and interrupt running checks whose results it makes obsolete; runs in the second thread."""
        try:
            self._read()
        except BaseException as error:  # passed on to the main thread, which would otherwise wait for ever
            self._versions.put(error)

    def _read(self) -> None:
        with self._reading:
            version = self._settled()
            before, self._newest = self._newest, version
            if version is None:
                self._versions.put(None)
                return
            if before is not None and before.cells == version.cells and before.problem == version.problem:
                return  # saved without changes, or with changes in the outputs of cells only
            self._versions.put(version)
            if not version.problem and not newly_broken(before, version) and self._again.outdated_by(version):
                self._again.interrupt()

    def _settled(self) -> Submission | None:
        """Return the file's content once nobody is writing to it, or `None` if it no longer exists."""
        while True:
            before = stamp(self._file.path)
            if before is None:
                time.sleep(_SETTLING_SECONDS)  # some editors remove a file before they move the new one into place
                if stamp(self._file.path) is None:
                    return None
                continue
            version = self._again.read(self._file)
            if version.problem:
                time.sleep(_SETTLING_SECONDS)
            if stamp(self._file.path) == before:
                return version

    def run(self) -> None:
        """Check version after version, until something raises."""
        self._screen.starting()
        self._again.prepare()
        self.saved()
        seen: Submission | None = None
        gone = False
        while True:
            version = self._next()
            if version is None:
                gone = True
                self._screen.gone()
                continue
            broken = newly_broken(seen, version) if self._checked_any else None
            same = seen is not None and seen.cells == version.cells
            seen, gone, was_gone = version, False, gone
            if version.problem:
                self._screen.broken(version.problem)
            elif broken is not None:
                self._screen.broken(_sentence(broken))
            elif same and was_gone:  # the file was moved away and back
                self._screen.nothing_due()
            else:
                self._check(version)

    def _next(self) -> Submission | None:
        """Wait for a new version and return the newest one; `None` if the file no longer exists."""
        version = self._versions.get()
        while not self._versions.empty() and not isinstance(version, BaseException):
            version = self._versions.get()
        if isinstance(version, BaseException):
            raise version
        return version

    def _check(self, version: Submission) -> None:
        due = self._again.due(version)
        if not due and self._checked_any:
            self._screen.nothing_due()
            return
        self._screen.checking([check for check in self._again.asked(version) if check.id in due])
        settings = self._again.settings

        def on_check(check: str, outcome: Outcome) -> None:
            self._screen.on_check(check, outcome)

        try:
            with machine_lock("grader watch", alone=False, waiting=self._screen.waiting):
                checked = self._again.check(version, on_check)
        except Interrupted:
            return  # a newer version is waiting to be checked
        self._checked_any = True
        report = make_report(settings, [checked.graded.result], checked.graded.result.seconds)
        if self._output is not None:
            write_results(report, self._output)
        self._screen.result(report, checked.made, checked.changes, first=checked.first)


def newly_broken(before: Submission | None, version: Submission) -> Note | None:
    """Return the note about the first place that does not parse but did before, or `None` if there is none."""
    known = set() if before is None else {_broken(before, note) for note in before.notes if note.does_not_parse}
    return next(
        (note for note in version.notes if note.does_not_parse and _broken(version, note) not in known),
        None,
    )


def _broken(submission: Submission, note: Note) -> tuple[str, ...]:
    if note.cell is None:
        return note.message, submission.quote(None, note.line)
    return tuple(submission.lines_of(note.cell))


def _sentence(note: Note) -> str:
    """Say in a sentence what does not parse."""
    return f"{note.place} does not parse: {note.message.partition(': ')[2] or note.message}"
