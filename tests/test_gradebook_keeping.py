"""Tests of how a batch uses the gradebook: what is not graded again, and results that cannot be written."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from grader.gradebook.faults import GradebookError
from grader.gradebook.keeping import Keeper, keeping
from grader.gradebook.records import Attempt, Conditions
from grader.gradebook.store import Gradebook
from grader.results.artefacts import Artefact
from grader.submissions import SubmissionFile, sha256_of
from tests.measurements import measurement
from tests.results import CONDITIONS, result_of

NINE = 1_780_300_800  # 2026-06-01T08:00:00Z


@pytest.fixture
def file(tmp_path: Path) -> SubmissionFile:
    path = tmp_path / "ada.py"
    path.write_text("x = 1\n")
    os.utime(path, (NINE, NINE))
    return SubmissionFile("ada", path)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Gradebook]:
    with Gradebook.open(tmp_path / "gradebook.db", wait=0.05) as book:
        yield book


def grade(
    book: Gradebook,
    file: SubmissionFile,
    *,
    conditions: Conditions = CONDITIONS,
    force: bool = False,
    submitted_at: str = "",
) -> Attempt | None:
    """Grade a submission unless its result is kept; return the attempt that is kept."""
    keeper = Keeper(book, conditions, force=force, submitted_at=submitted_at)
    found = keeper.find(file)
    if found is None:
        keeper.add(result_of(file.id, sha256=sha256_of(file)), [Artefact("", "source", "text/plain", b"x")])
    assert keeper.fault == ""
    return found


def test_what_has_not_changed_is_not_graded_again(book: Gradebook, file: SubmissionFile) -> None:
    assert grade(book, file) is None
    kept = grade(book, file)
    assert kept == book.entry("ada").attempt
    assert len(book.attempts("ada")) == 1
    assert len(book.artefacts(1)) == 1


def test_what_has_changed_is_graded_again(book: Gradebook, file: SubmissionFile) -> None:
    grade(book, file)
    file.path.write_text("x = 2\n")
    assert grade(book, file) is None
    assert grade(book, file, conditions=msgspec.structs.replace(CONDITIONS, course="other")) is None
    assert grade(book, file, force=True) is None
    assert len(book.attempts("ada")) == 4


def test_what_cannot_be_read_is_always_graded(book: Gradebook, tmp_path: Path) -> None:
    for file in (SubmissionFile("gone", tmp_path / "gone.py"), SubmissionFile("folder", tmp_path, "Two files.")):
        assert grade(book, file) is None
        assert grade(book, file) is None


def test_a_submission_is_handed_in_when_its_file_was_first_seen_to_have_changed(
    book: Gradebook, file: SubmissionFile
) -> None:
    grade(book, file)
    os.utime(file.path, (NINE + 86_400, NINE + 86_400))  # copied, with the same bytes
    assert grade(book, file) is not None
    assert book.entry("ada").attempt.submitted_at == "2026-06-01T08:00:00Z"


def test_a_link_is_handed_in_when_it_was_made(book: Gradebook, file: SubmissionFile, tmp_path: Path) -> None:
    link = tmp_path / "link.py"
    link.symlink_to(file.path)
    os.utime(link, (NINE + 3600, NINE + 3600), follow_symlinks=False)
    grade(book, SubmissionFile("link", link))
    assert book.entry("link").attempt.submitted_at == "2026-06-01T09:00:00Z"


def test_what_is_said_of_the_hand_in_holds(book: Gradebook, file: SubmissionFile) -> None:
    grade(book, file)
    assert grade(book, file, submitted_at="2026-05-31T08:00:00Z") is None
    assert grade(book, file, submitted_at="2026-05-31T08:00:00Z") is not None
    assert grade(book, file) is not None
    assert [a.submitted_at for a in book.attempts("ada")] == ["2026-06-01T08:00:00Z", "2026-05-31T08:00:00Z"]


def test_results_wait_while_another_process_writes(book: Gradebook, tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    keeper = Keeper(book, CONDITIONS)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        keeper.add(result_of("ada"))
        keeper.add(result_of("grace"))
        busy = f"{path}: another process is writing to it and did not end in time; try again when it is done."
        assert (keeper.fault, keeper.unwritten) == (busy, 2)
        assert book.entries() == []
        other.execute("ROLLBACK")
    keeper.add(result_of("alan"))
    assert (keeper.fault, keeper.unwritten) == ("", 0)
    assert [book.attempts(name)[0].number for name in ("ada", "grace", "alan")] == [1, 2, 3]
    keeper.write()
    assert sum(entry.attempts for entry in book.entries()) == 3


def test_a_gradebook_that_does_not_open_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    path.write_text("Dear diary")
    with pytest.raises(GradebookError) as caught, keeping(path, CONDITIONS):
        pytest.fail("a file that is no gradebook was opened")
    assert str(caught.value) == (
        f"{path}: is not a gradebook, nor any SQLite database; move it away, or name another file with --gradebook, "
        "or keep none with --no-gradebook."
    )
    assert path.read_text() == "Dear diary"


def test_without_a_gradebook_none_is_made(tmp_path: Path, file: SubmissionFile) -> None:
    with keeping(None, CONDITIONS) as keeper:
        assert keeper.find(file) is None
        keeper.add(result_of())
        assert keeper.fault == ""
    assert list(tmp_path.iterdir()) == [file.path]


def test_what_is_known_of_a_submission_has_its_measurements(book: Gradebook) -> None:
    keeper = Keeper(book, CONDITIONS)
    assert keeper.known("ada") == ()
    keeper.add(result_of("ada"))
    mine = book.add_measurement(measurement("ada", [1.0], [1.0]))
    book.add_measurement(measurement("grace", [1.0], [1.0]))
    (known,) = keeper.known("ada")
    assert (known.entry.attempt.result, known.timings) == (result_of("ada"), (mine,))
