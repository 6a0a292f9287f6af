"""The corpus of the guided form: whole notebooks and files, sound ones and ones with one bug each.

Each says itself what it is.  A `.py` begins with comments, a notebook has the same words in its metadata under `case`:

    # sound: what is special about it         {"case": {"sound": "…"}}
    # task: 5                                 {"case": {"task": 5, "bug": "…", "also": [6]}}
    # bug: the bug, as a teacher would say it
    # also: 6                                 optional: tasks whose statements the same bug makes untrue too

A bug is caught where its task loses points and each check that failed says why.  It spreads where a task loses points
that is neither its own nor one of those it names.
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
        file: The solution.
        task: Number of the task that its bug is in; `None` where it is sound.
        sentence: What is special about it, or the bug as a teacher would say it.
        also: Tasks whose statements the same bug makes untrue too.
    """

    file: SubmissionFile
    task: int | None
    sentence: str
    also: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The name of its file."""
        return self.file.id


class CaseVerdict(msgspec.Struct, frozen=True):
    """How the grader did on one solution of the guided corpus.

    Attributes:
        name: The solution.
        case: What it says of itself.
        result: What the grader said.
        faults: What the grader did wrong, a sentence each; empty where it was right.
    """

    name: str
    case: Case
    result: Result
    faults: tuple[str, ...]


def read_cases(*folders: Path) -> list[Case]:
    """The solutions in some folders, in order of their names.

    Raises:
        UsageError: If there is none, or one does not say what it is.
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
    """Grade a guided corpus and judge the grader by it.

    Args:
        cases: The solutions, sound and buggy; each bug in a task that is graded.
        settings: How to grade; the form is what each file's own looks say.
        jobs: How many at once.
        on_verdict: Called with each verdict as soon as it is there.

    Returns:
        A verdict on each, in the order of the cases; those that there are where grading was stopped.
    """
    by_name = {case.name: case for case in cases}
    verdicts: dict[str, CaseVerdict] = {}

    def on_graded(graded: Graded) -> None:
        name = graded.result.submission.id
        faults = faults_with_case(by_name[name], graded.result)
        verdicts[name] = CaseVerdict(name, by_name[name], graded.result, faults)
        on_verdict(verdicts[name])

    by_looks = replace(settings, course=replace(settings.course, form="auto"))
    grade_all([case.file for case in cases], by_looks, jobs=jobs, on_graded=on_graded)
    return tuple(verdicts[case.name] for case in cases if case.name in verdicts)


def faults_with_case(case: Case, result: Result) -> tuple[str, ...]:
    """What the grader did wrong with a case, a sentence each; empty where it was right."""
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
    """The 95% Wilson interval of a rate: which true rates go with so many that were right.

    Args:
        right: How many were right.
        tried: Of how many; where it is none, nothing is known, and the interval is from 0 to 1.
    """
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
    """`9 of 10 (90%, 95% interval 60% to 98%)`."""
    each = list(right)
    low, high = wilson(sum(each), len(each))
    share = f"{100 * sum(each) / len(each):.0f}%, " if each else ""
    return f"{sum(each)} of {len(each)} ({share}95% interval {100 * low:.0f}% to {100 * high:.0f}%)"
