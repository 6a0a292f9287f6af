"""The corpus of the guided form: whole notebooks and Python files, either sound or with one bug.

Each solution states what it is.  A `.py` begins with comments; a notebook has the same keys in its metadata, under
`case`:

    # sound: what is special about it         {"case": {"sound": "…"}}
    # task: 5                                 {"case": {"task": 5, "bug": "…", "also": [6]}}
    # bug: the bug, as a teacher would say it
    # also: 6                                 optional: other tasks that the same bug affects

A bug is caught if its task loses points and every check that failed has a message.  A bug spreads if another task loses
points that is not among those in `also`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec.structs import replace

from grader.course import Settings
from grader.grading.batch import grade_all
from grader.ground.errors import UsageError
from grader.results.scoring import Graded, Result
from grader.submissions import SubmissionFile, discover

_HEADER: Final = re.compile(r"^# (?P<key>sound|task|bug|also): (?P<value>.+?)\s*$")
_NORMAL_95: Final = 1.959964

_Task = Annotated[int, msgspec.Meta(ge=1, le=6)]


class _Header(msgspec.Struct, frozen=True):
    sound: str = ""
    task: _Task | None = None
    bug: str = ""
    also: tuple[_Task, ...] = ()


class Case(msgspec.Struct, frozen=True):
    """A solution of the guided corpus.

    Attributes:
        file: The file of the solution.
        task: Number of the task that its bug is in; `None` if it is sound.
        sentence: What is special about it, or the bug as a teacher would say it.
        also: Numbers of other tasks that the same bug affects.
    """

    file: SubmissionFile
    task: int | None
    sentence: str
    also: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The id of the solution as a submission."""
        return self.file.id


class CaseVerdict(msgspec.Struct, frozen=True):
    """Whether the grader was right about one solution of the guided corpus.

    Attributes:
        name: The name of the solution.
        case: The solution, with what it states about itself.
        result: The result of grading it.
        faults: What the grader did wrong, one sentence each; empty if it was right.
    """

    name: str
    case: Case
    result: Result
    faults: tuple[str, ...]


def read_cases(*folders: Path) -> list[Case]:
    """Read the solutions in some folders, sorted by name.

    Raises:
        UsageError: If a folder does not exist, or a solution has no valid header.
    """
    return [_read_case(file) for file in discover(folders)]


def _read_case(file: SubmissionFile) -> Case:
    try:
        text = file.path.read_text(encoding="utf-8")
        header = msgspec.convert(_of_notebook(text) if file.path.suffix == ".ipynb" else _of_python(text), _Header)
    except (msgspec.MsgspecError, KeyError, TypeError, AttributeError, ValueError, OSError) as error:
        raise UsageError(f"{file.path}: the header is not as that of a case should be: {error}.") from None
    if (header.task is None) == bool(header.bug) or (header.task is None) != bool(header.sound):
        raise UsageError(f"{file.path}: a case says either what is special about it, or its task and its bug.")
    return Case(file, header.task, header.sound or header.bug, header.also)


def _of_notebook(text: str) -> Any:
    return msgspec.json.decode(text)["metadata"].get("case", {})


def _of_python(text: str) -> Any:
    header: dict[str, Any] = {}
    for line in text.split("\n"):
        match = _HEADER.match(line)
        if match is None:
            break
        header[match["key"]] = match["value"]
    if "task" in header:
        header["task"] = int(header["task"])
    if "also" in header:
        header["also"] = [int(task) for task in header["also"].split(",")]
    return header


def validate_guided(
    cases: Sequence[Case],
    settings: Settings,
    *,
    jobs: int,
    on_verdict: Callable[[CaseVerdict], None] = lambda verdict: None,
) -> tuple[CaseVerdict, ...]:
    """Grade a guided corpus, and find out whether the grader is right about each solution.

    Args:
        cases: The solutions, sound and buggy; each bug must be in a task that is graded.
        settings: How to grade.  The form is ignored: each file's content decides, to validate that decision too.
        jobs: The number of submissions that are graded at once.
        on_verdict: Called with each verdict as soon as it is known.

    Returns:
        The verdicts in the order of the cases; fewer if the grading was stopped.
    """
    by_name = {case.name: case for case in cases}
    verdicts: dict[str, CaseVerdict] = {}

    def on_graded(graded: Graded) -> None:
        name = graded.result.submission.id
        faults = faults_with_case(by_name[name], graded.result)
        verdicts[name] = CaseVerdict(name, by_name[name], graded.result, faults)
        on_verdict(verdicts[name])

    # The corpus is also a test of `form_of`: each solution must be recognised as a guided one.
    by_looks = replace(settings, course=replace(settings.course, form="auto"))
    grade_all([case.file for case in cases], by_looks, jobs=jobs, on_graded=on_graded)
    return tuple(verdicts[case.name] for case in cases if case.name in verdicts)


def faults_with_case(case: Case, result: Result) -> tuple[str, ...]:
    """Return what the grader did wrong with a case, one sentence each; empty if it was right."""
    if result.status != "graded":
        return (f"not graded: {result.problem}",)
    if result.submission.form != "guided":
        return (f"graded as another form: {result.submission.form_reason}",)
    lost = [check for check in result.checks if check.points < check.max_points]
    if case.task is None:
        return tuple(f"{check.id} {check.status}: {check.message}" for check in lost)
    faults: list[str] = []
    if not any(check.task == case.task for check in lost):
        faults.append(f"task {case.task} loses no points")
    faults += [f"{check.id} fails without a word" for check in lost if not check.message]
    faults += [
        f"it spreads to {check.id} ({check.status}: {check.message})"
        for check in lost
        if check.task != case.task and check.task not in case.also
    ]
    return tuple(faults)


def wilson(right: int, tried: int) -> tuple[float, float]:
    """Return the 95% Wilson score interval of a rate.

    Args:
        right: The number of successes.
        tried: The number of trials; if it is 0, the interval is from 0 to 1.

    Returns:
        The lower and the upper limit, 0 to 1.

    Raises:
        ValueError: If `right` is negative or larger than `tried`.
    """
    # Not the normal approximation, whose interval for "all of them were right" has no width.
    if not 0 <= right <= tried:
        raise ValueError(f"{right} of {tried}")
    if not tried:
        return 0.0, 1.0
    z2 = _NORMAL_95**2
    rate = right / tried
    middle = (rate + z2 / (2 * tried)) / (1 + z2 / tried)
    half = _NORMAL_95 * math.sqrt(rate * (1 - rate) / tried + z2 / (4 * tried**2)) / (1 + z2 / tried)
    return (middle - half if right else 0.0), (middle + half if right < tried else 1.0)


def rate(right: Iterable[bool]) -> str:
    """Format a rate with its interval: `9 of 10 (90%, 95% interval 60% to 98%)`."""
    each = list(right)
    low, high = wilson(sum(each), len(each))
    share = f"{100 * sum(each) / len(each):.0f}%, " if each else ""
    return f"{sum(each)} of {len(each)} ({share}95% interval {100 * low:.0f}% to {100 * high:.0f}%)"
