"""Tests of the gradebook file: everything that is stored can be read, whatever happens to the process that writes."""

from __future__ import annotations

import contextlib
import multiprocessing
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from grader.assignment.contract import CHECKS, PROFILES
from grader.course import Course, Late
from grader.gradebook.records import Adjustment, Attempt, Conditions, Timing
from grader.gradebook.store import Gradebook
from grader.ground.errors import UsageError
from grader.results.artefacts import Artefact
from grader.results.scoring import CheckResult, Result, SubmissionInfo
from tests.measurements import MACHINE, measurement
from tests.results import CONDITIONS, NOON, QUICK, renamed, result_of

LATER = "2026-06-02T12:00:00Z"
FEW = CHECKS[:3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gradebook.db"


@pytest.fixture
def book(path: Path) -> Iterator[Gradebook]:
    with Gradebook.open(path) as opened:
        yield opened


def asked(profile: str = "quick", *tasks: int) -> Conditions:
    return msgspec.structs.replace(CONDITIONS, profile=profile, tasks=tasks)


def counting(book: Gradebook, submission: str = "ada") -> int:
    return book.entry(submission).attempt.number


# What goes in comes out


def test_an_attempt_comes_back_as_it_was_measured(path: Path) -> None:
    measured = result_of(failing=["train/early-stopping"])
    artefacts = (
        Artefact("", "source", "text/plain", b"x = 1"),
        Artefact("train/validates", "curves", "image/png", b"\0"),
    )
    with Gradebook.open(path) as book:
        number = book.add(asked("full", 2, 3), measured, artefacts, graded_at=LATER, submitted_at=NOON)
    with Gradebook.open(path) as book:
        (attempt,) = book.attempts("ada")
        c = CONDITIONS
        assert attempt == Attempt(
            number, LATER, NOON, c.course, c.calibration, "full", (2, 3), c.isolation, measured, c.grader
        )
        assert attempt.conditions == asked("full", 2, 3)
        assert book.artefacts(number) == artefacts
        assert book.artefacts(number + 1) == ()
        assert book.entry("ada").attempt == attempt


TEXT = st.text(max_size=20)
POINTS = st.floats(0, 100)
LINES = st.builds(
    CheckResult,
    st.sampled_from(CHECKS).map(lambda check: check.id),
    st.integers(1, 6),
    TEXT,
    st.sampled_from(["passed", "failed", "error", "timeout", "crashed", "not_run"]),
    *[POINTS, POINTS, TEXT, TEXT, TEXT, POINTS],
)
RESULTS = st.builds(
    Result,
    st.builds(SubmissionInfo, TEXT, TEXT, TEXT, TEXT),
    st.sampled_from(["graded", "infrastructure_error"]),
    *[POINTS, POINTS, POINTS],
    st.lists(LINES, max_size=4, unique_by=lambda line: line.id).map(tuple),
    TEXT,
)
ARTEFACTS = st.lists(
    st.builds(Artefact, TEXT, TEXT, st.sampled_from(["image/png", "text/plain"]), st.binary()), max_size=3
)


def test_any_result_comes_back_as_it_was(path: Path) -> None:
    with Gradebook.open(path) as book:

        @settings(max_examples=40, deadline=None)
        @given(RESULTS, ARTEFACTS)
        @example(renamed(result_of(), "ada\0"), [])
        def comes_back(measured: Result, artefacts: list[Artefact]) -> None:
            number = book.add(CONDITIONS, measured, artefacts, graded_at=NOON)
            attempt = book.attempts(measured.submission.id)[-1]
            assert (attempt.number, attempt.result, book.artefacts(number)) == (number, measured, tuple(artefacts))

        comes_back()


def test_a_measurement_comes_back_with_every_sample(path: Path) -> None:
    first, second = measurement("ada", [1.5, 1.25], [1, 1.5]), measurement("ada", status="failed", at=LATER)
    with Gradebook.open(path) as book:
        assert book.add_measurement(first) == Timing(1, first)
        book.add_measurement(second)
    with Gradebook.open(path) as book:
        assert book.measurements("ada") == [Timing(1, first), Timing(2, second)]
        assert book.measurement(2) == Timing(2, second)
        with pytest.raises(UsageError, match="measurement 3: there is none of that number; `grader timings` lists"):
            book.measurement(3)
        assert book.entries() == []
    with contextlib.closing(sqlite3.connect(path)) as connection:
        sums = connection.execute(
            "SELECT measurement, side, round, count(*), sum(train_seconds) FROM epochs"
            " GROUP BY measurement, side, round ORDER BY measurement, side, round"
        ).fetchall()
    assert sums == [
        (1, "reference", 1, 4, 5),
        (1, "reference", 2, 4, 7.5),
        (1, "rounds", 1, 4, 7.5),
        (1, "rounds", 2, 4, 6.25),
    ]


def test_measurements_are_found_by_what_they_are_of(book: Gradebook) -> None:
    torch = msgspec.structs.replace(MACHINE, backend="torch", gpu="NVIDIA H100")
    for each in (
        measurement("ada"),
        measurement("ada", device="gpu:0", machine=torch),
        measurement("grace", device="gpu:1", at=LATER),
        measurement("g*", at=LATER),
    ):
        book.add_measurement(each)

    def found(*names: str, **asked: str) -> list[int]:
        return [timing.number for timing in book.measurements(*names, **asked)]

    assert found() == [1, 2, 3, 4]
    assert found("ada") == [1, 2]
    assert found("g*", "grace") == [3, 4]
    assert found("gr") == []
    assert found(device="gpu") == [2, 3]
    assert found(device="gpu:1") == [3]
    assert found(device="g") == found(device="*") == []
    assert found(backend="torch") == found(machine=torch.id[:6]) == [2]
    assert found(machine=MACHINE.id) == [1, 3, 4]
    assert found(since="2026-06-02") == found(since=LATER) == [3, 4]
    assert found("ada", device="cpu", backend="tensorflow", since=NOON) == [1]


def test_the_table_of_checks_says_what_the_results_say(path: Path, book: Gradebook) -> None:
    measured = result_of(failing=["setup/loads", "train/validates"])
    book.add(CONDITIONS, measured, graded_at=NOON)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT id, task, status, points, max_points, message, seconds FROM checks"
        ).fetchall()
    assert sorted(rows) == sorted(
        (c.id, c.task, c.status, c.points, c.max_points, c.message, c.seconds) for c in measured.checks
    )


