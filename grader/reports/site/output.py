"""A result as the output of a notebook's cell: a piece of a page, with the words of all other reports."""

from __future__ import annotations

from collections.abc import Sequence

from grader.gradebook.records import Attempt, Entry
from grader.reports.site.students import StudentPage, tasks_of
from grader.reports.site.writing import templates
from grader.reports.text import better_and_worse, most_lost_first
from grader.results.changes import Change
from grader.results.scoring import Graded


def as_output(graded: Graded, summary: str, changes: Sequence[Change] | None, *, in_kernel: bool) -> str:
    """The piece of a page.

    Args:
        graded: What is shown.
        summary: The line that sums it up.
        changes: What is not as it was before; `None` where nothing was before.
        in_kernel: Whether the numbers of cells are those in their brackets.
    """
    attempt = Attempt(1, "", "", "", "", "", (), "", graded.result)
    page = StudentPage(Entry(attempt, 1, (), 0.0, 0.0, graded.result.score), graded.artefacts)
    return (
        templates()
        .get_template("output.html")
        .render(
            result=graded.result,
            summary=summary,
            tasks=tuple(tasks_of(page)),
            lost=tuple(most_lost_first(graded.result)),
            changes=None if changes is None else better_and_worse(changes),
            in_kernel=in_kernel,
        )
    )
