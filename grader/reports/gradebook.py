"""The gradebook in a terminal: the class as a table, one student with all details, lists of changes and comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.gradebook.changes import Comparison
from grader.gradebook.decisions import standing
from grader.gradebook.history import Event, signed, told
from grader.gradebook.records import Adjustment, Attempt, Comment, Decision, Entry
from grader.ground.text import clean, moment, number
from grader.reports.text import STATUS_WORDS
from grader.results.changes import Change
from grader.results.scoring import CheckResult


def show_entries(console: Console, entries: Sequence[Entry]) -> None:
    """Print a table with a row for each student, and a line that sums up the class."""
    table = _table("Submission", "Measured", "By hand", "Late", "Score", "Run")
    for entry in entries:
        table.add_row(
            _name(entry),
            _measured(entry.attempt),
            _signed(sum(adjustment.points for adjustment in entry.adjustments)),
            _late(entry),
            _score(entry),
            Text(_run(entry.attempt), "dim"),
        )
    console.print(table)
    console.print(_sum_up(entries), highlight=False)


def show_submission(
    console: Console,
    entry: Entry,
    attempts: Sequence[Attempt],
    adjustments: Sequence[Adjustment],
    decisions: Sequence[Decision] = (),
) -> None:
    """Print how a student's score comes about, with all attempts, all points by hand and all decisions."""
    name = clean(entry.student, limit=60)
    score = _without_score(entry) if entry.score is None else f"{number(entry.score)} points"
    console.print(Text.assemble((name, "bold"), f": {score}"))
    if entry.group:
        console.print(Text(f"Has a share in {clean(entry.group, limit=100)}."))
    if entry.extended_to:
        console.print(Text(f"The deadline is extended to {moment(entry.extended_to)}."))
    if entry.attempt.submitted_at:
        late = f", {number(entry.days_late)} days late" if entry.days_late else ""
        console.print(Text(f"Handed in {moment(entry.attempt.submitted_at)}{late}."))
    if entry.late_days:
        before = f", {entry.late_days_before} more for earlier assignments" if entry.late_days_before else ""
        console.print(Text(f"{entry.late_days_used} of {entry.late_days} late days used{before}."))
    if entry.penalty:
        console.print(Text(f"Taken off for being late: {number(entry.penalty)} points."))
    if attempts:
        console.print()
        console.print(_attempts(entry, attempts))
    if adjustments:
        console.print()
        console.print(_by_hand(adjustments))
    if decisions:
        console.print()
        console.print(_decided(decisions))


def _attempts(entry: Entry, attempts: Sequence[Attempt]) -> Table:
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
    return table


def _by_hand(adjustments: Sequence[Adjustment]) -> Table:
    table = _table("By hand", "Points", "")
    for adjustment in adjustments:
        gone = f", withdrawn {adjustment.withdrawn_at[:10]}" if adjustment.withdrawn_at else ""
        who = f"{clean(adjustment.by, limit=60)}, {adjustment.at[:10]}"
        why = f"{clean(adjustment.reason, limit=500)} ({who})"
        where = adjustment.check or "the total"
        by_comment = f", comment {clean(adjustment.comment, limit=60)}" if adjustment.comment else ""
        table.add_row(
            str(adjustment.number),
            _signed(adjustment.points),
            Text(f"{where}{by_comment}{gone}\n{why}"),
            style="dim" if gone else "",
        )
    return table


def _decided(decisions: Sequence[Decision]) -> Table:
    """Return a table of decisions; those that no longer stand are dim."""
    table = _table("Decided", "")
    holds = {decision.number for decision in standing(decisions)}
    for decision in decisions:
        of = f"{clean(decision.student, limit=60)}: {clean(told(decision), limit=200)}"
        text = f"{of}\n{clean(decision.reason, limit=500)} ({clean(decision.by, limit=60)})".replace("\n (", "\n(")
        table.add_row(decision.at[:10], Text(text), style="" if decision.number in holds else "dim")
    return table


def show_history(console: Console, events: Sequence[Event]) -> None:
    """Print a table of the changes that people made, with when, who, what and why."""
    table = _table("When", "Who", "What")
    for event in events:
        student = f"{clean(event.student, limit=60)}: " if event.student else ""
        why = f"\n{clean(event.reason, limit=500)}" if event.reason else ""
        table.add_row(moment(event.at), Text(clean(event.by, limit=40)), Text(f"{student}{clean(event.what)}{why}"))
    console.print(table)


def show_comments(console: Console, comments: Sequence[Comment], users: Mapping[str, Sequence[str]]) -> None:
    """Print the library of comments, each with its points, its text and whom it was given to."""
    table = _table("Comment", "Points", "")
    for comment in comments:
        used = "; ".join(clean(name, limit=60) for name in users.get(comment.id, ())) or "nobody so far"
        where = f"{comment.check}\n" if comment.check else ""
        words = Text.assemble(f"{where}{clean(comment.text, limit=500)}\n", (f"used for {used}", "dim"))
        table.add_row(Text(clean(comment.id, limit=40)), _signed(comment.points) or Text("0"), words)
    console.print(table)


def show_groups(console: Console, groups: Mapping[str, Sequence[str]]) -> None:
    """Print who shares which submission."""
    table = _table("Submission", "Students")
    for submission, students in groups.items():
        names = ", ".join(clean(name, limit=60) for name in students)
        table.add_row(Text(clean(submission, limit=60)), Text(names))
    console.print(table)


def show_comparison(console: Console, comparison: Comparison) -> None:
    """Print two attempts and each check that differs between them."""
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
    """Return the profile of an attempt, and the tasks if it was not over all, as in `quick, task 2`."""
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
    return Text(signed(points) if points else "")


def _name(entry: Entry) -> Text:
    name = clean(entry.student, limit=60)
    return Text.assemble(name, (f" in {clean(entry.group, limit=60)}", "dim")) if entry.group else Text(name)


def _late(entry: Entry) -> Text:
    if not entry.days_late or entry.excused:
        return Text("")
    free = f", {entry.late_days_used} free" if entry.late_days_used else ""
    taken = f", -{number(entry.penalty)}" if entry.penalty or not free else ""
    return Text(f"{number(entry.days_late)} d{free}{taken}", "yellow")


def _score(entry: Entry) -> Text:
    return Text(_without_score(entry), "yellow") if entry.score is None else Text(number(entry.score), "bold")


def _without_score(entry: Entry) -> str:
    return "excused" if entry.excused else "not graded"


def _sum_up(all_entries: Sequence[Entry]) -> str:
    """Sum up the class in a line; students who are excused do not count in the mean."""
    entries = [entry for entry in all_entries if not entry.excused]
    scores = [entry.score for entry in entries if entry.score is not None]
    text = f"{len(scores)} graded"
    if scores:
        text += f", mean score {number(round(sum(scores) / len(scores), 1))}"
    late = sum(entry.days_late > 0 for entry in entries)
    without = len(entries) - len(scores)
    excused = len(all_entries) - len(entries)
    told_of = ((late, "late"), (without, "not graded"), (excused, "excused"))
    return text + "".join(f"; {count} {word}" for count, word in told_of if count)