def test_nothing_is_half_written(path: Path, book: Gradebook) -> None:
    broken = Artefact("", "figure", "image/png", "no bytes")  # type: ignore[arg-type]
    with pytest.raises(Exception, match="cannot store TEXT value in BLOB column"):
        book.add(CONDITIONS, result_of(), [broken], graded_at=NOON)
    assert book.entries() == []
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM checks").fetchone() == (0,)


# What counts


def test_the_last_graded_attempt_counts(book: Gradebook) -> None:
    book.add(CONDITIONS, result_of(), graded_at=NOON)
    last = book.add(CONDITIONS, result_of(failing=["setup/loads"]), graded_at=LATER)
    assert counting(book) == last
    assert book.entry("ada").attempts == 2


def test_a_failure_of_the_grader_never_replaces_a_score(book: Gradebook) -> None:
    book.add(CONDITIONS, result_of(problem="the disk is full"), graded_at=NOON)
    last = book.add(asked("full"), result_of(problem="the disk is full"), graded_at=NOON)
    assert (counting(book), book.entry("ada").score) == (last, None)
    graded = book.add(asked("quick", 2), result_of(), graded_at=NOON)
    book.add(asked("full"), result_of(problem="the disk is full"), graded_at=LATER)
    assert (counting(book), book.entry("ada").score) == (graded, 93)


def test_a_run_over_some_tasks_never_replaces_a_whole_one(book: Gradebook) -> None:
    part = book.add(asked("full", 2), result_of(), graded_at=NOON)
    assert counting(book) == part
    whole = book.add(asked("quick"), result_of(), graded_at=NOON)
    book.add(asked("full", 2), result_of(), graded_at=LATER)
    assert counting(book) == whole


def test_a_narrower_profile_never_replaces_a_wider_one(book: Gradebook) -> None:
    for profile in PROFILES:
        number = book.add(asked(profile), result_of(), graded_at=NOON)
        assert counting(book) == number
    for profile in PROFILES[:-1]:
        book.add(asked(profile), result_of(), graded_at=LATER)
        assert counting(book) == number


