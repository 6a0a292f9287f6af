"""How long a batch will still take, by what is left: what takes long counts for more than what is soon done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from grader.course import Settings
from grader.grading.ordering import Looks, looks_of
from grader.results.scoring import Result
from grader.submissions import SubmissionFile

# Seconds on the machine that the figures in docs/ are of.  Only how they compare matters: what is done tells the rest.
_FILE_SECONDS: Final = 2.0
_FUNCTION_SECONDS: Final = 4.0
_GUIDED_SECONDS: Final = 30.0
_TRAINING_SECONDS: Final = {"quick": 0.0, "standard": 120.0, "full": 900.0}
_BELIEVED_SECONDS: Final = 10.0
"""So much is believed of those figures before anything is done: the first to be done may be an empty file."""


def usual_seconds(looks: Looks, profile: str) -> float:
    """What grading a submission usually takes, by what it looks like."""
    trains = _TRAINING_SECONDS[profile] if looks.trains else 0.0
    if looks.guided:
        return _FILE_SECONDS + _GUIDED_SECONDS + trains
    return _FILE_SECONDS + _FUNCTION_SECONDS * looks.functions + trains


class Remaining:
    """Told what is to be graded and what was, and asked how long the rest takes.

    Args:
        clock: Gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # asked by the thread that draws
        self._left: dict[str, float] = {}
        self._done = self._took = 0.0
        self._jobs = 1
        self._since = clock()

    def expect(
        self,
        files: Iterable[SubmissionFile],
        last: Mapping[str, float],
        settings: Settings,
        jobs: int,
        looks: Callable[[SubmissionFile], Looks] = looks_of,
    ) -> None:
        """What is to be graded now.

        Args:
            files: The submissions.
            last: How long the last grading of each took, where there was one.
            settings: How they are graded.
            jobs: How many at once.
            looks: What each looks like.
        """
        left = {file.id: last.get(file.id) or usual_seconds(looks(file), settings.profile) for file in files}
        with self._lock:
            self._left, self._jobs, self._since = left, jobs, self._clock()

    def done(self, result: Result) -> None:
        """One of them was graded."""
        with self._lock:
            expected = self._left.pop(result.submission.id, 0.0)
            if result.status == "graded":
                self._done += expected
                self._took += result.seconds
            self._since = self._clock()

    @property
    def seconds(self) -> float | None:
        """How long the rest takes, 0 where it takes longer than was thought; `None` where nothing is known of it."""
        with self._lock:
            if not self._left or not self._done:
                return None
            factor = (self._took + _BELIEVED_SECONDS) / (self._done + _BELIEVED_SECONDS)
            together = sum(self._left.values()) * factor / self._jobs
            longest = max(self._left.values()) * factor
            # Those at work now have been so since the last one came, at least.
            return max(0.0, max(together, longest) - (self._clock() - self._since))


def about(seconds: float) -> str:
    """A time as one would say it: `about 40 s`, `about 6 min`, `about 1 h 10 min`."""
    if seconds < 55:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"about {minutes} min"
    hours, minutes = divmod(10 * round(minutes / 10), 60)
    return f"about {hours} h {minutes} min" if minutes else f"about {hours} h"
