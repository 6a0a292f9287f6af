"""Commands about the machine and the course: `doctor`, `new`, `data`, `calibrate`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console

from grader.cli.app import app
from grader.cli.options import with_dataset
from grader.course import load_course
from grader.course.datasets import load_dataset
from grader.ground.errors import UsageError
from grader.sandbox.host.launch import choose_level


@app.command
def doctor(*, json: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Tell what this machine offers, and try each isolation level from inside.

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
def new(file: Path = Path("solution.py"), /, *, form: Literal["functions", "guided"] = "functions") -> int:
    """Write the starter file.

    Args:
        file: Where to: a .py or an .ipynb.
        form: Functions to fill in, or a notebook with the six tasks as headings.
    """
    from grader.assignment.starter import write_starter

    write_starter(file, form=form)
    what = "fill in the functions" if form == "functions" else "work through the six tasks"
    print(f"Wrote {file}: {what}, then run: grader check {file}")
    return 0


@app.command
def data(name: str | None = None, /, *, course: Path | None = None) -> int:
    """Fetch and verify the course's data set.

    Args:
        name: cifar10 or shapes; the course's data set unless given.
        course: The course file; course.toml here unless given.
    """
    dataset = load_dataset(name or load_course(course).dataset)
    print(f"{dataset.name}: {len(dataset.x_train):,} training and {len(dataset.x_test):,} test images, verified.")
    print(f"SHA-256 {dataset.sha256}")
    return 0


@app.command
def calibrate(*, runs: int = 10, course: Path | None = None, dataset: str | None = None) -> int:
    """Measure the accuracy thresholds: train the reference under the course's budget, several times.

    Args:
        runs: How many times; some minutes each.
        course: The course file; course.toml here unless given.
        dataset: The data set, in place of the course's.
    """
    from grader.sandbox.host.session import Sandbox
    from grader.submissions.reference import write_reference
    from grader.validation.calibrate import measure, store

    if runs < 2:
        raise UsageError(f"--runs {runs}: give 2 or more, since a spread is needed.")
    chosen = with_dataset(load_course(course), dataset)
    loaded = load_dataset(chosen.dataset)
    with tempfile.TemporaryDirectory() as folder:
        solution = Path(folder) / "reference.py"
        write_reference(solution)
        with Sandbox.start(choose_level(None), threads=chosen.limits.threads) as sandbox:
            calibration = measure(sandbox, solution, chosen, loaded, runs=runs, notify=print)
    store(calibration)
    print(
        f"mean {calibration.mean:.4f}, spread {calibration.spread:.4f}, full credit from {calibration.full_credit:.4f}"
    )
    return 0
