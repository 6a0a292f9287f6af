"""Tests of `grader gradebook`, and of what `grader grade` does with a gradebook."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from grader.assignment.contract import checks_of
from grader.cli.app import app
from grader.gradebook.records import Entry
from grader.gradebook.store import Gradebook
from grader.ground.errors import UsageError
from tests.printed import lines
from tests.results import CONDITIONS, NOON, result_of

SAMPLES = Path(__file__).parent.parent / "submissions"
Run = Callable[..., str]

SEED = 0
KILLS = 50 if os.environ.get("GRADER_WHOLE_CORPUS") else 1
standard_result = functools.partial(result_of, checks=checks_of("standard"))

COURSE = """
[late]
deadline = 2026-06-01T12:00:00Z
percent_per_day = 10
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `grader gradebook` in a folder with a gradebook, and returns what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "course.toml").write_text(COURSE)
    standard = msgspec.structs.replace(CONDITIONS, profile="standard")
    with Gradebook.open(Path("gradebook.db")) as book:
        failing = ["subset_data/keeps-only-requested-classes", "train/checkpoint-best-epoch"]
        book.add(standard, standard_result("ada", failing=failing), graded_at=NOON, submitted_at=NOON)
        book.add(
            standard,
            standard_result("ada", failing=["train/checkpoint-best-epoch", "setup/loads"]),
            graded_at="2026-06-03T09:00:00Z",
            submitted_at="2026-06-02T18:00:00Z",
        )
        two = msgspec.structs.replace(standard, tasks=(2,))
        book.add(two, result_of("ada", checks=()), graded_at="2026-06-03T10:00:00Z")
        book.add(standard, standard_result("alan"), graded_at=NOON, submitted_at=NOON)
        book.add(standard, standard_result("grace", problem="the disk is full"), graded_at=NOON, submitted_at=NOON)

    def run(*arguments: str) -> str:
        assert app(["gradebook", *arguments], exit_on_error=False, print_error=False) == 0
        return capsys.readouterr().out

    return run


def test_the_class_as_a_table(run: Run) -> None:
    assert lines(run("show")) == [
        "Submission Measured By hand Late Score Run",
        "ada 93/100 1.25 d, -18.6 74.4 standard",
        "alan 100/100 100 standard",
        "grace – not graded standard",
        "2 graded, mean score 87.2; 1 late; 1 not graded",
    ]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (["--below", "100"], ["ada"]),
        (["--failed", "train/checkpoint-best-epoch"], ["ada"]),
        (["--failed", "subset_data/keeps-only-requested-classes"], []),
        (["--not-graded"], ["grace"]),
        (["--late"], ["ada"]),
        (["--late", "--below", "50"], []),
    ],
)
def test_filters(filters: list[str], names: list[str], run: Run) -> None:
    document = json.loads(run("show", "--json", *filters))
    assert [entry["attempt"]["result"]["submission"]["id"] for entry in document["entries"]] == names
    assert len(lines(run("show", *filters))) == 2 + len(names)


def test_one_submission_with_all_that_is_known_of_it(run: Run) -> None:
    run("adjust", "ada", "3", "--reason", "Right, but slow.", "--by", "Emmy", "--check", "train/checkpoint-best-epoch")
    run("adjust", "ada", "-1", "--reason", "Copied.", "--by", "Emmy")
    run("withdraw", "2")
    today = json.loads(run("show", "ada", "--json"))["adjustments"][0]["at"][:10]
    assert lines(run("show", "ada")) == [
        "ada: 76.8 points",
        "Handed in 2026-06-02 18:00 UTC, 1.25 days late.",
        "Taken off for being late: 19.2 points.",
        "",
        "Attempt Graded Run Isolation Measured",
        "1 2026-06-01 12:00 UTC standard namespaces 92/100",
        "2 2026-06-03 09:00 UTC standard namespaces 93/100 counts",
        "3 2026-06-03 10:00 UTC standard, task 2 namespaces 0/0",
        "",
        "By hand Points",
        "1 +3 train/checkpoint-best-epoch",
        f"Right, but slow. (Emmy, {today})",
        f"2 -1 the total, withdrawn {today}",
        f"Copied. (Emmy, {today})",
    ]


def test_json_is_the_records(run: Run) -> None:
    run("adjust", "ada", "3", "--reason", "Why.", "--by", "Emmy")
    document = json.loads(run("show", "ada", "--json"))
    assert set(document) == {"entry", "attempts", "adjustments", "decisions", "schema_version"}
    assert len(document["attempts"]) == 3
    assert msgspec.convert(document["entry"], Entry).score == 77.4


def test_points_by_hand_say_what_they_lead_to(run: Run) -> None:
    assert run("adjust", "alan", "-2.5", "--reason", "Late excuse.", "--by", "Emmy") == (
        "Adjustment 1: alan has 97.5 points.\n"
    )
    assert run("withdraw", "1") == "Adjustment 1 is withdrawn: alan has 100 points.\n"
    assert run("adjust", "grace", "5", "--reason", "Why.") == "Adjustment 2: grace is not graded.\n"


