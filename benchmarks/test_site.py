"""The time and size of the pages of a large class: `tox -e bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grader.course import Course
from grader.reports.site import write_site
from tests.invented import invented_class


def test_pages_of_five_hundred_students(benchmark: Any, tmp_path: Path) -> None:
    """Write the whole site: a page with figures and charts for each student, and the page of the class."""
    pages = invented_class(500)
    benchmark.pedantic(write_site, (tmp_path, Course(), pages), rounds=3, warmup_rounds=0)
    students = list((tmp_path / "students").iterdir())
    assert len(students) == 500
    benchmark.extra_info["class_page_kb"] = round((tmp_path / "index.html").stat().st_size / 1000)
    benchmark.extra_info["mean_student_page_kb"] = round(sum(p.stat().st_size for p in students) / len(students) / 1000)
