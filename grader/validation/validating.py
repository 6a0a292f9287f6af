"""Validate the grader: sound solutions must get full marks, and each bug must be caught by the check that is about it.

This is for instructors who have changed the course, its points or its checks, and for the grader's own tests.
"""

from __future__ import annotations

import functools
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from grader.assignment import contract
from grader.course import Course, Settings
from grader.grading.batch import grade_all
from grader.results.scoring import CheckResult, Graded, Result
from grader.submissions import SubmissionFile
from grader.submissions.files import ReadError
from grader.submissions.forms import checks_of
from grader.submissions.needs import need_of
from grader.submissions.parsing import ParseError
from grader.validation.corpus import EVERYWHERE, Chaff
from grader.validation.guided import CaseVerdict

_EVERY_TASK: Final = frozenset(task.number for task in contract.TASKS)


class Verdict(msgspec.Struct, frozen=True):
    """Whether the grader was right about one solution of the corpus.

    Attributes:
        name: The name of the solution.
        chaff: The solution with its bug; `None` for a sound solution.
        result: The result of grading it.
        faults: What the grader did wrong, one sentence each; empty if it was right.
    """

    name: str
    chaff: Chaff | None
    result: Result
    faults: tuple[str, ...]


class Validation(msgspec.Struct, frozen=True):
    """Whether the grader was right about each solution of a corpus.

    Attributes:
        profile: The profile that was graded.
        isolation: The isolation level.
        seconds: Wall time, in seconds.
        verdicts: The verdicts, those on sound solutions first.
        left_out: Names of the chaffs whose check this profile does not run.
        guided: The verdicts on the corpus of the guided form, if that was graded too.
    """

    profile: str
    isolation: str
    seconds: float
    verdicts: tuple[Verdict, ...]
    left_out: tuple[str, ...] = ()
    guided: tuple[CaseVerdict, ...] = ()

    @property
    def wrong(self) -> list[Verdict | CaseVerdict]:
        """The verdicts on solutions about which the grader was wrong."""
        everything: list[Verdict | CaseVerdict] = [*self.verdicts, *self.guided]
        return [verdict for verdict in everything if verdict.faults]

    @property
    def right(self) -> bool:
        """Whether the grader was right about every solution."""
        return not self.wrong


def validate(
    wheats: Sequence[SubmissionFile],
    chaffs: Sequence[Chaff],
    settings: Settings,
    *,
    jobs: int,
    on_verdict: Callable[[Verdict], None] = lambda verdict: None,
) -> Validation:
    """Grade a corpus, and find out whether the grader is right about each solution.

    Args:
        wheats: The sound solutions.
        chaffs: The solutions with one bug each; those whose check the profile does not run are left out.
        settings: How to grade.
        jobs: The number of submissions that are graded at once.
        on_verdict: Called with each verdict as soon as it is known.

    Returns:
        The verdicts; fewer if the grading was stopped.

    Raises:
        GraderError: If the complete source of a chaff cannot be assembled.
    """
    run = {check.id for check in checks_of("functions", settings.course, settings.profile, settings.tasks)}
    chosen = {chaff.name: chaff for chaff in chaffs if chaff.caught_by[0] in run}
    verdicts: dict[str, Verdict] = {}

    def on_graded(graded: Graded) -> None:
        result = graded.result
        name = result.submission.id
        chaff = chosen.get(name)
        faults = faults_with_wheat(result) if chaff is None else faults_with_chaff(chaff, result)
        verdicts[name] = Verdict(name, chaff, result, faults)
        on_verdict(verdicts[name])

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="grader-") as folder:
        files = [*wheats, *(write_chaff(chaff, Path(folder)) for chaff in chosen.values())]
        # To save time, a chaff is graded only in the tasks that its bug can reach.  Chaffs with the same tasks form a
        # batch.
        by_tasks: dict[frozenset[int], list[SubmissionFile]] = {}
        for file in files:
            tasks = reached(chosen[file.id], settings) if file.id in chosen else settings.tasks or _EVERY_TASK
            by_tasks.setdefault(tasks, []).append(file)
        for tasks, some in by_tasks.items():
            report = grade_all(some, replace(settings, tasks=tasks), jobs=jobs, on_graded=on_graded)
            if len(report.results) < len(some):
                break  # stopped
    return Validation(
        settings.profile,
        settings.level,
        time.monotonic() - began,
        tuple(verdicts[file.id] for file in files if file.id in verdicts),
        tuple(chaff.name for chaff in chaffs if chaff.name not in chosen),
    )


