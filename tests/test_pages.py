"""Tests of which attempt the pages of a batch show."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.course import Counted, Course, Settings
from grader.gradebook.keeping import keeping
from grader.grading.pages import Pages
from grader.results.scoring import Graded, Result
from tests.results import CONDITIONS, result_of

GOOD = result_of(sha256="1" * 64)
WORSE = result_of(sha256="2" * 64, failing=["train/early-stopping"])


def shown(folder: Path, course: Course, *, tasks: frozenset[int] = frozenset(), **graded: Result) -> dict[str, bool]:
    """Return for each result that is graded in turn whether the last page shows its score."""
    with keeping(folder / "gradebook.db", CONDITIONS, course=course) as keeper:
        for result in graded.values():
            keeper.add(result)
        pages = Pages(Settings(course, CONDITIONS.profile, tasks, CONDITIONS.isolation), keeper, folder)
        pages.add(Graded(list(graded.values())[-1], ()))
        pages.write()
    page = (folder / "students" / "ada.html").read_text()
    return {name: f"<strong>{result.score:g}</strong> of" in page for name, result in graded.items()}


@pytest.mark.parametrize("attempts", ["last", "best"])
def test_a_worse_attempt_shows_where_the_last_counts(attempts: Counted, tmp_path: Path) -> None:
    best = attempts == "best"
    assert shown(tmp_path, Course(attempts=attempts), good=GOOD, worse=WORSE) == {"good": best, "worse": not best}


def test_a_look_at_one_task_shows_itself(tmp_path: Path) -> None:
    course = Course(attempts="best")
    assert shown(tmp_path, course, tasks=frozenset({5}), good=GOOD, worse=WORSE) == {"good": False, "worse": True}
