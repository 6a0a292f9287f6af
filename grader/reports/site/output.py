"""A result as HTML for the output of a notebook's cell."""

from __future__ import annotations

from collections.abc import Sequence

from grader.gradebook.records import Attempt, Entry
from grader.reports.site.students import StudentPage, tasks_of
from grader.reports.site.writing import templates
from grader.reports.text import better_and_worse, most_lost_first
from grader.results.changes import Change
from grader.results.scoring import Graded


def as_output(graded: Graded, summary: str, changes: Sequence[Change] | None, *, in_kernel: bool) -> str:
    """Return a result as HTML.

    Args:
        graded: The result and its artefacts.
        summary: The line that sums up the result.
        changes: The checks that differ from the time before; `None` if there was no time before.
        in_kernel: Whether the numbers of cells are execution counts, as shown in brackets beside the cells.
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