def test_entries_are_sorted_by_name_and_know_their_adjustments(path: Path) -> None:
    with Gradebook.open(path) as book:
        for name in ("grace", "ada", "alan"):
            book.add(CONDITIONS, result_of(name), graded_at=NOON, submitted_at="2026-06-02T12:00:01Z")
        book.adjust("ada", 3, reason="Why.", by="Emmy", at=LATER)
        assert [e.attempt.result.submission.id for e in book.entries()] == ["ada", "alan", "grace"]
        assert [e.score for e in book.entries()] == [96, 93, 93]
    course = Course(late=Late(datetime(2026, 6, 1, 12, tzinfo=UTC), percent_per_day=10))
    with Gradebook.open(path, course=course) as book:
        assert [e.penalty for e in book.entries()] == [18.6, 18.6, 18.6]
        assert [e.score for e in book.entries()] == [77.4, 74.4, 74.4]


BEST = Course(attempts="best")


def test_where_the_best_counts_each_version_has_its_last_points(path: Path) -> None:
    tries: tuple[tuple[str, list[str]], ...] = (  # of a file, and what it missed
        ("a" * 64, ["setup/loads"]),
        ("b" * 64, []),  # a check was wrong and was corrected: the points of this grading no longer count
        ("b" * 64, ["train/early-stopping", "train/validates"]),
        ("c" * 64, ["setup/loads", "train/early-stopping"]),
    )
    with Gradebook.open(path) as book:
        for sha256, failing in tries:
            book.add(CONDITIONS, result_of(failing=failing, sha256=sha256), graded_at=NOON)
        assert counting(book) == 4
    with Gradebook.open(path, course=BEST) as book:
        assert counting(book) == 1
        assert book.entry("ada").attempts == len(tries)
        assert [entry.attempt.number for entry in book.entries()] == [counting(book)]


def test_the_best_is_that_with_most_points_after_being_late(path: Path) -> None:
    with Gradebook.open(path) as book:
        book.add(CONDITIONS, result_of(failing=["setup/loads"]), graded_at=NOON, submitted_at="2026-06-01T11:00:00Z")
        book.add(CONDITIONS, result_of(sha256="1" * 64), graded_at=LATER, submitted_at="2026-06-02T11:00:00Z")
    late = Late(datetime(2026, 6, 1, 12, tzinfo=UTC), percent_per_day=10)
    with Gradebook.open(path, course=msgspec.structs.replace(BEST, late=late)) as book:
        assert (counting(book), book.entry("ada").penalty) == (1, 0)
    with Gradebook.open(path, course=BEST) as book:
        assert counting(book) == 2


def test_the_best_is_looked_for_among_those_that_asked_for_the_most(path: Path) -> None:
    with Gradebook.open(path, course=BEST) as book:
        book.add(asked("quick"), result_of(), graded_at=NOON)
        book.add(asked("standard"), result_of(failing=["setup/loads"], sha256="1" * 64), graded_at=NOON)
        book.add(asked("standard"), result_of(sha256="2" * 64, problem="the disk is full"), graded_at=NOON)
        assert counting(book) == 2


def test_of_equally_good_versions_the_last_counts(path: Path) -> None:
    with Gradebook.open(path, course=BEST) as book:
        for digit in "012":
            book.add(CONDITIONS, result_of(sha256=64 * digit), graded_at=NOON)
        assert counting(book) == 3


# Not grading again


def test_where_the_best_counts_an_earlier_version_is_not_graded_again(path: Path) -> None:
    with Gradebook.open(path, course=BEST) as book:
        for digit in "01":
            book.add(CONDITIONS, result_of(sha256=64 * digit), graded_at=NOON)
        found = book.find_graded("ada", 64 * "0", CONDITIONS)
        assert found is not None
        assert found.number == 1
        assert book.find_graded("ada", 64 * "2", CONDITIONS) is None
    with Gradebook.open(path) as book:
        assert book.find_graded("ada", 64 * "0", CONDITIONS) is None


