"""Distributing submissions over a crew of places, each of which grades one submission at a time.

A place is a process on this machine or a worker on another one; this module knows nothing of processes and networks.
A place may end, fail or stop answering at any moment, and its submission is then given to another place.  Each
submission gets exactly one result: it leaves the list when its result arrives, and an abandoned place is ignored.
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

_FAILURES_IN_A_ROW: Final = 3  # after as many, with whichever submissions, the place itself is taken to be broken
_LOOK_SECONDS: Final = 0.5  # how often to look for places that have come or gone

Notify = Callable[[str], None]


class CrewLost(GraderError):
    """No place is left that could grade."""


class Place(Protocol):
    """A process or a remote worker that grades one submission at a time."""

    @property
    def name(self) -> str:
        """The name used in messages; unique within the crew."""

    def start(self, handed_in: SubmissionBytes) -> concurrent.futures.Future[Graded]:
        """Begin to grade a submission; whatever goes wrong is raised by the future."""

    def give_up(self) -> None:
        """End the place and its work as far as possible, because it failed too often or exceeded its time limit."""


class Crew(Protocol):
    """A group of places, which may come and go."""

    def places(self) -> Sequence[Place]:
        """Return the places that are available now.

        Raises:
            CrewLost: If there are none and none can be expected.
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
    """Have a crew grade submissions, in the given order unless one has to be retried.

    Args:
        files: The submissions; each file is read when its turn comes.
        crew: The places that grade.
        seconds: How long a place may take for one submission before it is given up.
        on_graded: Called with each result as it arrives, once for each submission.
        on_given_up: Called instead of `on_graded`, with the submission and the reason, if a submission could not be
            graded in `tries.PLACES` tries.
        notify: Called with a sentence for each failure that is followed by another try.

    Raises:
        CrewLost: If no place is left; submissions that were not reported by then are not graded.
    """
    waiting = list(files)
    running: dict[str, _Running] = {}
    failed_at: dict[str, list[str]] = {}
    in_a_row: Counter[str] = Counter()
    while waiting or running:
        places = {place.name: place for place in crew.places()}
        for name, place in places.items():
            # One submission at a time, so that it is known which one a lost place was grading.
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
                    # A result that reports a failure of the grader itself is dropped, except on the last try.
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
    """Return the first waiting submission that has not failed at this place, or has failed at every available place."""
    for file in waiting:
        failed = failed_at.get(file.id, [])
        if name not in failed or all(place in failed for place in places):
            return file
    return None


def _outcome(future: concurrent.futures.Future[Graded], late: bool) -> tuple[Graded | None, str]:
    """Return the result, if there is one, and what went wrong; an empty string if nothing did."""
    if not future.done():
        future.cancel()
        return None, "grading did not end in time" if late else "the grading process ended unexpectedly"
    try:
        graded = future.result()
    except (concurrent.futures.CancelledError, concurrent.futures.BrokenExecutor):
        return None, "the grading process ended unexpectedly"
    except Exception as error:  # raised on another machine, perhaps, where it can be of any type
        return None, str(error).rstrip(".") or type(error).__name__
    return graded, graded.result.problem
