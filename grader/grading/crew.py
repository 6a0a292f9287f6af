"""Who grades: places that take one submission at a time each, here or on other machines, and how they are fed.

This knows nothing of processes and networks.  A place may end, fail or fall silent at any moment: then the submission
goes to another one.  Each submission ends with exactly one result, for it leaves the list when its result comes, and
what an abandoned place may still say is not heard.
"""

from __future__ import annotations

import concurrent.futures
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, Protocol

import msgspec

from grader.grading import tries
from grader.ground.errors import GraderError
from grader.results.scoring import Graded
from grader.submissions import SubmissionBytes, SubmissionFile, fetch

_FAILURES_IN_A_ROW: Final = 3
_LOOK_SECONDS: Final = 0.5

Notify = Callable[[str], None]


class CrewLost(GraderError):
    """There is no place left that could grade."""


class Place(Protocol):
    """Where one submission is graded at a time."""

    @property
    def name(self) -> str:
        """What it is called in messages; unique in its crew."""

    def start(self, handed_in: SubmissionBytes) -> concurrent.futures.Future[Graded]:
        """Begin to grade; the future raises whatever goes wrong."""

    def give_up(self) -> None:
        """End it and what it is doing, as far as it can be ended: it failed too often, or its time is over."""


class Crew(Protocol):
    """Places that may come and go."""

    def places(self) -> Sequence[Place]:
        """Those that are there at this moment.

        Raises:
            CrewLost: There are none, and none will come.
        """


class _Running(msgspec.Struct, frozen=True, eq=False):
    file: SubmissionFile
    place: Place
    future: concurrent.futures.Future[Graded]
    until: float


def dispatch(
    files: Iterable[SubmissionFile],
    crew: Crew,
    *,
    seconds: float,
    on_graded: Callable[[Graded], None],
    on_given_up: Callable[[SubmissionFile, str], None],
    notify: Notify,
) -> None:
    """Have a crew grade submissions, in their order as far as all goes well.

    Args:
        files: What to grade; each is read when its turn comes.
        crew: Who grades.
        seconds: How long a place may take for one, before it is given up.
        on_graded: Called with each result as it comes, once for each submission.
        on_given_up: Called instead with a submission that could not be graded in `tries.PLACES` tries, and why.
        notify: Told, in a sentence, what went wrong and was made good.

    Raises:
        CrewLost: There is no place left; the submissions that were not reported are not graded.
    """
    waiting = list(files)
    running: dict[str, _Running] = {}
    failed_at: dict[str, list[str]] = {}
    in_a_row: Counter[str] = Counter()
    while waiting or running:
        places = {place.name: place for place in crew.places()}
        for name, place in places.items():
            file = None if name in running else _next(waiting, name, places, failed_at)
            if file is not None:
                waiting.remove(file)
                running[name] = _Running(file, place, place.start(fetch(file)), time.monotonic() + seconds)
        if running:
            futures = [run.future for run in running.values()]
            concurrent.futures.wait(futures, _LOOK_SECONDS, concurrent.futures.FIRST_COMPLETED)
        else:
            time.sleep(_LOOK_SECONDS)
        for name, run in list(running.items()):
            late = time.monotonic() > run.until
            if not run.future.done() and name in places and not late:
                continue
            del running[name]
            graded, problem = _outcome(run.future, late)
            if not problem:
                in_a_row[name] = 0
            else:
                in_a_row[name] += 1
                failures = failed_at.setdefault(run.file.id, [])
                failures.append(name)
                if len(failures) < tries.PLACES:
                    waiting.append(run.file)
                    graded = None
                    notify(f"{run.file.id}: {problem} (at {name}); it will be graded again.")
                elif graded is None:
                    on_given_up(run.file, problem)
                if late or in_a_row[name] >= _FAILURES_IN_A_ROW:
                    in_a_row[name] = 0
                    run.place.give_up()
            if graded is not None:
                on_graded(graded)


def _next(
    waiting: Sequence[SubmissionFile], name: str, places: Collection[str], failed_at: dict[str, list[str]]
) -> SubmissionFile | None:
    """The first that did not fail at this place yet, or that has failed at all that there are."""
    for file in waiting:
        failed = failed_at.get(file.id, [])
        if name not in failed or all(place in failed for place in places):
            return file
    return None


def _outcome(future: concurrent.futures.Future[Graded], late: bool) -> tuple[Graded | None, str]:
    """The result, where there is one, and what is wrong with it; empty where nothing is."""
    if not future.done():
        future.cancel()
        return None, "grading did not end in time" if late else "the grading process ended unexpectedly"
    try:
        graded = future.result()
    except (concurrent.futures.CancelledError, concurrent.futures.BrokenExecutor):
        return None, "the grading process ended unexpectedly"
    except Exception as error:  # of whatever kind: it may come from another machine
        return None, str(error).rstrip(".") or type(error).__name__
    return graded, graded.result.problem