def test_how_long_the_last_grading_took_is_known_by_profile_and_tasks(book: Gradebook) -> None:
    for name, seconds in (("ada", 5.0), ("ada", 7.0), ("alan", 2.0)):
        book.add(CONDITIONS, msgspec.structs.replace(result_of(name), seconds=seconds), graded_at=NOON)
    assert book.last_seconds(CONDITIONS) == {"ada": 7.0, "alan": 2.0}
    assert book.last_seconds(msgspec.structs.replace(CONDITIONS, tasks=(2,))) == {}


def test_the_same_under_the_same_conditions_is_found(book: Gradebook) -> None:
    number = book.add(CONDITIONS, result_of(), graded_at=NOON)
    found = book.find_graded("ada", "0" * 64, CONDITIONS)
    assert found is not None
    assert (found.number, found.graded_at, found.result) == (number, NOON, result_of())


@pytest.mark.parametrize("field", Conditions.__struct_fields__)
def test_any_other_condition_is_graded_again(field: str, book: Gradebook) -> None:
    book.add(CONDITIONS, result_of(), graded_at=NOON)
    other: Any = {"profile": "full", "tasks": (1,)}.get(field, "other")
    assert book.find_graded("ada", "0" * 64, msgspec.structs.replace(CONDITIONS, **{field: other})) is None


def test_another_file_or_another_name_is_graded(book: Gradebook) -> None:
    book.add(CONDITIONS, result_of(), graded_at=NOON)
    assert book.find_graded("ada", "1" * 64, CONDITIONS) is None
    assert book.find_graded("Ada", "0" * 64, CONDITIONS) is None


def test_what_the_grader_failed_at_is_graded_again(book: Gradebook) -> None:
    book.add(CONDITIONS, result_of(problem="the disk is full"), graded_at=NOON)
    assert book.find_graded("ada", "0" * 64, CONDITIONS) is None


def test_a_file_that_was_handed_in_before_the_last_is_graded_again(book: Gradebook) -> None:
    book.add(CONDITIONS, result_of(), graded_at=NOON)
    book.add(CONDITIONS, result_of(sha256="1" * 64), graded_at=LATER)
    assert book.find_graded("ada", "0" * 64, CONDITIONS) is None  # otherwise the file in between would go on counting


# Points by hand


def test_points_by_hand_are_kept_and_marked_when_withdrawn(book: Gradebook) -> None:
    book.add(CONDITIONS, result_of(), graded_at=NOON)
    made = book.adjust("ada", -2.5, reason="Copied.", by="Emmy", at=NOON, check="train/validates")
    assert made == Adjustment(1, "ada", "train/validates", -2.5, "Copied.", "Emmy", NOON)
    assert (book.entry("ada").score, book.entry("ada").adjustments) == (90.5, (made,))
    withdrawn = book.withdraw(1, at=LATER)
    assert withdrawn == msgspec.structs.replace(made, withdrawn_at=LATER)
    assert (book.entry("ada").score, book.entry("ada").adjustments) == (93, ())
    assert book.adjustments("ada") == [withdrawn]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"submission": "aad"}, "aad: is not in {path}; did you mean ada?"),
        ({"points": 0}, "0 points: give a number between -10000 and 10000 other than 0."),
        ({"points": float("nan")}, "nan points: give a number between -10000 and 10000 other than 0."),
        ({"points": 1e9}, "1e+09 points: give a number between -10000 and 10000 other than 0."),
        ({"reason": " "}, "give a reason: the student will want to read it."),
        ({"by": ""}, "give a name: somebody has to answer for the points."),
        (
            {"check": "train/validate"},
            "train/validate: no attempt of ada has such a check; did you mean train/validates?",
        ),
    ],
)
def test_points_that_cannot_be_meant_are_refused(
    arguments: dict[str, Any], message: str, book: Gradebook, path: Path
) -> None:
    book.add(CONDITIONS, result_of(), graded_at=NOON)
    with pytest.raises(UsageError) as caught:
        book.adjust(**{"submission": "ada", "points": 1.0, "reason": "Why.", "by": "Emmy", "at": NOON, **arguments})
    assert str(caught.value) == message.format(path=path)
    assert book.adjustments("ada") == []


