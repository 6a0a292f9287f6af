"""The grader graded: sound solutions must have full marks, and each bug must be caught by the check that is about it.

For an instructor who changed the course, its points or its checks, and for the grader's own tests.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from grader import contract
from grader.batch import Settings, grade_all
from grader.corpus import EVERYWHERE, Chaff
from grader.scoring import CheckResult, Graded, Result
from grader.submissions import SubmissionFile


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
    """

    profile: str
    isolation: str
    seconds: float
    verdicts: tuple[Verdict, ...]
    left_out: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Whether the grader was right about every solution."""
        return not any(verdict.faults for verdict in self.verdicts)


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
        GraderError: A chaff cannot be put together.
    """
    run = {check.id for check in contract.checks_of(settings.profile, settings.tasks)}
    chosen = {chaff.name: chaff for chaff in chaffs if chaff.caught_by[0] in run}
    verdicts: dict[str, Verdict] = {}

    def on_graded(graded: Graded) -> None:
        result = graded.result
        name = result.submission.id
        chaff = chosen.get(name)
        faults = faults_with_wheat(result) if chaff is None else faults_with_chaff(chaff, result)
        verdicts[name] = Verdict(name, chaff, result, faults)
        on_verdict(verdicts[name])

    with tempfile.TemporaryDirectory(prefix="grader-") as folder:
        files = [*wheats, *(write_chaff(chaff, Path(folder)) for chaff in chosen.values())]
        report = grade_all(files, settings, jobs=jobs, on_graded=on_graded)
    return Validation(
        report.profile,
        report.isolation,
        report.seconds,
        tuple(verdicts[file.id] for file in files if file.id in verdicts),
        tuple(chaff.name for chaff in chaffs if chaff.name not in chosen),
    )


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
