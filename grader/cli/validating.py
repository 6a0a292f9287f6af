"""The command `grader validate`, which tests the grader with correct and buggy solutions."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter
from msgspec.structs import replace

from grader.cli.app import app
from grader.cli.options import Options, settings_of
from grader.course.own_checks import CHAFFS, GUIDED, WHEATS
from grader.grading.batch import default_jobs
from grader.grading.pipeline import prepare_data
from grader.ground.errors import UsageError
from grader.ground.files import write_whole
from grader.ground.text import clean
from grader.submissions import discover
from grader.validation import matrix
from grader.validation.corpus import read_chaffs
from grader.validation.guided import CaseVerdict, read_cases, validate_guided
from grader.validation.validating import Validation, Verdict, validate

_OURS: Final = Path("tests")


@app.command(name="validate")
def validate_grader(
    wheats: Path | None = None,
    chaffs: Path | None = None,
    /,
    *,
    options: Options | None = None,
    jobs: Annotated[int | None, Parameter(name=["--jobs", "-j"])] = None,
    only: Annotated[str, Parameter(help="Grade only solutions with this in their name.")] = "",
) -> int:
    """Grade the grader: sound solutions must get full marks, and each bug must be caught by its own check.

    By default, the folders are wheats and chaffs in the course's checks/ or, if there are none, in tests/.  The corpus
    of the guided form, in a folder guided beside them, is graded too if it exists.
    With -o, writes kill-matrix.md, messages.md and validation.json.
    Exit status: 0 the grader was right about every solution, 1 it was not, 2 usage, 3 it could not grade.

    Args:
        wheats: The folder of the sound solutions.
        chaffs: The folder of the solutions with one bug each; by default, chaffs beside the folder of sound ones.
        options: See `Options`.
        jobs: How many submissions to grade at once; by default, as many as the machine's cores allow.
        only: Leave out solutions without this in their name.
    """
    options = options or Options()
    settings = settings_of(options, default_profile="quick")
    own = settings.course.own
    folders: list[Path] = []
    if wheats is None:
        in_course = own.checks and (Path(own.folder) / WHEATS).is_dir()
        wheats = (Path(own.folder) if in_course else _OURS) / WHEATS
        folders = [each for name in (WHEATS, CHAFFS) if (each := wheats.parent / GUIDED / name).is_dir()]
    chaffs = chaffs or wheats.parent / CHAFFS
    sound = [file for file in discover([wheats]) if only in file.id]
    buggy = [chaff for chaff in read_chaffs(chaffs, wheats, own) if only in chaff.name]
    cases = [case for case in read_cases(*folders) if only in case.name] if folders else []
    if settings.tasks:
        cases = [case for case in cases if case.task is None or case.task in settings.tasks]
    solutions = len(sound) + len(buggy) + len(cases)
    if not solutions:
        raise UsageError(f"--only {only}: no solution has this in its name.")
    prepare_data(settings)
    done: list[Verdict | CaseVerdict] = []

    def on_verdict(verdict: Verdict | CaseVerdict) -> None:
        done.append(verdict)
        word = "WRONG" if verdict.faults else "right"
        faults = f": {'; '.join(verdict.faults)}" if verdict.faults else ""
        line = f"[{len(done)}/{solutions}] {word} {verdict.name} ({verdict.result.seconds:.1f} s){faults}"
        print(clean(line), file=sys.stderr, flush=True)

    jobs = jobs or default_jobs(settings)
    began = time.monotonic()
    validation = validate(sound, buggy, settings, jobs=jobs, on_verdict=on_verdict)
    stopped = len(done) + len(validation.left_out) < len(sound) + len(buggy)
    if cases and not stopped:
        guided = validate_guided(cases, settings, jobs=jobs, on_verdict=on_verdict)
        validation = replace(validation, guided=guided, seconds=time.monotonic() - began)
    if options.output is not None:
        kills = matrix.kill_matrix(validation, settings.course.checks())
        write_whole(options.output / "kill-matrix.md", kills.encode())
        write_whole(options.output / "messages.md", matrix.messages(validation).encode())
        write_whole(options.output / "validation.json", msgspec.json.encode(validation, enc_hook=str))
    if options.json:
        print(msgspec.json.encode(validation, enc_hook=str).decode())
    else:
        print(verdict_lines(validation))
        if validation.guided:
            print("\n".join(matrix.rates(validation)))
    if len(done) + len(validation.left_out) < solutions:
        return 3
    if any(verdict.result.status != "graded" for verdict in done):
        return 3
    return 0 if validation.right else 1


def verdict_lines(validation: Validation) -> str:
    """Sum up a validation in one line that can be searched for with grep."""
    sound = [verdict for verdict in validation.verdicts if verdict.chaff is None]
    buggy = [verdict for verdict in validation.verdicts if verdict.chaff is not None]
    left_out = f", {len(validation.left_out)} left out (another profile)" if validation.left_out else ""
    return (
        f"{sum(not v.faults for v in sound)} of {len(sound)} sound solutions have full marks, "
        f"{sum(not v.faults for v in buggy)} of {len(buggy)} bugs are caught by their own check{left_out} "
        f"({validation.profile}, {validation.isolation}, {validation.seconds:.0f} s)"
    )
