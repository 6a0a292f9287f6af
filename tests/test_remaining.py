"""Tests of the estimate of how long a batch will still take."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from grader.course import Course, Settings
from grader.grading.ordering import looks_of
from grader.grading.remaining import Remaining, about, usual_seconds
from grader.results.scoring import Result
from grader.submissions import SubmissionFile
from tests.results import result_of

QUICK = Settings(Course(), "quick", frozenset(), "namespaces")
COMPLETE = "".join(f"def {name}(x):\n    x.fit(x)\n" for name in ("subset_data", "build_model", "train", "predict"))
GUIDED = "model.fit(x, y)\n"
EMPTY = "import keras\n"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def file(folder: Path, name: str, text: str) -> SubmissionFile:
    (folder / f"{name}.py").write_text(text)
    return SubmissionFile(name, folder / f"{name}.py")


def done(name: str, seconds: float) -> Result:
    return msgspec.structs.replace(result_of(name), seconds=seconds)


def test_what_takes_long_counts_for_more(tmp_path: Path) -> None:
    looks = [looks_of(file(tmp_path, f"{place}", text)) for place, text in enumerate((EMPTY, COMPLETE, GUIDED))]
    empty, complete, guided = (usual_seconds(look, "quick") for look in looks)
    assert empty < complete < guided
    assert [usual_seconds(look, "standard") > 100 for look in looks] == [False, True, True]


def test_nothing_is_said_before_something_is_done(tmp_path: Path) -> None:
    remaining = Remaining(Clock())
    assert remaining.seconds is None
    remaining.expect([file(tmp_path, "ada", COMPLETE)], {}, QUICK, 1)
    assert remaining.seconds is None


def test_the_rest_is_told_by_what_is_done_and_by_what_is_left(tmp_path: Path) -> None:
    clock = Clock()
    remaining = Remaining(clock)
    class_ = [file(tmp_path, "first", EMPTY), *(file(tmp_path, f"{n}", COMPLETE) for n in range(4))]
    remaining.expect(class_, {}, QUICK, 2)
    clock.now += 6
    remaining.done(done("first", 26.0))  # 24 seconds more than usual, which is 12 with what is believed beforehand
    assert remaining.seconds == pytest.approx(4 * 18 * 3 / 2)
    clock.now += 10
    assert remaining.seconds == pytest.approx(4 * 18 * 3 / 2 - 10)
    clock.now += 500
    assert remaining.seconds == 0
    for number in range(4):
        remaining.done(done(f"{number}", 54.0))
    assert remaining.seconds is None


def test_how_long_it_took_the_last_time_is_known_better(tmp_path: Path) -> None:
    remaining = Remaining(Clock())
    remaining.expect(
        [file(tmp_path, "ada", COMPLETE), file(tmp_path, "bob", COMPLETE)], {"ada": 10, "bob": 80}, QUICK, 1
    )
    remaining.done(done("ada", 10.0))
    assert remaining.seconds == pytest.approx(80)


def test_one_that_takes_long_is_waited_for_however_many_work(tmp_path: Path) -> None:
    remaining = Remaining(Clock())
    class_ = [file(tmp_path, name, COMPLETE) for name in ("ada", "bob", "eve")]
    remaining.expect(class_, {"ada": 10, "bob": 10, "eve": 300}, QUICK, 8)
    remaining.done(done("ada", 10.0))
    assert remaining.seconds == pytest.approx(300)


def test_an_empty_file_says_little_of_the_others(tmp_path: Path) -> None:
    remaining = Remaining(Clock())
    remaining.expect([file(tmp_path, "nil", ""), file(tmp_path, "ada", COMPLETE)], {}, QUICK, 1)
    remaining.done(done("nil", 0.0))
    assert remaining.seconds == pytest.approx(18 * 10 / 12)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "about 5 s"),
        (42, "about 40 s"),
        (58, "about 1 min"),
        (400, "about 7 min"),
        (4_300, "about 1 h 10 min"),
        (7_190, "about 2 h"),
        (3_590, "about 1 h"),
    ],
)
def test_times_are_as_one_says_them(seconds: float, words: str) -> None:
    assert about(seconds) == words