def test_attempts_compared_check_by_check(run: Run) -> None:
    assert lines(run("compare", "ada", "1", "2")) == [
        "ada: attempt 1 (standard, 92/100) → attempt 2 (standard, 93/100)",
        "setup/loads passed 2/2 → failed 0/2",
        "subset_data/keeps-only-requested-classes failed 0/3 → passed 3/3",
    ]
    assert lines(run("compare", "ada", "1", "1"))[1] == "No check has changed."
    changes = json.loads(run("compare", "ada", "--json"))["comparisons"][0]["changes"]
    assert len(changes) == len(standard_result().checks)  # the last attempt asked for nothing


def test_gradebooks_compared(run: Run, tmp_path: Path) -> None:
    with Gradebook.open(tmp_path / "before.db") as book:
        book.add(CONDITIONS, standard_result("alan"), graded_at=NOON)
        book.add(CONDITIONS, standard_result("ada", failing=["setup/loads"]), graded_at=NOON)
    said = lines(run("compare", "--with", "before.db"))
    assert said[:2] == [
        "ada: attempt 2 (quick, 98/100) → attempt 2 (standard, 93/100)",
        "train/checkpoint-best-epoch passed 5/5 → failed 0/5",
    ]
    assert said[2].startswith("grace: nothing → attempt 5 (standard, –)")
    assert lines(run("compare", "alan", "--with", "before.db"))[1] == "No check has changed."
    assert run("compare", "--with", "gradebook.db") == "No submission has changed.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "aad"], "aad: is not in gradebook.db; did you mean ada?"),
        (
            ["show", "ada", "--late"],
            "ada: --below, --failed, --not-graded and --late choose among all; leave the name out.",
        ),
        (["show", "--gradebook", "no.db"], "no.db: there is no such gradebook; `grader grade` makes one."),
        (["compare"], "name a submission, or another gradebook with --with."),
        (["compare", "alan"], "alan: has one attempt only, so there is nothing to compare."),
        (["compare", "ada", "4"], "ada: has no attempt 4; its attempts are 1, 2, 3."),
        (["compare", "aad", "--with", "gradebook.db"], "aad: is not in gradebook.db; did you mean ada?"),
        (
            ["compare", "ada", "1", "--with", "gradebook.db"],
            "--with compares what counts in two gradebooks; leave the attempts' numbers out.",
        ),
    ],
)
def test_wrong_use_is_one_sentence(arguments: list[str], message: str, run: Run) -> None:
    with pytest.raises(UsageError) as caught:
        run(*arguments)
    assert str(caught.value) == message


def test_hostile_names_and_reasons_print_harmlessly(run: Run) -> None:
    hostile = "\x1b[31m\u202e[bold]x"
    with Gradebook.open(Path("gradebook.db")) as book:
        book.add(CONDITIONS, standard_result(hostile), graded_at=NOON)
        book.adjust(hostile, 1, reason=hostile, by=hostile, at=NOON)
    said = run("show") + run("show", hostile) + run("compare", "--with", "gradebook.db")
    assert "[bold]x" in said
    assert not {"\x1b", "\u202e"} & set(said)


# What `grader grade` does


def command(folder: Path, *more: str) -> list[str]:
    options = ["--profile", "quick", "--task", "1", "--json", "-o", "reports", *more]
    return [sys.executable, "-m", "grader", "grade", str(folder), *options]


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    for name in ("ada", "alan", "emmy", "grace"):
        (folder / f"{name}.py").write_text((SAMPLES / "starter.py").read_text() + f"# {name}\n")
    (folder / "kurt.py").write_text("def subset_data(x):\n    return x\n")
    return folder


def without_times(path: Path) -> list[dict[str, Any]]:
    with Gradebook.open(path) as book:
        entries = msgspec.to_builtins(book.entries())
    for entry in entries:
        for field in ("number", "graded_at"):
            del entry["attempt"][field]
        del entry["attempt"]["result"]["seconds"]
        for check in entry["attempt"]["result"]["checks"]:
            del check["seconds"]
    return entries  # type: ignore[no-any-return]


def kept_whole(folder: Path) -> set[str]:
    """Return the submissions with a result in a folder's gradebook, after making sure that all results are complete."""
    path = folder / "gradebook.db"
    if not path.exists():
        return set()
    with Gradebook.open(path) as book:
        entries = book.entries()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        counts = dict(connection.execute("SELECT attempt, count(*) FROM checks GROUP BY attempt"))
    assert counts == {entry.attempt.number: len(entry.attempt.result.checks) for entry in entries}
    assert all(entry.attempts == 1 for entry in entries)
    return {entry.attempt.result.submission.id for entry in entries}


