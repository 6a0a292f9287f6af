"""Tests of errors of the gradebook's file: each gives one sentence, and the file keeps what it had."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from grader.gradebook.faults import GradebookError
from grader.gradebook.keeping import keeping
from grader.gradebook.store import Gradebook
from grader.sandbox.host.launch import why_not
from grader.sandbox.levels import bubblewrap
from tests.results import CONDITIONS, NOON, result_of

DAMAGED = "is damaged, perhaps cut short; put a copy of it in its place, or name another file with --gradebook."
NO_DATABASE = "is not a gradebook, nor any SQLite database; move it away, or name another file with --gradebook."
NOT_OPENED = "cannot be opened or made; look at the folder and its permissions, or name another file with --gradebook."
LOCKED = "another process is writing to it and did not end in time; try again when it is done."

bubblewrapped = pytest.mark.skipif(bool(why_not("namespaces")), reason="needs bubblewrap")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A gradebook with an attempt."""
    path = tmp_path / "gradebook.db"
    with Gradebook.open(path) as book:
        book.add(CONDITIONS, result_of(), graded_at=NOON)
    return path


def fault(path: Path) -> str:
    """Return the error message when an attempt is added."""
    with pytest.raises(GradebookError) as caught, Gradebook.open(path, wait=0.05) as book:
        book.add(CONDITIONS, result_of(), graded_at=NOON)
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    for text in ("x", "SQLite format 3", "Dear diary, " * 1000):
        path.write_text(text)
        assert fault(path) == f"{path}: {NO_DATABASE}"
        assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.9])
def test_a_file_that_was_cut_short_is_damaged(path: Path, kept: float) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    assert fault(path) == f"{path}: {DAMAGED}"


def test_a_result_that_is_none_is_damage(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE attempts SET result = '{}'")
    with Gradebook.open(path) as book, pytest.raises(GradebookError) as caught:
        book.entries()
    assert str(caught.value) == f"{path}: {DAMAGED}"


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    before = path.read_bytes()
    assert fault(path) == (
        f"{path}: is a database of another program; move it away, or name another file with --gradebook."
    )
    assert path.read_bytes()[100:] == before[100:]


def test_a_folder_that_is_not_there_and_a_file_that_is_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere" / "gradebook.db", tmp_path):
        assert fault(path) == f"{path}: {NOT_OPENED}"


def test_an_empty_file_becomes_a_gradebook(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"  # what is left if a process is killed while it creates a gradebook
    path.touch()
    with Gradebook.open(path) as book:
        assert book.entries() == []


def test_a_second_writer_does_not_wait_for_ever_and_readers_not_at_all(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert fault(path) == f"{path}: {LOCKED}"
        with Gradebook.open(path, wait=0.05) as book:
            assert book.entry("ada").score == 93
        other.execute("ROLLBACK")
    with Gradebook.open(path) as book:
        assert book.entry("ada").attempts == 1


def test_a_writer_waits_for_its_turn(path: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other,
        Gradebook.open(path) as book,
    ):
        other.execute("BEGIN IMMEDIATE")
        turn = threading.Timer(0.1, other.execute, ["ROLLBACK"])
        turn.start()
        book.add(CONDITIONS, result_of(), graded_at=NOON)
        turn.join()
        assert book.entry("ada").attempts == 2


def confined(path: Path, *arguments: str, what: str = "add_until_it_fails") -> str:
    """Run a function of this module in a process with other mounts, and return what it prints."""
    program = bubblewrap.program()
    assert program is not None
    code = f"from tests.test_gradebook_faults import {what}; {what}()"
    command = [program, "--dev-bind", "/", "/", *arguments, sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent, check=True)
    return done.stdout.strip()


def add_until_it_fails() -> None:
    """Print the error, and how many of the attempts that were announced are in the file."""
    path = Path(sys.argv[1])
    announced = 0
    try:
        with Gradebook.open(path) as book:
            for _ in range(1000):
                book.add(CONDITIONS, result_of(), graded_at=NOON)
                announced += 1
    except GradebookError as error:
        print(error)
    if announced:
        with Gradebook.open(path) as book:
            (entry,) = book.entries()
            checks = sum(len(attempt.result.checks) for attempt in book.attempts("ada"))
            print(entry.attempts == announced, checks == announced * len(result_of().checks))


def begin_a_batch() -> None:
    """Print why a batch cannot begin."""
    try:
        with keeping(Path(sys.argv[1]), CONDITIONS):
            print("It has begun.")
    except GradebookError as error:
        print(error)


@bubblewrapped
def test_a_folder_that_cannot_be_written(path: Path) -> None:
    folder = str(path.parent)
    assert confined(path, "--ro-bind", folder, folder) == f"{path}: {NOT_OPENED}"
    assert (
        confined(path.with_name("new.db"), "--ro-bind", folder, folder) == f"{path.with_name('new.db')}: {NOT_OPENED}"
    )


@bubblewrapped
def test_a_file_that_cannot_be_written(path: Path) -> None:
    sentence = "cannot be written; make the file and its folder writable, or name another file with --gradebook."
    assert confined(path, "--ro-bind", str(path), str(path)) == f"{path}: {sentence}"
    refused = f"{path}: {sentence[:-1]}, or keep none with --no-gradebook."
    assert confined(path, "--ro-bind", str(path), str(path), what="begin_a_batch") == refused


@bubblewrapped
def test_a_full_disk_loses_nothing_that_was_announced(tmp_path: Path) -> None:
    path = tmp_path / "disk" / "gradebook.db"
    said = confined(path, "--size", "1000000", "--tmpfs", str(path.parent)).splitlines()
    assert said == [f"{path}: the disk is full; make room, or name another file with --gradebook.", "True True"]
