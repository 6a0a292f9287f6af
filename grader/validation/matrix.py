"""Write the validation of the grader as Markdown: the kill matrix, and the messages about every bug."""

from __future__ import annotations

from collections.abc import Sequence

from grader.assignment import contract
from grader.reports.markdown import escape, failure
from grader.reports.text import findings
from grader.validation.corpus import Chaff
from grader.validation.guided import CaseVerdict, rate
from grader.validation.validating import Validation, Verdict, spread


def kill_matrix(validation: Validation, made: Sequence[contract.Check] = contract.CHECKS) -> str:
    """Return the kill matrix as Markdown: for each task, a table of which bug is caught by which checks.

    Args:
        validation: The verdicts on the corpus.
        made: The checks that the course runs.
    """
    sound = [verdict for verdict in validation.verdicts if verdict.chaff is None]
    buggy = [verdict for verdict in validation.verdicts if verdict.chaff is not None]
    lines = [
        "# Kill matrix",
        "",
        f"- {_share(sound)} sound solutions have full marks.",
        f"- {_share(buggy)} bugs are caught by the check that is about them, and by none of another task unless the "
        "bug's own file says why.",
        f"- Profile {validation.profile}, isolation {validation.isolation}, {validation.seconds / 60:.0f} minutes.",
        "",
        "Written by `grader validate -o FOLDER`. ● is the check that must catch the bug, ○ another that fails too. A "
        "bug is graded in its own task, in the first, and in each that it can reach by what its functions need.",
    ]
    lines += ["", *(f"- {line}" for line in rates(validation))]
    if validation.wrong:
        lines += ["", "## Where the grader is wrong", ""]
        lines += [f"- `{verdict.name}`: {escape('; '.join(verdict.faults))}" for verdict in validation.wrong]
    for task in contract.TASKS:
        rows = [verdict for verdict in buggy if verdict.chaff is not None and verdict.chaff.task == task.number]
        if rows:
            lines += _task(task, rows, made)
    bugs = [verdict for verdict in validation.guided if verdict.case.task is not None]
    if bugs:
        lines += ["", "## The guided form", ""]
        lines += ["| bug | task | its checks that fail | other tasks | s |", "|---|--:|---|---|--:|"]
        lines += [_guided_row(verdict) for verdict in bugs]
    return "\n".join(lines) + "\n"


def rates(validation: Validation) -> list[str]:
    """Return a sentence for each form of the assignment that says how often the grader was right."""
    counted = {
        "functions": [(verdict.chaff is None, not verdict.faults) for verdict in validation.verdicts],
        "guided": [(verdict.case.task is None, not verdict.faults) for verdict in validation.guided],
    }
    return [
        f"Form {form}: right about {rate(right for sound, right in each if sound)} sound solutions and about "
        f"{rate(right for sound, right in each if not sound)} bugs."
        for form, each in counted.items()
        if each
    ]


def _guided_row(verdict: CaseVerdict) -> str:
    case = verdict.case
    lost = [check for check in verdict.result.checks if check.points < check.max_points]
    own, others = ([f"`{check.id}`" for check in lost if (check.task == case.task) is mine] for mine in (True, False))
    seconds = f"{verdict.result.seconds:.0f}"
    return f"| {escape(case.sentence)} | {case.task} | {', '.join(own)} | {', '.join(others)} | {seconds} |"


def _share(verdicts: Sequence[Verdict]) -> str:
    right = sum(not verdict.faults for verdict in verdicts)
    return f"All {right}" if right == len(verdicts) else f"{right} of {len(verdicts)}"


def _task(task: contract.Task, rows: Sequence[Verdict], made: Sequence[contract.Check]) -> list[str]:
    checks = [check for check in made if check.task == task.number]
    primary = {check.id: 0 for check in checks}
    for row in rows:
        if row.chaff is not None and row.chaff.caught_by[0] in primary:
            primary[row.chaff.caught_by[0]] += 1
    lines = ["", f"## Task {task.number}: {task.title}", ""]
    lines += [f"{number}. `{c.id}`: the check for {primary[c.id]} of them" for number, c in enumerate(checks, 1)]
    heads = [str(number) for number in range(1, len(checks) + 1)]
    lines += ["", f"| bug | {' | '.join(heads)} | other tasks | s |", f"|---|{':-:|' * len(checks)}---|--:|"]
    for row in rows:
        if row.chaff is not None:
            lines.append(_row(row.chaff, row, checks))
    return lines


def _row(chaff: Chaff, verdict: Verdict, checks: Sequence[contract.Check]) -> str:
    wrong = {check.id for check in verdict.result.checks if check.status != "passed"}
    marks = ["●" if c.id == chaff.caught_by[0] and c.id in wrong else "○" if c.id in wrong else "" for c in checks]
    elsewhere = spread(chaff, verdict.result)
    text = ", ".join(f"`{check.id}`" for check in elsewhere[:3])
    if len(elsewhere) > 3:
        text += f" and {len(elsewhere) - 3} more"
    if elsewhere and chaff.why_it_spreads:
        text += f": {escape(chaff.why_it_spreads)}"
    return f"| {escape(chaff.sentence)} | {' | '.join(marks)} | {text} | {verdict.result.seconds:.0f} |"


def messages(validation: Validation) -> str:
    """Return the messages that students read for each bug, as Markdown, so that all of them can be edited together."""
    lines = ["# What is said about each bug", ""]
    for verdict in validation.verdicts:
        if verdict.chaff is None:
            continue
        lines += [f"## {escape(verdict.chaff.sentence)}", "", f"`{verdict.name}`", ""]
        for finding in findings(verdict.result.checks):
            lines += failure(finding)
    for guided in validation.guided:
        if guided.case.task is None:
            continue
        lines += [f"## {escape(guided.case.sentence)}", "", f"`{guided.name}`", ""]
        for finding in findings(guided.result.checks):
            lines += failure(finding)
    return "\n".join(lines) + "\n"
