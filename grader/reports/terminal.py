"""Results in a terminal: readable at 80 columns and without colour, since symbols and words say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from grader.assignment import contract
from grader.ground.text import clean, moment, number
from grader.reports.text import (
    STATUS_WORDS,
    Finding,
    TaskResult,
    better_and_worse,
    by_task,
    findings,
    most_lost_first,
    place_of,
    title_of,
)
from grader.results.changes import Change
from grader.results.scoring import Report, Result, points_of

_COLOURS = {"not_run": "yellow"}
_A_CLASS: Final = 5  # with fewer submissions it means little that most of them fail a check


def show_result(console: Console, result: Result, made: Collection[str] | None = None) -> None:
    """Print one submission's result: each task, and its findings.

    Args:
        console: The console to print to.
        result: The result.
        made: The ids of the checks whose findings are shown in full; `None` for all.
    """
    if result.status == "infrastructure_error":
        console.print(Text(f"The grader failed, so this is no score: {clean(result.problem, limit=500)}", "bold red"))
    lost = most_lost_first(result)
    unshown = made is not None and any(finding.first.id not in made for finding in lost)
    if len(lost) > 1 or unshown:
        console.print(_to_mend(lost))
    for each in by_task(result):
        console.print(_task_line(each))
        for finding in findings(check for check in each.checks if made is None or check.id in made):
            console.print(Padding(_failure(finding), (0, 0, 1, 2)))


def _to_mend(lost: list[Finding]) -> RenderableType:
    """Return a line for each finding, those that cost the most points first."""
    lines = Table.grid(padding=(0, 1))
    lines.add_column(justify="right", no_wrap=True)
    lines.add_column()
    for finding in lost:
        place = place_of(finding.first)
        points = number(finding.max_points - finding.points)
        where = f"task {finding.first.task}{f', {place}' if place else ''}"
        lines.add_row(Text(f"−{points}", "red"), Text.assemble(finding.title, (f"  {where}", "dim")))
    return Group(Text("What to fix first", "bold"), Padding(lines, (0, 0, 1, 2)))


def _task_line(result: TaskResult) -> Table:
    right = result.passed == len(result.checks)
    line = Table.grid(expand=True)
    line.add_column(ratio=1)
    line.add_column(justify="right", no_wrap=True)
    symbol, colour = ("✓", "green") if right else ("✗", "red")
    title = Text.assemble(
        (f"{symbol} ", colour),
        (f"Task {result.task.number}  {result.task.title}", "bold"),
        (f"  {result.passed} of {len(result.checks)}", "dim"),
    )
    line.add_row(title, Text(f"{number(result.points)} / {number(result.max_points)}", "green" if right else "bold"))
    return line


def _failure(finding: Finding) -> RenderableType:
    check = finding.first
    colour = _COLOURS.get(check.status, "red")
    head = Table.grid(expand=True)
    head.add_column(ratio=1)
    head.add_column(justify="right", no_wrap=True)
    symbol = "–" if check.status == "not_run" else "✗"
    word = STATUS_WORDS[check.status]
    place = place_of(check)
    title = Text.assemble(
        (f"{symbol} ", colour),
        finding.title,
        (f" ({word})" if word else "", colour),
        (f", {place}" if place else "", "dim"),
    )
    head.add_row(title, Text(f"{number(finding.points)} / {number(finding.max_points)}", "dim"))
    body: list[RenderableType] = [Text(clean(check.message))]
    if check.example:
        body.append(
            Padding(
                Syntax(clean(check.example), "python", theme="ansi_dark", word_wrap=True, background_color="default"),
                (0, 0, 0, 2),
            )
        )
    if check.hint:
        body.append(Text.assemble(("Hint: ", "bold cyan"), clean(check.hint)))
    return Group(head, Padding(Group(*body), (0, 0, 0, 2)))


def show_again(
    console: Console, result: Result, made: Collection[str] | None, changes: Iterable[Change] | None
) -> None:
    """Print the result of checking a submission again: the findings of the checks run now, and what changed.

    Args:
        console: The console to print to.
        result: The result.
        made: The ids of the checks that were run now; `None` for all.
        changes: The checks that differ from the time before; `None` if there was no time before.
    """
    show_result(console, result, made)
    if changes is not None:
        last = by_task(result)[-1:]
        if not any(findings(check for check in each.checks if made is None or check.id in made) for each in last):
            console.print()  # a finding is already followed by a blank line
        show_changes(console, changes)


def show_changes(console: Console, changes: Iterable[Change]) -> None:
    """Print a line for each check that got better or worse."""
    found = better_and_worse(changes)
    if not found:
        console.print(Text("Nothing got better or worse.", "dim"))
    for better, heading, steps in found:
        colour = "green" if better else "red"
        lines = Table.grid(padding=(0, 1))
        lines.add_column(justify="right", no_wrap=True)
        lines.add_column()
        for step in steps:
            lines.add_row(Text(step.points, colour), Text(step.title))
        console.print(Text(heading, f"bold {colour}"))
        console.print(Padding(lines, (0, 0, 1, 2)))


def summary_line(report: Report, result: Result) -> str:
    """Sum up a result in one line that can be searched for with grep.

    An example is `ada: 71 of 93 points, 44 of 47 checks passed (quick, namespaces, 9.8 s)`.
    """
    passed = sum(check.status == "passed" for check in result.checks)
    end = f"({report.profile}, {report.isolation}, {result.seconds:.1f} s)"
    name = clean(result.submission.id, limit=100)
    if result.status == "infrastructure_error":
        return f"{name}: not graded, {clean(result.problem, limit=200)} {end}"
    return (
        f"{name}: {number(result.score)} of {number(result.max_score)} points, "
        f"{passed} of {len(result.checks)} checks passed {end}"
    )


def finished_line(result: Result, done: int, total: int, *, kept_from: str = "") -> str:
    """Return the line that is printed for a graded submission if there is no progress bar.

    Args:
        result: The submission's result.
        done: The number of submissions that are done, including this one.
        total: The number of all submissions.
        kept_from: When it was graded, if the result comes from the gradebook; else empty.
    """
    name = clean(result.submission.id, limit=60)
    if result.status == "infrastructure_error":
        return f"[{done}/{total}] {name}: not graded, {clean(result.problem, limit=200)}"
    how = f"kept from {moment(kept_from)}" if kept_from else f"{result.seconds:.1f} s"
    return f"[{done}/{total}] {name}: {number(result.score)}/{number(result.max_score)} ({how})"


def show_table(console: Console, report: Report) -> None:
    """Print a table with a row for each submission and a column for each task."""
    tasks = [t for t in contract.TASKS if any(c.task == t.number for r in report.results for c in r.checks)]
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Submission", overflow="fold")
    for task in tasks:
        table.add_column(f"Task {task.number}" if console.width >= 100 else f"T{task.number}", justify="right")
    table.add_column("Score", justify="right", no_wrap=True)
    table.add_column("Time", justify="right", no_wrap=True)
    for result in sorted(report.results, key=lambda r: r.submission.id):
        table.add_row(*_row(result, tasks))
    console.print(table)
    if report.results:
        console.print(_means(report.results))


def worth_a_look(results: Sequence[Result]) -> str:
    """Return a sentence about what an instructor should look at; empty if nothing stands out."""
    graded = [result for result in results if result.status == "graded"]
    parts = []
    if failed := [result for result in results if result.status != "graded"]:
        parts.append(f"{_named(failed)} could not be graded")
    if unread := [result for result in graded if result.checks and not result.score]:
        parts.append(f"{_named(unread)} {'has' if len(unread) == 1 else 'have'} no point at all")
    broken = [r for r in graded if r.score and any(c.status in ("timeout", "crashed") for c in r.checks)]
    if broken:
        parts.append(f"{_named(broken)} ran out of time or crashed in places")
    missed = Counter((c.id, title_of(c)) for result in graded for c in result.checks if c.status != "passed")
    for (check, title), count in missed.most_common(1):
        if len(graded) >= _A_CLASS and count > len(graded) / 2:
            parts.append(f"{count} of {len(graded)} do not pass {check} ({title})")
    return f"Worth a look: {'; '.join(parts)}." if parts else ""


def _named(results: Sequence[Result]) -> str:
    names = [clean(result.submission.id, limit=40) for result in results]
    if len(names) > 3:
        return f"{', '.join(names[:2])} and {len(names) - 2} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _row(result: Result, tasks: Iterable[contract.Task]) -> list[Text]:
    name = Text(clean(result.submission.id, limit=60))
    if result.status == "infrastructure_error":
        return [name, *(Text("–", "yellow") for _ in tasks), Text("not graded", "yellow"), _seconds(result)]
    cells = [name]
    for task in tasks:
        checks = [check for check in result.checks if check.task == task.number]
        earned, worth = points_of(checks)
        cells.append(
            Text(f"{number(earned)}/{number(worth)}", "green" if earned == worth else "red" if not earned else "")
        )
    full = result.score == result.max_score
    return [
        *cells,
        Text(f"{number(result.score)}/{number(result.max_score)}", "bold green" if full else "bold"),
        _seconds(result),
    ]


def _seconds(result: Result) -> Text:
    return Text(f"{result.seconds:.1f} s", "dim")


def _means(results: Iterable[Result]) -> str:
    graded = [result for result in results if result.status == "graded"]
    failed = sum(result.status != "graded" for result in results)
    text = f"{len(graded)} graded"
    if graded:
        mean = sum(result.score for result in graded) / len(graded)
        text += f", mean score {number(round(mean, 1))} of {number(graded[0].max_score)}"
    return f"{text}; {failed} not graded, run again to try them once more" if failed else text
