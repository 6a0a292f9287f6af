"""Estimating how long a batch will still take, with each submission weighted by what it will probably cost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from grader.course import Settings
from grader.grading.ordering import Looks, looks_of
from grader.results.scoring import Result
from grader.submissions import SubmissionFile

# Seconds on the machine that the figures in docs/ were measured on.  Only their ratios matter: the estimate is scaled
# by the time that the submissions graded so far have taken.
_FILE_SECONDS: Final = 2.0
_FUNCTION_SECONDS: Final = 4.0
_GUIDED_SECONDS: Final = 30.0
_TRAINING_SECONDS: Final = {"quick": 0.0, "standard": 120.0, "full": 900.0}
_BELIEVED_SECONDS: Final = 10.0
"""How much weight the figures above have against what was measured, as if this many seconds of work had confirmed them.

Without it, a first submission that is empty and done at once would make the estimate far too small.
"""


def usual_seconds(looks: Looks, profile: str) -> float:
    """Return the seconds that grading a submission usually takes, judging by what it seems to contain."""
    trains = _TRAINING_SECONDS[profile] if looks.trains else 0.0
    if looks.guided:
        return _FILE_SECONDS + _GUIDED_SECONDS + trains
    return _FILE_SECONDS + _FUNCTION_SECONDS * looks.functions + trains


class Remaining:
    """Estimates how long the rest of a batch takes, from what is to be graded and what has been.

    Args:
        clock: Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # the thread that draws the progress reads while another one grades
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
        """Set what is to be graded next.

        Args:
            files: The submissions.
            last: The seconds that the last grading of a submission took, by its id, if there was one.
            settings: How they are graded.
            jobs: How many are graded at once.
            looks: Returns the estimate of what a submission contains.
        """
        left = {file.id: last.get(file.id) or usual_seconds(looks(file), settings.profile) for file in files}
        with self._lock:
            self._left, self._jobs, self._since = left, jobs, self._clock()

    def done(self, result: Result) -> None:
        """Take note that one of the submissions was graded."""
        with self._lock:
            expected = self._left.pop(result.submission.id, 0.0)
            if result.status == "graded":
                self._done += expected
                self._took += result.seconds
            self._since = self._clock()

    @property
    def seconds(self) -> float | None:
        """The estimated seconds that are left, 0 if they are exceeded; `None` while there is nothing to go by."""
        with self._lock:
            if not self._left or not self._done:
                return None
            factor = (self._took + _BELIEVED_SECONDS) / (self._done + _BELIEVED_SECONDS)
            together = sum(self._left.values()) * factor / self._jobs
            longest = max(self._left.values()) * factor
            # The submissions being graded now have been running at least since the last one was done.
            return max(0.0, max(together, longest) - (self._clock() - self._since))


def about(seconds: float) -> str:
    """Return a time in round figures, as in `about 40 s`, `about 6 min` or `about 1 h 10 min`."""
    if seconds < 55:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"about {minutes} min"
    hours, minutes = divmod(10 * round(minutes / 10), 60)
    return f"about {hours} h {minutes} min" if minutes else f"about {hours} h"
