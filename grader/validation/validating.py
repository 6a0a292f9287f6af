"""The grader graded: sound solutions must have full marks, and each bug must be caught by the check that is about it.

For an instructor who changed the course, its points or its checks, and for the grader's own tests.
"""

from __future__ import annotations

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
    """How the grader did on one solution of the corpus.

    Attributes:
        name: The solution.
        chaff: What its bug is; `None` for a sound solution.
        result: What the grader said.
        faults: What the grader did wrong, a sentence each; empty where it was right.
    """

    name: str
    chaff: Chaff | None
    result: Result
    faults: tuple[str, ...]


class Validation(msgspec.Struct, frozen=True):
    """How the grader did on a corpus.

    Attributes:
        profile: The profile it graded in.
        isolation: The isolation level.
        seconds: Wall time.
        verdicts: Sound solutions first.
        left_out: Names of chaffs that only another profile can catch.
        guided: How it did on the corpus of the guided form, where that was graded too.
    """

    profile: str
    isolation: str
    seconds: float
    verdicts: tuple[Verdict, ...]
    left_out: tuple[str, ...] = ()
    guided: tuple[CaseVerdict, ...] = ()

    @property
    def wrong(self) -> list[Verdict | CaseVerdict]:
        """Where the grader was not right."""
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
    """Grade a corpus and judge the grader by it.

    Args:
        wheats: The sound solutions.
        chaffs: The solutions with one bug each; those whose check the profile does not run are left out.
        settings: How to grade.
        jobs: How many at once.
        on_verdict: Called with each verdict as soon as it is there.

    Raises:
        GraderError: If a chaff cannot be put together.
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
    """The tasks that a chaff's bug can make a difference to, of those that are graded.

    Those are its own task, the first, which loads the whole file, and each whose functions need anything that is not as
    in the wheat below it.  In the others it is the wheat, which is graded itself.  Whatever trains for accuracy needs
    all of it.
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
    """By the number of each task, the code that its checks can make run, but for the first task's."""
    needed = {}
    for task in contract.TASKS[1:]:
        checks = checks_of("functions", course, "quick", frozenset({task.number}))
        needed[task.number] = need_of(source, {name for check in checks for name in check.needs}).code
    return needed


def write_chaff(chaff: Chaff, folder: Path) -> SubmissionFile:
    """Write a chaff's complete solution into a folder."""
    path = folder / f"{chaff.name}.py"
    path.write_text(chaff.source(), encoding="utf-8")
    return SubmissionFile(chaff.name, path)


def faults_with_wheat(result: Result) -> tuple[str, ...]:
    """What the grader did wrong with a sound solution."""
    if result.status != "graded":
        return (f"not graded: {result.problem}",)
    return tuple(
        f"{check.id} {check.status}: {check.message}"
        for check in result.checks
        if check.status != "passed" or check.points < check.max_points
    )


def faults_with_chaff(chaff: Chaff, result: Result) -> tuple[str, ...]:
    """What the grader did wrong with a bug: overlooked it, said nothing of it, or charged other tasks for it."""
    if result.status != "graded":
        return (f"not graded: {result.problem}",)
    wrong = {check.id: check for check in result.checks if check.status != "passed"}
    faults: list[str] = []
    primary = wrong.get(chaff.caught_by[0])
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
    """The checks of other tasks that a bug fails, or keeps from running."""
    return [check for check in result.checks if check.status != "passed" and check.task != chaff.task]
