"""A submission's feedback as Markdown, for a file that a student opens."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.ground.text import clean, moment, number
from grader.reports.text import (
    STATUS_WORDS,
    Finding,
    anchor_of,
    by_task,
    findings,
    most_lost_first,
    place_of,
    title_of,
)
from grader.results.scoring import CheckResult, Report, Result

_SPECIAL = re.compile(r"([\\*_\[\]<>#|~!$`])")


def feedback(report: Report, result: Result, *, more_from: str = "") -> str:
    """The whole feedback of one submission; see `score` for `more_from`."""
    lines = [f"# {escape(result.submission.id)}", "", score(report, result, more_from=more_from), "", *to_mend(result)]
    for each in by_task(result):
        of = f"{number(each.points)} of {number(each.max_points)}"
        lines += [f"## Task {each.task.number}: {each.task.title} ({of})", "", *check_lines(each.checks), ""]
    return "\n".join(lines)


def score(report: Report, result: Result, *, more_from: str = "") -> str:
    """The score in a line, or why there is none.

    Args:
        report: How it was graded.
        result: What is told of it.
        more_from: When all is told: ISO 8601, UTC; empty where that is now.
    """
    if result.status == "infrastructure_error":
        return f"The grader failed, so this is no score: {escape(result.problem)}"
    more = f" Some of what was checked is not told before {moment(more_from)}." if more_from else ""
    return f"**{number(result.score)} of {number(result.max_score)} points**, profile {report.profile}.{more}"


def to_mend(result: Result) -> list[str]:
    """What is lost, most points first, each with a link to its place; nothing where all is well."""
    found = most_lost_first(result)
    if not found:
        return []
    lines = ["## What to mend first", "", "| points lost | what should hold |", "|--:|---|"]
    for finding in found:
        place = place_of(finding.first)
        link = f"[{_cell(finding.title)}](#{anchor_of(finding.first.id)})"
        lines.append(f"| {number(finding.max_points - finding.points)} | {link}{f', {place}' if place else ''} |")
    return [*lines, ""]


def _cell(text: str) -> str:
    """Text in a cell of a table, within a link."""
    return escape(text).replace("\n", " ")


def check_lines(checks: Sequence[CheckResult]) -> list[str]:
    """Some checks as a list: what is wrong, then those that passed, in a line each and folded where there is more."""
    lines = [line for finding in findings(checks) for line in failure(finding)]
    passed = [f"- ✓ {title_of(c)} ({number(c.points)})" for c in checks if c.status == "passed"]
    if not lines or not passed:
        return [*lines, *passed]
    count = f"{len(passed)} check{'s' if len(passed) > 1 else ''} passed"
    return [*lines, f"<details><summary>✓ {count}</summary>", "", *passed, "", "</details>"]


def failure(finding: Finding) -> list[str]:
    """One finding as an item of a list: title and points, message, example, hint."""
    check = finding.first
    word = STATUS_WORDS[check.status]
    points = f"{number(finding.points)} of {number(finding.max_points)}"
    place = place_of(check)
    title = f"{finding.title} ({points}){f', {place}' if place else ''}"
    lines = [f'- <a id="{anchor_of(check.id)}"></a>**✗{f" {word}" if word else ""}** {title}', ""]
    lines += [f"  {line}" for line in escape(check.message).splitlines()]
    if check.example:
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", check.example)), default=0))
        code = [f"  {line}" for line in clean(check.example).splitlines()]
        lines += ["", f"  {fence}python", *code, f"  {fence}"]
    if check.hint:
        lines += ["", f"  *Hint:* {escape(check.hint)}"]
    return [*lines, ""]


def escape(text: str) -> str:
    """Text that shows as it is; pairs of backticks stay, since messages quote code with them."""
    parts = re.split(r"(`[^`\n]+`)", clean(text))  # every second part is code
    return "".join(part if place % 2 else _SPECIAL.sub(r"\\\1", part) for place, part in enumerate(parts))
