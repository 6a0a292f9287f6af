"""Tests of `dispatch`: if places fail, stop answering, come or go, no result is lost and none comes twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from grader.course import Course, CourseLimits, Settings
from grader.grading import batch, crew, tries
from grader.grading.crew import CrewLost, Place, dispatch
from grader.results.scoring import Graded
from grader.submissions import SubmissionBytes, SubmissionFile
from tests.results import result_of

Work = Callable[[str], Graded]


class Thread:
    """A place that is a thread, and behaves for each submission's id as it is told to."""

    def __init__(self, name: str, work: Work) -> None:
        self.name = name
        self.given_up = 0
        self.began: list[str] = []
        self._work = work
        self._pool = ThreadPoolExecutor(1)

    def start(self, handed_in: SubmissionBytes) -> Future[Graded]:
        self.began.append(handed_in.file.id)
        return self._pool.submit(self._work, handed_in.file.id)

    def give_up(self) -> None:
        self.given_up += 1


class Threads:
    """A crew to which a test can add places and from which it can remove them."""

    def __init__(self, *there: Thread) -> None:
        self.there = list(there)

    def places(self) -> Sequence[Place]:
        if not self.there:
            raise CrewLost("nobody is left")
        return self.there


class Run:
    """A call of `dispatch`, and what came of it."""

    def __init__(self) -> None:
        self.graded: list[str] = []
        self.failed: list[str] = []
        self.given_up: dict[str, str] = {}
        self.notes: list[str] = []

    def __call__(self, crew: Threads, count: int = 6, *, seconds: float = 60.0) -> Run:
        def on_graded(graded: Graded) -> None:
            (self.failed if graded.result.problem else self.graded).append(graded.result.submission.id)

        def on_given_up(file: SubmissionFile, problem: str) -> None:
            self.given_up[file.id] = problem

        files = [SubmissionFile(f"s{number}", Path(f"s{number}.py"), "Nothing.") for number in range(count)]
        dispatch(files, crew, seconds=seconds, on_graded=on_graded, on_given_up=on_given_up, notify=self.notes.append)
        return self


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setattr(crew, "_LOOK_SECONDS", 0.01)
    yield Run()


def graded(name: str) -> Graded:
    return Graded(result_of(name))


def not_graded(name: str) -> Graded:
    return Graded(result_of(name, problem="the sandbox does not start"))


def ends(name: str) -> Graded:
    raise OSError("the wire is cut.")


def test_each_submission_is_graded_once_and_in_order(run: Run) -> None:
    place = Thread("a", graded)
    assert run(Threads(place)).graded == ["s0", "s1", "s2", "s3", "s4", "s5"] == place.began
    assert run.notes == []


@pytest.mark.parametrize("work", [not_graded, ends])
def test_a_place_that_always_fails_takes_no_submission_with_it(run: Run, work: Work) -> None:
    bad, good = Thread("bad", work), Thread("good", graded)
    run(Threads(bad, good), 20)
    assert sorted(run.graded) == sorted(f"s{number}" for number in range(20))
    assert (run.failed, run.given_up) == ([], {})
    assert bad.given_up == len(bad.began) // 3
    assert len(bad.began) == len(set(bad.began)), "it was given something that it had failed at"


def test_a_submission_that_no_place_can_grade_is_set_aside(run: Run) -> None:
    def work(name: str) -> Graded:
        return ends(name) if name == "s2" else graded(name)

    run(Threads(Thread("a", work), Thread("b", work)))
    assert sorted(run.graded) == ["s0", "s1", "s3", "s4", "s5"]
    assert run.given_up == {"s2": "the wire is cut"}
    assert len(run.notes) == tries.PLACES - 1
    assert run.notes[0].startswith("s2: the wire is cut (at ")


def test_where_the_grader_itself_fails_its_own_account_is_kept(run: Run) -> None:
    run(Threads(Thread("a", not_graded)), 1)
    assert (run.graded, run.failed, run.given_up) == ([], ["s0"], {})


def test_what_a_place_says_after_its_time_is_not_heard(run: Run) -> None:
    release = threading.Event()

    def work(name: str) -> Graded:
        release.wait(60)
        return graded(name)

    silent, good = Thread("silent", work), Thread("good", graded)
    there = Threads(silent, good)

    def give_up() -> None:
        there.there.remove(silent)
        release.set()

    silent.give_up = give_up  # type: ignore[method-assign]
    run(there, seconds=0.2)
    assert sorted(run.graded) == ["s0", "s1", "s2", "s3", "s4", "s5"]
    assert run.notes == ["s0: grading did not end in time (at silent); it will be graded again."]


def test_a_place_that_is_gone_is_not_waited_for(run: Run) -> None:
    release = threading.Event()
    there = Threads()

    def leaves(name: str) -> Graded:
        there.there.remove(leaver)
        release.wait(60)
        return graded(name)

    leaver = Thread("leaver", leaves)
    there.there = [leaver, Thread("stays", graded)]
    run(there)
    release.set()
    assert sorted(run.graded) == ["s0", "s1", "s2", "s3", "s4", "s5"]
    assert run.notes == ["s0: the grading process ended unexpectedly (at leaver); it will be graded again."]


def test_without_any_place_it_ends_and_what_is_finished_stays(run: Run) -> None:
    class UntilFour(Threads):
        def places(self) -> Sequence[Place]:
            if len(run.graded) == 4:
                self.there.clear()
            return super().places()

    with pytest.raises(CrewLost, match="nobody is left"):
        run(UntilFour(Thread("a", graded)))
    assert run.graded == ["s0", "s1", "s2", "s3"]


@pytest.mark.parametrize(
    ("profile", "threads", "cores", "gigabytes", "jobs"),
    [
        ("quick", 1, 8, 64, 8),
        ("quick", 4, 8, 64, 8),  # the checks of a grading keep one core busy, however many they may use
        ("standard", 1, 8, 64, 8),
        ("standard", 4, 8, 64, 2),
        ("standard", 16, 8, 64, 1),
        ("quick", 1, 64, 16, 8),
        ("quick", 1, 4, 1, 1),
    ],
)
def test_as_many_at_once_as_cores_and_memory_allow(
    profile: str, threads: int, cores: int, gigabytes: int, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "cores", lambda: cores)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=gigabytes * 2**30))
    course = Course(limits=CourseLimits(threads=threads))
    assert batch.default_jobs(Settings(course, profile, frozenset(), "process")) == jobs
