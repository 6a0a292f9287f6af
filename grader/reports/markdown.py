"""A submission's feedback as a Markdown file."""

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
    """Return the whole feedback of one submission; see `score` for `more_from`."""
    lines = [f"# {escape(result.submission.id)}", "", score(report, result, more_from=more_from), "", *to_mend(result)]
    for each in by_task(result):
        of = f"{number(each.points)} of {number(each.max_points)}"
        lines += [f"## Task {each.task.number}: {each.task.title} ({of})", "", *check_lines(each.checks), ""]
    return "\n".join(lines)


def score(report: Report, result: Result, *, more_from: str = "") -> str:
    """Return the score in a line, or why there is none.

    Args:
        report: The report that the result is part of.
        result: The result, without what the student must not see yet.
        more_from: When the rest will be shown: ISO 8601, UTC; empty if nothing is hidden.
    """
    if result.status == "infrastructure_error":
        return f"The grader failed, so this is no score: {escape(result.problem)}"
    more = f" Some of what was checked is not told before {moment(more_from)}." if more_from else ""
    return f"**{number(result.score)} of {number(result.max_score)} points**, profile {report.profile}.{more}"


def to_mend(result: Result) -> list[str]:
    """Return a table of the lost points, the most first, with links to the findings; empty if none are lost."""
    found = most_lost_first(result)
    if not found:
        return []
    lines = ["## What to fix first", "", "| points lost | what should hold |", "|--:|---|"]
    for finding in found:
        place = place_of(finding.first)
        link = f"[{_cell(finding.title)}](#{anchor_of(finding.first.id)})"
        lines.append(f"| {number(finding.max_points - finding.points)} | {link}{f', {place}' if place else ''} |")
    return [*lines, ""]


def _cell(text: str) -> str:
    """Escape text for a link in a cell of a table, which must not contain line breaks."""
    return escape(text).replace("\n", " ")


def check_lines(checks: Sequence[CheckResult]) -> list[str]:
    """Return checks as a list: the findings, then a line for each check that passed, folded if there are findings."""
    lines = [line for finding in findings(checks) for line in failure(finding)]
    passed = [f"- ✓ {title_of(c)} ({number(c.points)})" for c in checks if c.status == "passed"]
    if not lines or not passed:
        return [*lines, *passed]
    count = f"{len(passed)} check{'s' if len(passed) > 1 else ''} passed"
    return [*lines, f"<details><summary>✓ {count}</summary>", "", *passed, "", "</details>"]


def failure(finding: Finding) -> list[str]:
    """Return a finding as an item of a list, with title and points, message, example and hint."""
    check = finding.first
    word = STATUS_WORDS[check.status]
    points = f"{number(finding.points)} of {number(finding.max_points)}"
    place = place_of(check)
    title = f"{finding.title} ({points}){f', {place}' if place else ''}"
    lines = [f'- <a id="{anchor_of(check.id)}"></a>**✗{f" {word}" if word else ""}** {title}', ""]
    lines += [f"  {line}" for line in escape(check.message).splitlines()]
    if check.example:
        # The fence must be longer than any run of backticks inside it.
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", check.example)), default=0))
        code = [f"  {line}" for line in clean(check.example).splitlines()]
        lines += ["", f"  {fence}python", *code, f"  {fence}"]
    if check.hint:
        lines += ["", f"  *Hint:* {escape(check.hint)}"]
    return [*lines, ""]


def escape(text: str) -> str:
    """Escape text for Markdown, except for pairs of backticks, with which messages quote code."""
    parts = re.split(r"(`[^`\n]+`)", clean(text))  # every second part is code
    return "".join(part if place % 2 else _SPECIAL.sub(r"\\\1", part) for place, part in enumerate(parts))
