"""`grader validate`: the grader graded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from grader.cli.app import app
from grader.cli.options import Options, settings_of
from grader.grading.batch import default_jobs
from grader.grading.pipeline import prepare_data
from grader.ground.errors import UsageError
from grader.ground.files import write_whole
from grader.ground.text import clean
from grader.submissions import discover
from grader.validation import matrix
from grader.validation.corpus import read_chaffs
from grader.validation.validating import Validation, Verdict, validate


@app.command(name="validate")
def validate_grader(
    wheats: Path = Path("tests/wheats"),
    chaffs: Path = Path("tests/chaffs"),
    /,
    *,
    options: Options | None = None,
    jobs: Annotated[int | None, Parameter(name=["--jobs", "-j"])] = None,
    only: Annotated[str, Parameter(help="Only solutions with this in their name.")] = "",
) -> int:
    """Grade the grader: sound solutions must have full marks, and each bug must be caught by its own check.

    With -o, writes kill-matrix.md, messages.md and validation.json.
    Exit status: 0 the grader was right about every solution, 1 it was not, 2 usage, 3 it could not grade.

    Args:
        wheats: Folder of the sound solutions.
        chaffs: Folder of the solutions with one bug each.
        options: See `Options`.
        jobs: How many at once; as many as the machine's cores allow unless given.
        only: Leave out the others.
    """
    options = options or Options()
    settings = settings_of(options, default_profile="quick")
    sound = [file for file in discover([wheats]) if only in file.id]
    buggy = [chaff for chaff in read_chaffs(chaffs, wheats) if only in chaff.name]
    if not sound and not buggy:
        raise UsageError(f"--only {only}: no solution has this in its name.")
    prepare_data(settings)
    done: list[Verdict] = []

    def on_verdict(verdict: Verdict) -> None:
        done.append(verdict)
        word = "WRONG" if verdict.faults else "right"
        faults = f": {'; '.join(verdict.faults)}" if verdict.faults else ""
        line = f"[{len(done)}/{len(sound) + len(buggy)}] {word} {verdict.name} ({verdict.result.seconds:.1f} s){faults}"
        print(clean(line), file=sys.stderr, flush=True)

    validation = validate(sound, buggy, settings, jobs=jobs or default_jobs(settings), on_verdict=on_verdict)
    if options.output is not None:
        write_whole(options.output / "kill-matrix.md", matrix.kill_matrix(validation).encode())
        write_whole(options.output / "messages.md", matrix.messages(validation).encode())
        write_whole(options.output / "validation.json", msgspec.json.encode(validation, enc_hook=str))
    if options.json:
        print(msgspec.json.encode(validation, enc_hook=str).decode())
    else:
        print(summary(validation))
    if len(done) + len(validation.left_out) < len(sound) + len(buggy):
        return 3
    if any(verdict.result.status != "graded" for verdict in done):
        return 3
    return 0 if validation.right else 1


def summary(validation: Validation) -> str:
    """One line that one can grep."""
    sound = [verdict for verdict in validation.verdicts if verdict.chaff is None]
    buggy = [verdict for verdict in validation.verdicts if verdict.chaff is not None]
    left_out = f", {len(validation.left_out)} left out (another profile)" if validation.left_out else ""
    return (
        f"{sum(not v.faults for v in sound)} of {len(sound)} sound solutions have full marks, "
        f"{sum(not v.faults for v in buggy)} of {len(buggy)} bugs are caught by their own check{left_out} "
        f"({validation.profile}, {validation.isolation}, {validation.seconds:.0f} s)"
    )