def test_withdrawing_what_is_not_there_is_refused(book: Gradebook) -> None:
    with pytest.raises(UsageError) as caught:
        book.withdraw(7, at=NOON)
    assert str(caught.value) == "adjustment 7: there is none of that number; `grader gradebook show NAME` lists them."
    book.add(CONDITIONS, result_of(), graded_at=NOON)
    book.adjust("ada", 1, reason="Why.", by="Emmy", at=NOON)
    book.withdraw(1, at=LATER)
    with pytest.raises(UsageError) as caught:
        book.withdraw(1, at=LATER)
    assert str(caught.value) == f"adjustment 1: was withdrawn before, at {LATER}."


def test_an_unknown_submission_is_named_with_the_nearest(book: Gradebook, path: Path) -> None:
    for ask in (book.entry, book.attempts):
        with pytest.raises(UsageError) as caught:
            ask("ada")
        assert str(caught.value) == f"ada: is not in {path}."
    book.add(CONDITIONS, result_of("adam"), graded_at=NOON)
    with pytest.raises(UsageError, match=r"did you mean adam\?"):
        book.entry("ada")


def test_who_does_not_pass_a_check_counts_by_the_attempt_that_counts(book: Gradebook, path: Path) -> None:
    book.add(CONDITIONS, result_of("ada", failing=["setup/loads"]), graded_at=NOON)
    book.add(CONDITIONS, result_of("ada"), graded_at=NOON)
    book.add(CONDITIONS, result_of("alan", failing=["setup/loads"]), graded_at=NOON)
    book.add(CONDITIONS, result_of("grace", failing=["setup/loads"], problem="the disk is full"), graded_at=NOON)
    assert [e.attempt.result.submission.id for e in book.entries() if e.misses("setup/loads")] == ["alan"]
    book.refuse_unknown("setup/loads")
    with pytest.raises(UsageError) as caught:
        book.refuse_unknown("setup/load")
    assert str(caught.value) == f"setup/load: no attempt in {path} has such a check; did you mean setup/loads?"


# Against a plain model


class Model(RuleBasedStateMachine):
    """A gradebook, and a model of it that consists of two lists."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="grader-"))
        self.stack = contextlib.ExitStack()
        self.reopen()
        self.attempts: list[tuple[Conditions, Result]] = []
        self.adjustments: list[Adjustment] = []

    def teardown(self) -> None:
        self.stack.close()
        shutil.rmtree(self.folder)

    @rule()
    def reopen(self) -> None:
        self.stack.close()
        self.book = self.stack.enter_context(Gradebook.open(self.folder / "gradebook.db"))

    @rule(
        name=st.sampled_from("abc"),
        profile=st.sampled_from(PROFILES),
        tasks=st.sampled_from([(), (), (1,), (1, 2)]),
        failing=st.sets(st.sampled_from([check.id for check in FEW])),
        problem=st.sampled_from(["", "", "the disk is full"]),
    )
    def add(self, name: str, profile: str, tasks: tuple[int, ...], failing: set[str], problem: str) -> None:
        measured = result_of(name, failing=failing, checks=FEW, problem=problem)
        number = self.book.add(asked(profile, *tasks), measured, graded_at=NOON)
        self.attempts.append((asked(profile, *tasks), measured))
        assert number == len(self.attempts)

    @precondition(lambda self: self.attempts)
    @rule(data=st.data(), points=st.integers(-5, 5).filter(bool), check=st.sampled_from(["", FEW[0].id]))
    def adjust(self, data: st.DataObject, points: int, check: str) -> None:
        _, measured = data.draw(st.sampled_from(self.attempts))
        made = self.book.adjust(measured.submission.id, points, reason="Why.", by="Emmy", at=NOON, check=check)
        self.adjustments.append(made)
        assert made.number == len(self.adjustments)

    @precondition(lambda self: any(not adjustment.withdrawn_at for adjustment in self.adjustments))
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        made = data.draw(st.sampled_from([each for each in self.adjustments if not each.withdrawn_at]))
        self.adjustments[made.number - 1] = self.book.withdraw(made.number, at=LATER)

    @invariant()
    def same_as_the_model(self) -> None:
        names = sorted({measured.submission.id for _, measured in self.attempts})
        entries = self.book.entries()
        assert [entry.attempt.result.submission.id for entry in entries] == names
        for name, entry in zip(names, entries, strict=True):
            own = [each for each in self.attempts if each[1].submission.id == name]
            conditions, measured = self._counts(own)
            assert (entry.attempt.conditions, entry.attempt.result, entry.attempts) == (conditions, measured, len(own))
            by_hand = [each for each in self.adjustments if each.submission == name]
            assert self.book.adjustments(name) == by_hand
            points = sum(each.points for each in by_hand if not each.withdrawn_at)
            graded = measured.status == "graded"
            assert entry.score == (max(0, measured.score + points) if graded else None)
            assert self.book.entry(name) == entry

    @staticmethod
    def _counts(own: list[tuple[Conditions, Result]]) -> tuple[Conditions, Result]:
        graded = [each for each in own if each[1].status == "graded"]
        for profile in reversed(PROFILES):
            for each in reversed(graded):
                if not each[0].tasks and each[0].profile == profile:
                    return each
        return graded[-1] if graded else own[-1]


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)


# Several processes


def write_on(path: Path, announced: Connection, name: str, count: int) -> None:
    """Add attempts, and announce each once it is in the gradebook."""
    artefacts = [Artefact("", "figure", "image/png", bytes(20_000)), Artefact("", "source", "text/plain", b"x")]
    with Gradebook.open(path) as book:
        for _ in range(count):
            announced.send(book.add(CONDITIONS, result_of(name), artefacts, graded_at=NOON))


@pytest.fixture
def writer(path: Path) -> Iterator[Any]:
    """Starts processes that write, and ends them all after the test."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.test_gradebook_store"])
    with contextlib.ExitStack() as stack:

        def start(name: str, count: int = 1_000_000) -> tuple[Any, Connection]:
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=write_on, args=(path, theirs, name, count))
            process.start()
            theirs.close()
            stack.enter_context(ours)
            stack.callback(process.close)
            stack.callback(process.join)
            stack.callback(process.kill)
            return process, ours

        yield start