def killed(command: list[str], folder: Path, seconds: float) -> set[str] | None:
    """Return the results that a batch announced before it was killed, or `None` if it ended before."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(folder)},  # a process that is killed cannot remove its temporary files
    )
    assert process.stderr is not None
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.kill()
    # Wait for the grading processes to end too: until then they hold the other end of the pipe.
    said = process.stderr.read().splitlines()
    process.stderr.close()
    if process.wait() != -signal.SIGKILL:
        return None
    return {line.split()[1].rstrip(":") for line in said if line.startswith("[")}


@pytest.mark.slow
def test_a_batch_that_is_killed_goes_on_where_it_was(classroom: Path, tmp_path: Path) -> None:
    grade = command(classroom, "--task", "2", "--jobs", "2")
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    began = time.monotonic()
    whole = subprocess.run(grade, cwd=undisturbed, capture_output=True, text=True, timeout=300)
    lasts = time.monotonic() - began
    assert whole.returncode == 0, whole.stderr

    moments = random.Random(SEED)
    kills: Counter[int] = Counter()  # by the number of results at that time
    while kills.total() < KILLS:
        folder = Path(tempfile.mkdtemp(prefix="disturbed-", dir=tmp_path))
        announced: set[str] = set()
        while kills.total() < KILLS and (came := killed(grade, folder, moments.uniform(0, lasts))) is not None:
            announced |= came
            kept = kept_whole(folder)
            assert announced <= kept
            kills[len(kept)] += 1
            print(f"{kills.total()} kills of a batch of {lasts:.0f} s; by results there: {sorted(kills.items())}")
        kept = kept_whole(folder)
        resumed = subprocess.run(grade, cwd=folder, capture_output=True, text=True, timeout=300)
        assert resumed.returncode == 0, resumed.stderr
        said = resumed.stderr.splitlines()
        assert {line.split()[1].rstrip(":") for line in said if "(kept from 20" in line} == kept
        assert len(said) == 5
        assert without_times(folder / "gradebook.db") == without_times(undisturbed / "gradebook.db")
        results = json.loads(resumed.stdout)["results"]
        assert [r["submission"]["id"] for r in results] == ["ada", "alan", "emmy", "grace", "kurt"]
        assert [r["score"] for r in results] == [r["score"] for r in json.loads(whole.stdout)["results"]]
        assert len(list((folder / "reports" / "feedback").glob("*.md"))) == 5


def test_a_gradebook_that_does_not_open_is_refused_before_anything_is_graded(classroom: Path, tmp_path: Path) -> None:
    (tmp_path / "gradebook.db").write_text("Dear diary")
    done = subprocess.run(command(classroom / "kurt.py"), cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "grader: gradebook.db: is not a gradebook, nor any SQLite database; move it away, or name another file with "
        "--gradebook, or keep none with --no-gradebook.\n"
    )
    assert [entry.name for entry in tmp_path.iterdir()] == ["gradebook.db"]


@pytest.mark.slow
def test_a_gradebook_that_fails_in_mid_batch_costs_no_result(
    classroom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rescued = tmp_path / "rescued"
    rescued.mkdir()
    monkeypatch.setenv("TMPDIR", str(rescued))
    files = [str(classroom / name) for name in ("ada.py", "kurt.py")]
    grade = [sys.executable, "-m", "grader", "grade", *files, "--profile", "quick", "--task", "1", "--jobs", "1"]
    process = subprocess.Popen(grade, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "kurt" in process.stderr.readline()  # it has fewer functions, and so is graded first
    with contextlib.closing(sqlite3.connect(tmp_path / "gradebook.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # and keeps the lock
        at_once, line, in_the_end = process.stderr.read().splitlines()
        assert process.wait() == 3
        other.execute("ROLLBACK")
    process.stderr.close()
    fault = "grader: gradebook.db: another process is writing to it and did not end in time; try again when it is done."
    assert at_once == f"{fault} Grading goes on, and writing is tried again."
    assert "ada" in line
    (folder,) = rescued.glob("grader-results-*")
    assert in_the_end == f"{fault} Until then, 1 of the results are only in {folder}/results.json."
    results = json.loads((folder / "results.json").read_text())["results"]
    assert [result["submission"]["id"] for result in results] == ["ada", "kurt"]
    assert (folder / "feedback" / "kurt.md").exists()


def test_none_is_kept_where_none_is_wanted(classroom: Path, tmp_path: Path) -> None:
    wanted = command(classroom / "kurt.py", "--no-gradebook")
    done = subprocess.run(wanted, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["reports"]


def test_a_hand_in_without_time_zone_is_refused(classroom: Path, tmp_path: Path) -> None:
    wrong = command(classroom, "--submitted-at", "2026-06-01T12:00")
    done = subprocess.run(wrong, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (
        2,
        "",
        "grader: --submitted-at 2026-06-01T12:00: give date, time and time zone, as in 2026-06-30T23:59:00+02:00.",
    )
