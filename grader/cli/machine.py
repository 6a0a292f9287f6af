"""The commands about the machine and the course: `doctor`, `new`, `data` and `calibrate`."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console

from grader.cli.app import app
from grader.cli.options import with_dataset
from grader.course import load_course, on_dataset
from grader.course.datasets import load_dataset, write_npz
from grader.course.thresholds import RUNS_OF_FULL, calibration_file, load_calibrations
from grader.ground.errors import UsageError
from grader.ground.notes import say
from grader.sandbox.host.launch import choose_level


@app.command
def doctor(*, json: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Show what this machine offers, and test each isolation level from the inside.

    Args:
        json: Print one JSON document and nothing else.
    """
    from grader.validation.doctor import examine, show

    examination = examine()
    if json:
        print(msgspec.json.encode(examination).decode())
    else:
        show(Console(), examination)
    return 0 if examination.fine else 3


@app.command
def new(
    file: Path | None = None,
    /,
    *,
    form: Literal["functions", "guided"] = "functions",
    course: Path | None = None,
) -> int:
    """Write the starter file or, with --course, the folder of a new course.

    Args:
        file: The file to write, a .py or an .ipynb; by default, solution.py.
        form: Functions to fill in, or a notebook with the six tasks as headings.
        course: The folder to write, with a course file, an example of an own check in checks/, and the starter in
            submissions/.
    """
    from grader.assignment.starter import write_starter

    if course is not None:
        from grader.validation.course_folder import write_course

        if file is not None:
            raise UsageError(f"{file}: leave it out; --course writes the starter into {course}.")
        write_course(course, form=form)
        print(f"Wrote {course} with an example of a check in checks/. To try it, run in that folder: grader validate")
        return 0
    file = file or Path("solution.py")
    chosen = load_course()
    if form == "guided":
        chosen = on_dataset(msgspec.structs.replace(chosen, form=form), chosen.dataset, classes=False)
    write_starter(file, form=form, brief=chosen.brief)
    what = "fill in the functions" if form == "functions" else "work through the six tasks"
    print(f"Wrote {file}: {what}, then run: grader check {file}")
    return 0


@app.command
def data(
    name: str | None = None,
    /,
    *,
    course: Path | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
) -> int:
    """Fetch and verify the course's data set.

    Args:
        name: A data set, or the path of an .npz or of a folder of images; by default, the course's data set.
        course: The course file; by default, course.toml in the current folder.
        output: Also write the images into this .npz, for students.
    """
    if output is not None and output.suffix != ".npz":
        raise UsageError(f"--output {output}: the images are written as an .npz; let the name end so.")
    dataset = load_dataset(name or load_course(course).dataset)
    print(f"{dataset.name}: {len(dataset.x_train):,} training and {len(dataset.x_test):,} test images, verified.")
    print(f"SHA-256 {dataset.sha256}")
    if output is not None:
        write_npz(dataset, output)
        print(f"Wrote {output}.")
    return 0


@app.command
def calibrate(
    *,
    profile: Literal["standard", "full"] = "standard",
    runs: int | None = None,
    anew: Annotated[bool, Parameter(negative="")] = False,
    course: Path | None = None,
    dataset: str | None = None,
) -> int:
    """Measure the accuracy thresholds by training the reference several times under the course's budget.

    With --profile full, the reference is trained as it is written, on all images, which takes a quarter of an hour or
    more for each run.  Each run is stored as soon as it is finished, and the command resumes where it was stopped.

    Args:
        profile: The profile to measure for: standard with a short training, or full with the whole one.
        runs: The number of runs, for full including those that are stored already; by default 10, and 5 for full.
        anew: For full: forget the runs that are stored.
        course: The course file; by default, course.toml in the current folder.
        dataset: The data set to use instead of the course's.
    """
    from grader.checks.common.verdict import count_of
    from grader.sandbox.host.session import Sandbox
    from grader.submissions.reference import write_reference
    from grader.validation.calibrate import measure, store, to_go_on_with

    full = profile == "full"
    runs = runs or (RUNS_OF_FULL if full else 10)
    if runs < (1 if full else 2):
        raise UsageError(f"--runs {runs}: give 2 or more, since a spread is needed.")
    if anew and not full:
        raise UsageError("--anew: only --profile full goes on where it was; the other begins anew by itself.")
    chosen = with_dataset(load_course(course), dataset)
    loaded, file = load_dataset(chosen.dataset), calibration_file(chosen.dataset)
    with tempfile.TemporaryDirectory() as folder:
        solution = Path(folder) / "reference.py"
        write_reference(solution)
        with Sandbox.start(choose_level(None), threads=chosen.limits.threads) as sandbox:
            earlier = None
            if full and not anew:
                earlier = to_go_on_with(load_calibrations(file), chosen, loaded.sha256, sandbox.versions)
            if earlier is not None:
                print(f"{count_of(len(earlier.accuracies), 'run')} of {runs} there already; --anew forgets them.")
            calibration = measure(
                *(sandbox, solution, chosen, loaded),
                runs=runs,
                profile=profile,
                earlier=earlier,
                keep=functools.partial(store, path=file) if full else lambda calibration: None,
                notify=functools.partial(print, flush=True),
            )
    store(calibration, file)
    if len(calibration.accuracies) < 2:
        say("thresholds of one run: its spread is assumed; add runs with `grader calibrate --profile full`.")
    print(
        f"mean {calibration.mean:.4f}, spread {calibration.spread:.4f}, full credit from {calibration.full_credit:.4f}"
    )
    return 0