def drain(announced: Connection) -> int:
    """Return how many attempts were announced before the pipe was closed."""
    count = 0
    with contextlib.suppress(EOFError):
        while True:
            announced.recv()
            count += 1
    return count


def is_whole(path: Path, attempts: int) -> None:
    """Assert that a gradebook is intact and has all parts of its attempts."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("SELECT count(*) FROM attempts").fetchone() == (attempts,)
        assert connection.execute("SELECT count(*) FROM checks").fetchone() == (attempts * len(QUICK),)
        assert connection.execute("SELECT count(*) FROM artefacts").fetchone() == (attempts * 2,)


@pytest.mark.slow
def test_killed_at_fifty_random_moments_it_has_what_was_announced(path: Path, writer: Any) -> None:
    chance = random.Random(0)
    in_it = 0
    for _ in range(50):
        process, announced = writer("ada")
        for _ in range(chance.randrange(4)):
            announced.recv()
            in_it += 1
        multiprocessing.connection.wait([process.sentinel], timeout=chance.uniform(0, 0.02))
        process.kill()
        process.join()
        in_it += drain(announced)
        with Gradebook.open(path) as book:
            attempts = len(book.attempts("ada")) if book.entries() else 0
        assert attempts in (in_it, in_it + 1)  # killed between the commit and its announcement
        in_it = attempts
        is_whole(path, in_it)
    assert in_it > 50


def test_readers_see_whole_attempts_while_another_process_writes(path: Path, writer: Any) -> None:
    with Gradebook.open(path) as book:
        process, announced = writer("ada", 30)
        seen = 0
        while process.is_alive():
            entries = book.entries()
            assert all(entry.attempt.result == result_of("ada") for entry in entries)
            now = sum(entry.attempts for entry in entries)
            assert now >= seen
            seen = now
        assert drain(announced) == 30
        assert book.entry("ada").attempts == 30
    is_whole(path, 30)


def test_several_writers_take_turns(path: Path, writer: Any) -> None:
    started = [writer(name, 10) for name in ("ada", "alan", "grace")]
    assert [drain(announced) for _, announced in started] == [10, 10, 10]
    with Gradebook.open(path) as book:
        assert [entry.attempts for entry in book.entries()] == [10, 10, 10]
    is_whole(path, 30)
