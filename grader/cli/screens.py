"""What `grader watch` shows: on a terminal the last result above a status line, elsewhere one message after another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

import msgspec
from rich.console import Console
from rich.live import Live
from rich.rule import Rule
from rich.spinner import Spinner
from rich.text import Text

from grader.assignment.contract import Check
from grader.ground.text import clean
from grader.reports import terminal
from grader.results.changes import Change
from grader.results.scoring import Outcome, Report


class Screen:
    """Shows what happens while a file is watched; this base class shows nothing.

    Its methods are called as things happen.  Use it as a context manager, which leaves the terminal in order.
    """

    def __enter__(self) -> Self:
        """Return the screen; nothing is shown yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was found, with the last result on it."""

    def starting(self) -> None:
        """Show that the sandbox is being started."""

    def checking(self, due: Sequence[Check]) -> None:
        """Show that a version was saved and is being checked."""

    def on_check(self, check: str, outcome: Outcome) -> None:
        """Show that a check has ended."""

    def waiting(self, sentence: str) -> None:
        """Show that another grading or measurement has the machine locked."""

    def result(self, report: Report, made: Collection[str], changes: Sequence[Change], *, first: bool) -> None:
        """Show the result of a version."""

    def nothing_due(self) -> None:
        """Show that a version was saved whose changes affect no check."""

    def broken(self, sentence: str) -> None:
        """Show that a version was saved that does not parse, and so is not checked."""

    def gone(self) -> None:
        """Show that the file no longer exists."""

    def ended(self) -> None:
        """Clean up after Ctrl-C."""


def names_of(checks: Sequence[Check]) -> str:
    """Return what checks are about in a few words, such as `subset_data, train and predict`."""
    names = list(dict.fromkeys(check.function or "" for check in checks))
    words = [name for name in names if name]
    if len(words) > 3:
        return "all of it" if len(words) > 6 else f"{', '.join(words[:2])} and {len(words) - 2} more"
    if not words:
        return "how the file loads" if all(check.task == 1 for check in checks) else "all of it"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


class _Words:
    """The sentences that screens show, and the time of the version whose result is shown."""

    def __init__(self, name: str) -> None:
        self.name = clean(name, limit=60)
        self.shown_at = ""
        self.saved_at = ""

    @property
    def stale(self) -> str:
        return f" The result is that of {self.shown_at}." if self.shown_at else ""

    def saved(self) -> None:
        self.saved_at = datetime.now().strftime("%H:%M:%S")

    def idle(self) -> str:
        result = f", result of {self.shown_at}" if self.shown_at else ""
        return f"Watching {self.name}{result}; Ctrl-C ends it."

    def starting(self) -> str:
        return "Starting the sandbox"

    def checking(self, what: str) -> str:
        return f"{self.saved_at} checking {what}.{self.stale}"

    def nothing_due(self) -> str:
        return f"{self.saved_at} saved; nothing that is checked has changed. {self.idle()}"

    def broken(self, sentence: str) -> str:
        return f"{self.saved_at} {clean(sentence, limit=300).rstrip('.')}.{self.stale}"

    def gone(self) -> str:
        return f"{self.name} is gone; it will be checked when it is back.{self.stale}"


class TerminalScreen(Screen):
    """Shows the last result, and below it a status line."""

    def __init__(self, console: Console, name: str) -> None:
        self._console = console
        self._words = _Words(name)
        self._live: Live | None = None
        self._what = ""
        self._done = 0
        self._due = 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See `Screen`."""
        self._stop()

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _line(self, text: str, *, style: str = "dim", busy: bool = False) -> None:
        shown = Text(text, "" if busy else style)
        line = Spinner("dots", text=shown, style="cyan") if busy else shown
        if self._live is not None and self._live.auto_refresh is busy:
            self._live.update(line, refresh=True)
            return
        self._stop()
        self._live = Live(
            line,
            console=self._console,
            transient=True,
            auto_refresh=busy,
            refresh_per_second=8,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start(refresh=True)

    def starting(self) -> None:
        """See `Screen`."""
        self._line(self._words.starting(), busy=True)

    def checking(self, due: Sequence[Check]) -> None:
        """See `Screen`."""
        self._words.saved()
        self._what, self._done, self._due = names_of(due), 0, len(due)
        self._progress()

    def _progress(self) -> None:
        self._line(self._words.checking(f"{self._what}, {self._done} of {self._due}"), busy=True)

    def on_check(self, check: str, outcome: Outcome) -> None:
        """See `Screen`."""
        self._done += 1
        self._due = max(self._due, self._done)
        self._progress()

    def waiting(self, sentence: str) -> None:
        """See `Screen`."""
        self._line(f"{sentence[:1].upper()}{sentence[1:]}{self._words.stale}", busy=True)

    def result(self, report: Report, made: Collection[str], changes: Sequence[Change], *, first: bool) -> None:
        """See `Screen`."""
        self._stop()
        console, (result,) = self._console, report.results
        console.clear()
        terminal.show_again(console, result, None if first else made, None if first else changes)
        console.print(terminal.summary_line(report, result), highlight=False, markup=False)
        console.print(Rule(style="dim"))
        self._words.shown_at = self._words.saved_at
        self._line(self._words.idle())

    def nothing_due(self) -> None:
        """See `Screen`."""
        self._words.saved()
        self._line(self._words.nothing_due())

    def broken(self, sentence: str) -> None:
        """See `Screen`."""
        self._words.saved()
        self._line(self._words.broken(sentence), style="yellow")

    def gone(self) -> None:
        """See `Screen`."""
        self._line(self._words.gone(), style="yellow")

    def ended(self) -> None:
        """See `Screen`."""
        self._stop()


class PlainScreen(Screen):
    """Prints one message after another, without colours and without erasing anything."""

    def __init__(self, console: Console, name: str) -> None:
        self._console = console
        self._words = _Words(name)

    def _say(self, text: str) -> None:
        self._console.print(text, soft_wrap=True, highlight=False, markup=False)
        self._console.file.flush()

    def starting(self) -> None:
        """See `Screen`."""
        self._say(f"{self._words.starting()}.")

    def checking(self, due: Sequence[Check]) -> None:
        """See `Screen`."""
        self._words.saved()
        self._say(self._words.checking(f"{names_of(due)}, {len(due)} check{'' if len(due) == 1 else 's'}"))

    def waiting(self, sentence: str) -> None:
        """See `Screen`."""
        self._say(f"{sentence[:1].upper()}{sentence[1:]}")

    def result(self, report: Report, made: Collection[str], changes: Sequence[Change], *, first: bool) -> None:
        """See `Screen`."""
        (result,) = report.results
        terminal.show_again(self._console, result, None if first else made, None if first else changes)
        self._words.shown_at = self._words.saved_at
        self._say(terminal.summary_line(report, result))
        self._say(self._words.idle())

    def nothing_due(self) -> None:
        """See `Screen`."""
        self._words.saved()
        self._say(self._words.nothing_due())

    def broken(self, sentence: str) -> None:
        """See `Screen`."""
        self._words.saved()
        self._say(self._words.broken(sentence))

    def gone(self) -> None:
        """See `Screen`."""
        self._say(self._words.gone())


class JsonScreen(Screen):
    """Prints each result as one line of JSON, and nothing else."""

    def result(self, report: Report, made: Collection[str], changes: Sequence[Change], *, first: bool) -> None:
        """See `Screen`."""
        print(msgspec.json.encode(report).decode(), flush=True)
