"""The gradebook in a terminal: the class as a table, one submission with all that is known of it, and comparisons."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.gradebook.changes import Comparison
from grader.gradebook.records import Adjustment, Attempt, Entry
from grader.ground.text import clean, moment, number
from grader.reports.text import STATUS_WORDS
from grader.results.changes import Change
from grader.results.scoring import CheckResult


def show_entries(console: Console, entries: Sequence[Entry]) -> None:
    """Print what counts for each submission, one line each."""
    table = _table("Submission", "Measured", "By hand", "Late", "Score", "Run")
    for entry in entries:
        result = entry.attempt.result
        table.add_row(
            Text(clean(result.submission.id, limit=60)),
            _measured(entry.attempt),
            _signed(sum(adjustment.points for adjustment in entry.adjustments)),
            _late(entry),
            _score(entry),
            Text(_run(entry.attempt), "dim"),
        )
    console.print(table)
    console.print(_sum_up(entries), highlight=False)


def show_submission(
    console: Console, entry: Entry, attempts: Sequence[Attempt], adjustments: Sequence[Adjustment]
) -> None:
    """Print how one submission's score comes about, all its attempts, and all points by hand."""
    name = clean(entry.attempt.result.submission.id, limit=60)
    score = "not graded" if entry.score is None else f"{number(entry.score)} points"
    console.print(Text.assemble((name, "bold"), f": {score}"))
    if entry.attempt.submitted_at:
        late = f", {number(entry.days_late)} days late" if entry.days_late else ""
        console.print(Text(f"Handed in {moment(entry.attempt.submitted_at)}{late}."))
    if entry.penalty:
        console.print(Text(f"Taken off for being late: {number(entry.penalty)} points."))
    console.print()
    table = _table("Attempt", "Graded", "Run", "Isolation", "Measured", "")
    for attempt in attempts:
        counts = attempt.number == entry.attempt.number and entry.score is not None
        table.add_row(
            str(attempt.number),
            Text(moment(attempt.graded_at)),
            Text(_run(attempt)),
            Text(attempt.isolation),
            _measured(attempt),
            Text("counts", "bold") if counts else Text(clean(attempt.result.problem, limit=200), "yellow"),
        )
    console.print(table)
    if adjustments:
        console.print()
        console.print(_by_hand(adjustments))


def _by_hand(adjustments: Sequence[Adjustment]) -> Table:
    table = _table("By hand", "Points", "")
    for adjustment in adjustments:
        gone = f", withdrawn {adjustment.withdrawn_at[:10]}" if adjustment.withdrawn_at else ""
        who = f"{clean(adjustment.by, limit=60)}, {adjustment.at[:10]}"
        why = f"{clean(adjustment.reason, limit=500)} ({who})"
        table.add_row(
            str(adjustment.number),
            _signed(adjustment.points),
            Text(f"{adjustment.check or 'the total'}{gone}\n{why}"),
            style="dim" if gone else "",
        )
    return table


def show_comparison(console: Console, comparison: Comparison) -> None:
    """Print two attempts, and each check that differs."""
    name = clean(comparison.submission, limit=60)
    console.print(Text.assemble((name, "bold"), f": {_side(comparison.before)} → {_side(comparison.after)}"))
    if not comparison.changes:
        console.print(Text("  No check has changed."))
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    for change in comparison.changes:
        table.add_row("", Text(change.check), _step(change))
    console.print(table)


def _side(attempt: Attempt | None) -> str:
    if attempt is None:
        return "nothing"
    return f"attempt {attempt.number} ({_run(attempt)}, {_measured(attempt)})"


def _step(change: Change) -> Text:
    gained = _points(change.after) - _points(change.before)
    colour = "green" if gained > 0 else "red" if gained < 0 else ""
    return Text(f"{_standing(change.before)} → {_standing(change.after)}", colour)


def _standing(check: CheckResult | None) -> str:
    if check is None:
        return "not asked for"
    return f"{STATUS_WORDS.get(check.status) or check.status} {number(check.points)}/{number(check.max_points)}"


def _points(check: CheckResult | None) -> float:
    return 0.0 if check is None else check.points


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        right = column in ("Attempt", "Measured", "By hand", "Points", "Late", "Score")
        table.add_column(column, justify="right" if right else "left", overflow="fold", no_wrap=right)
    return table


def _run(attempt: Attempt) -> str:
    """What was asked for: `standard`, or `quick, task 2`."""
    if not attempt.tasks:
        return attempt.profile
    noun = "task" if len(attempt.tasks) == 1 else "tasks"
    return f"{attempt.profile}, {noun} {', '.join(map(str, attempt.tasks))}"


def _measured(attempt: Attempt) -> Text:
    result = attempt.result
    if result.status != "graded":
        return Text("–", "yellow")
    return Text(f"{number(result.score)}/{number(result.max_score)}")


def _signed(points: float) -> Text:
    return Text("" if not points else f"{'-' if points < 0 else '+'}{number(abs(points))}")


def _late(entry: Entry) -> Text:
    if not entry.days_late:
        return Text("")
    return Text(f"{number(entry.days_late)} d, -{number(entry.penalty)}", "yellow")


def _score(entry: Entry) -> Text:
    return Text("not graded", "yellow") if entry.score is None else Text(number(entry.score), "bold")


def _sum_up(entries: Sequence[Entry]) -> str:
    scores = [entry.score for entry in entries if entry.score is not None]
    text = f"{len(scores)} graded"
    if scores:
        text += f", mean score {number(round(sum(scores) / len(scores), 1))}"
    late = sum(entry.days_late > 0 for entry in entries)
    without = len(entries) - len(scores)
    return text + (f"; {late} late" if late else "") + (f"; {without} not graded" if without else "")