def reached(chaff: Chaff, settings: Settings) -> frozenset[int]:
    """Return the tasks, of those that are graded, that a chaff's bug can affect.

    These are the bug's own task, the first one, which loads the whole file, and each task whose functions need code
    that differs from the wheat that the chaff is based on.  In all other tasks the chaff runs the same code as its
    wheat, which is graded itself.  Profiles other than `quick` train with all the code, so in them all tasks count.
    """
    asked = settings.tasks or _EVERY_TASK
    if chaff.base is None or settings.profile != "quick":
        return asked
    try:
        texts = chaff.base.read_text(encoding="utf-8"), chaff.source()
        wheat, buggy = (_code_by_task(text, settings.course) for text in texts)
    except (ParseError, ReadError):
        return asked
    changed = {task for task in wheat if wheat[task] != buggy[task]}
    return asked & ({1, chaff.task} | changed)


def _code_by_task(source: str, course: Course) -> dict[int, str]:
    """Return the code that the checks of each task can run, by the number of the task; the first task is left out."""
    needed = {}
    for task in contract.TASKS[1:]:
        checks = checks_of("functions", course, "quick", frozenset({task.number}))
        needed[task.number] = _code_of(source, frozenset(name for check in checks for name in check.needs))
    return needed


@functools.cache  # each wheat has several chaffs, and finding what functions need takes a tenth of a second
def _code_of(source: str, functions: frozenset[str]) -> str:
    return need_of(source, functions).code


def write_chaff(chaff: Chaff, folder: Path) -> SubmissionFile:
    """Write the complete source of a chaff into a folder."""
    path = folder / f"{chaff.name}.py"
    path.write_text(chaff.source(), encoding="utf-8")
    return SubmissionFile(chaff.name, path)


def faults_with_wheat(result: Result) -> tuple[str, ...]:
    """Return what the grader did wrong with a sound solution, one sentence each; empty if it was right."""
    if result.status != "graded":
        return (f"not graded: {result.problem}",)
    return tuple(
        f"{check.id} {check.status}: {check.message}"
        for check in result.checks
        if check.status != "passed" or check.points < check.max_points
    )


def faults_with_chaff(chaff: Chaff, result: Result) -> tuple[str, ...]:
    """Return what the grader did wrong with a bug, one sentence each; empty if it was right.

    It may have missed the bug, may have no message for it, or may take points in other tasks for it.
    """
    if result.status != "graded":
        return (f"not graded: {result.problem}",)
    wrong = {check.id: check for check in result.checks if check.status != "passed"}
    faults: list[str] = []
    primary = wrong.get(chaff.caught_by[0])
    # The check that is about the bug has to fail itself.  If it did not run, a student would not read its message.
    if primary is None:
        caught = f"only by {', '.join(wrong)}" if wrong else "by nothing"
        faults.append(f"{chaff.caught_by[0]} does not catch it; it is caught {caught}")
    elif primary.status == "not_run":
        faults.append(f"{primary.id} was not run: {primary.message}")
    faults += [f"{check.id} fails without a word" for check in wrong.values() if not check.message]
    allowed = {*chaff.caught_by, *chaff.spreads_to}
    faults += [
        f"it spreads to {check.id} ({check.status}: {check.message})"
        for check in spread(chaff, result)
        if check.id not in allowed and EVERYWHERE not in allowed
    ]
    return tuple(faults)


def spread(chaff: Chaff, result: Result) -> list[CheckResult]:
    """Return the checks of other tasks that fail or cannot run because of a bug."""
    return [check for check in result.checks if check.status != "passed" and check.task != chaff.task]
