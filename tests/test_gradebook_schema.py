"""Tests of the gradebook's tables, and of files of earlier and later versions of the grader."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from grader.gradebook.faults import GradebookError
from grader.gradebook.schema import APPLICATION_ID, MIGRATIONS, migrate
from grader.gradebook.store import Gradebook
from tests.results import CONDITIONS, NOON, result_of

FORMS = Path(__file__).parent / "gradebooks"
NEXT = ("ALTER TABLE attempts ADD COLUMN course_title TEXT NOT NULL DEFAULT ''",)


def file_of(path: Path, migrations: Sequence[Sequence[str]]) -> None:
    """Create a file as a grader with the given migrations would."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, path, migrations)


def tables(path: Path) -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()


def version(path: Path) -> tuple[int, int]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (form,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        return form, application


@pytest.mark.parametrize("form", range(len(MIGRATIONS) + 1))
def test_every_earlier_form_becomes_todays(form: int, tmp_path: Path) -> None:
    path, fresh = tmp_path / "old.db", tmp_path / "fresh.db"
    file_of(path, MIGRATIONS[:form])
    with Gradebook.open(path) as book:
        book.add(CONDITIONS, result_of(), graded_at=NOON)
    file_of(fresh, MIGRATIONS)
    assert tables(path) == tables(fresh)
    assert version(path) == version(fresh) == (len(MIGRATIONS), APPLICATION_ID)


@pytest.mark.parametrize("form", range(1, len(MIGRATIONS) + 1))
def test_a_file_of_every_form_still_opens_and_says_the_same(form: int, tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript((FORMS / f"form{form}.sql").read_text())
    assert version(path) == (form, APPLICATION_ID)
    with Gradebook.open(path) as book:
        entries = book.entries()
        assert [(e.attempt.result.submission.id, e.score, e.attempts) for e in entries] == [
            ("ada", 4.5, 2),
            ("grace", None, 1),
        ]
        first, second = book.attempts("ada")
        assert (first.result.score, second.result.score) == (2, 5)
        assert first.result.checks[0].hint == "Look at line 3."
        assert [(a.points, a.withdrawn_at) for a in book.adjustments("ada")] == [
            (-0.5, ""),
            (3, "2026-06-03T08:00:00Z"),
            *([(0, "")] if form > 2 else []),
        ]
        assert [(d.student, d.kind, d.undoes) for d in book.decisions()] == (
            []
            if form < 3
            else [
                ("ada", "extension", 0),
                ("grace", "excuse", 0),
                ("grace", "excuse", 2),
                ("ben", "group", 0),
                ("cleo", "group", 0),
            ]
        )
        assert [(c.id, c.points) for c in book.comments()] == ([] if form < 3 else [("nice", 1), ("nice", 0)])
        assert [(a.name, a.data) for a in book.artefacts(second.number)] == [("source", b"x = 1\n")]
        assert not any(entry.misses("setup/loads") for entry in book.entries())
        timings = book.measurements("ada", device="cpu", backend="tensorflow")
        steady = [[each.steady_seconds for each in timing.measurement.rounds] for timing in timings]
        assert steady == ([] if form < 2 else [[1.5, 1.25]])


def test_a_migration_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    with Gradebook.open(path) as book:
        book.add(CONDITIONS, result_of(), graded_at=NOON)
    file_of(path, (*MIGRATIONS, NEXT))
    assert version(path) == (len(MIGRATIONS) + 1, APPLICATION_ID)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT submission, course_title FROM attempts").fetchall() == [("ada", "")]


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    file_of(path, MIGRATIONS)
    before = tables(path)
    with pytest.raises(sqlite3.OperationalError):
        file_of(path, (*MIGRATIONS, NEXT, ("ALTER TABLE nothing ADD COLUMN x",)))
    assert tables(path) == before
    assert version(path) == (len(MIGRATIONS), APPLICATION_ID)


def test_a_file_of_a_newer_grader_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    file_of(path, (*MIGRATIONS, NEXT))
    with pytest.raises(GradebookError) as caught, Gradebook.open(path):
        pass
    new, known = len(MIGRATIONS) + 1, len(MIGRATIONS)
    assert str(caught.value) == (
        f"{path}: was written by a newer grader (form {new}; this grader knows forms up to {known}); "
        "update the grader, or name another file with --gradebook."
    )
    assert version(path) == (new, APPLICATION_ID)


def test_tables_are_strict_and_rows_belong_to_attempts(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    file_of(path, MIGRATIONS)
    assert all("STRICT" in sql for name, sql in tables(path) if sql and sql.startswith("CREATE TABLE"))
    with Gradebook.open(path) as book, contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert book.entries() == []
        connection.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY constraint failed"):
            connection.execute("INSERT INTO artefacts VALUES (1, 9, '', 'figure', 'image/png', x'00')")


@pytest.mark.parametrize("change", ["UPDATE {} SET reason = ''", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["comments", "decisions"])
def test_what_was_decided_cannot_be_changed_from_outside_either(table: str, change: str, tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript((FORMS / "form3.sql").read_text())
        with pytest.raises(sqlite3.IntegrityError, match=f"{table} are added and never changed"):
            connection.execute(change.format(table))
