"""The program that runs in Gradescope's container: it grades a submission and writes a result whatever happens.

In Gradescope's folder, `submission/` holds what was handed in and `source/` the unpacked zip file; Gradescope reads
`results/results.json`.  This file is rewritten after each check, so that a grading that is cut off leaves the checks
that were finished, without a score.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from grader.course import Settings, load_course
from grader.exports import entries_of, gradescope
from grader.grading.pipeline import prepare_data
from grader.grading.slots import Slot
from grader.ground.files import write_whole
from grader.results.artefacts import Artefact, Measured, decoded
from grader.results.scoring import Graded, Outcome, Report, Result, SubmissionInfo, make_result
from grader.sandbox.host.launch import choose_level, compile_once, why_not
from grader.submissions import SubmissionFile, choose, read_apart
from grader.submissions.forms import checks_of, form_of

CONFIGURATION: Final = "autograder.json"
_NAME: Final = "submission"
_CUT_OFF: Final = "The grading was cut off before it was finished."
_NOTHING: Final = "There is no .py or .ipynb file; hand in one solution.py or solution.ipynb, and no folder."


class Configuration(msgspec.Struct, frozen=True):
    """The settings in the zip file that are not part of the course file.

    Attributes:
        profile: The profile to grade with.
        hidden: The ids of the checks that students see only once grades are published.
    """

    profile: str
    hidden: tuple[str, ...] = ()


def main(arguments: Sequence[str]) -> int:
    """Grade the submission or, with `--prepare` among the arguments, only fetch what grading needs.

    Args:
        arguments: Gradescope's folder, which is `/autograder` there, and perhaps `--prepare`.

    Returns:
        The exit status: 0, or 3 if the grader failed.
    """
    root = Path(arguments[0])
    if "--prepare" in arguments:
        prepare_data(_settings(root))
        compile_once()
        return 0
    target = root / "results" / "results.json"
    try:
        return grade_into(root, target)
    except Exception as error:  # of any kind, since a student is waiting for a result
        traceback.print_exc()
        _write_failure(target, f"{type(error).__name__}: {error}")
        return 3


def grade_into(root: Path, target: Path) -> int:
    """Grade the submission, writing the result so far after each check, and return the exit status."""
    configuration = _configuration(root)
    settings = _settings(root)
    file = choose(root / _NAME) or SubmissionFile(_NAME, root / _NAME, _NOTHING)
    submission = read_apart(file)
    checks = checks_of(form_of(submission, settings.course.form).name, settings.course, settings.profile)
    outcomes: dict[str, Outcome] = {}
    # Instructors are told why the strongest isolation level is not available.
    reasons = (f"{why_not('namespaces')}.",) if settings.level != "namespaces" else ()

    def write(result: Result, artefacts: tuple[Artefact, ...] = ()) -> None:
        (entry,) = entries_of(Report(settings.profile, settings.level, result.seconds, (result,)))
        results = gradescope.document(
            entry,
            hidden=frozenset(configuration.hidden),
            notes=reasons,
            leaderboard=settings.course.leaderboard,
            measured=decoded(artefacts, "measured", Measured),
        )
        write_whole(target, gradescope.encode(results))

    def on_check(check_id: str, outcome: Outcome) -> None:
        outcomes[check_id] = outcome
        write(make_result(submission, settings.course, checks, outcomes, seconds=0.0, problem=_CUT_OFF))

    try:
        with Slot(settings) as slot:
            graded = slot.grade(file, on_check)
    except Exception as error:  # the checks that were finished by then are still shown
        traceback.print_exc()
        problem = f"{type(error).__name__}: {error}"
        graded = Graded(make_result(submission, settings.course, checks, outcomes, seconds=0.0, problem=problem))
    write(graded.result, graded.artefacts)
    return 0 if graded.result.status == "graded" else 3


def _configuration(root: Path) -> Configuration:
    return msgspec.json.decode((root / "source" / CONFIGURATION).read_bytes(), type=Configuration)


def _settings(root: Path) -> Settings:
    course = load_course(root / "source" / "course.toml")
    return Settings(course, _configuration(root).profile, frozenset(), choose_level(None))


def _write_failure(target: Path, problem: str) -> None:
    """Write the result of a grading that could not even begin."""
    info = SubmissionInfo(_NAME, _NAME, "", "")
    result = Result(info, "infrastructure_error", 0.0, 0.0, 0.0, (), problem)
    (entry,) = entries_of(Report("", "", 0.0, (result,)))
    write_whole(target, gradescope.encode(gradescope.document(entry)))
