"""Showing progress: a progress bar on a terminal, and one line for each submission elsewhere."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from grader.course import Settings
from grader.grading.remaining import Remaining, about
from grader.reports import terminal
from grader.results.scoring import Outcome, Result
from grader.speed.running import Lane, Plan
from grader.submissions.forms import FORMS, checks_of


def _bar(console: Console) -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True)


class _Left(ProgressColumn):
    """A column of a progress bar with the time that the rest of a batch will probably take."""

    def __init__(self, remaining: Remaining) -> None:
        super().__init__()
        self._remaining = remaining

    def render(self, task: Task) -> Text:
        """Return the text of the column; empty while nothing is known."""
        seconds = self._remaining.seconds
        if seconds is None:
            return Text()
        return Text(f"{about(seconds)} left" if seconds else "longer than usual", "cyan")


@contextlib.contextmanager
def check_progress(settings: Settings, *, quiet: bool) -> Iterator[Callable[[str, Outcome], None]]:
    """Show a progress bar over the checks of one submission on a terminal, and nothing elsewhere.

    Yields:
        The function to call with the id and the outcome of each check.
    """
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _check, _outcome: None
        return
    with _bar(console) as progress:
        checks = {form: checks_of(form, settings.course, settings.profile, settings.tasks) for form in FORMS}
        bar = progress.add_task("Starting the sandbox", total=max(map(len, checks.values())))
        known = {check.id: (len(some), check.title) for some in checks.values() for check in some}

        def on_check(check_id: str, _outcome: Outcome) -> None:
            total, title = known[check_id]
            progress.update(bar, advance=1, total=total, description=title[:44])

        yield on_check


@contextlib.contextmanager
def batch_progress(count: int, remaining: Remaining, *, quiet: bool) -> Iterator[Callable[[Result, str], None]]:
    """Show progress over `count` submissions: a bar with the time left on a terminal, one line for each elsewhere.

    Yields:
        The function to call with each result and, if it comes from the gradebook, when it was graded; else empty.
    """
    console = Console(stderr=True)
    done: list[Result] = []

    def line(result: Result, kept_from: str) -> str:
        done.append(result)
        return terminal.finished_line(result, len(done), count, kept_from=kept_from)

    if quiet or not console.is_terminal:
        yield lambda result, kept_from: print(line(result, kept_from), file=sys.stderr, flush=True)
        return
    with _bar(console) as progress:
        progress.columns = (*progress.columns, _Left(remaining))
        bar = progress.add_task("Grading", total=count)

        def on_result(result: Result, kept_from: str) -> None:
            progress.console.print(line(result, kept_from), highlight=False, markup=False, soft_wrap=True)
            progress.update(bar, advance=1)

        yield on_result


@contextlib.contextmanager
def training_progress(plan: Plan, *, quiet: bool) -> Iterator[Callable[[Lane], None]]:
    """Show a progress bar over the trainings of a measurement on a terminal, with the time left; nothing elsewhere.

    Yields:
        The function to call after each training.
    """
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _lane: None
        return
    with _bar(console) as progress:
        progress.columns = (*progress.columns, TextColumn("left:"), TimeRemainingColumn())
        bar = progress.add_task("Starting", total=plan.trainings)

        def on_training(lane: Lane) -> None:
            progress.update(bar, advance=1, description=f"{lane.submission.id[:30]} on {lane.device}")

        yield on_training
