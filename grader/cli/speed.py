"""The command `grader bench`, which measures training speed."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console

from grader.cli.app import app
from grader.cli.options import GRADEBOOK_FILE, Level, with_dataset
from grader.cli.progress import training_progress
from grader.course import Count, Course, Settings, load_course
from grader.course.datasets import load_dataset
from grader.gradebook.store import Gradebook
from grader.grading.remaining import about
from grader.ground.errors import UsageError
from grader.ground.machine import machine_lock
from grader.ground.notes import say
from grader.reports import speed as report
from grader.results.scoring import Report
from grader.sandbox.host.devices import gpus
from grader.sandbox.host.launch import choose_level
from grader.sandbox.wire.backends import BACKENDS
from grader.speed.measuring import budget_of, draw_data
from grader.speed.records import Measurement
from grader.speed.running import Lane, Plan, measure_all
from grader.submissions import SubmissionFile, discover, read_apart

Backend = Literal["tensorflow", "jax", "torch"]
assert Backend.__args__ == BACKENDS  # type: ignore[attr-defined]


@app.command
def bench(
    paths: Annotated[tuple[Path, ...], Parameter(negative="")],
    /,
    *,
    device: str = "cpu",
    backend: Annotated[tuple[Backend, ...], Parameter(negative="")] = ("tensorflow",),
    epochs: int | None = None,
    rounds: int | None = None,
    images: int | None = None,
    explain: Annotated[bool, Parameter(negative="")] = False,
    dataset: str | None = None,
    course: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    gradebook: Annotated[Path | None, Parameter(negative_none="no-")] = GRADEBOOK_FILE,
    require_isolation: Level | None = None,
) -> int:
    """Measure how fast submissions train, epoch by epoch, next to the reference, on processor and GPU.

    A submission and the reference train side by side, in turns of a part of a second.  Nothing else should run on the
    machine at the same time.

    Exit status: 0 everything was measured, 1 something could not be, 2 usage, 3 the grader failed.

    Args:
        paths: Submissions, or folders of them.
        device: cpu, gpu, gpu:1, several of them separated by commas, or all.
        backend: The Keras backend (may be given more than once).
        epochs: The number of epochs in each round; by default, the course's.
        rounds: The number of trainings of each submission; by default, the course's.
        images: The number of images to train on; by default, the course's.
        explain: Undo each likely cause of slowness, one at a time, and show how much faster that is.  This takes
            minutes for each submission; the command says beforehand how many.
        dataset: The data set to use instead of the course's.
        course: The course file; by default, course.toml in the current folder.
        json: Print one JSON document and nothing else.
        gradebook: The gradebook that measurements are written to; with --no-gradebook they are not kept.
        require_isolation: Refuse to run submissions below this isolation level.
    """
    chosen = _with_numbers(with_dataset(load_course(course), dataset), epochs=epochs, rounds=rounds, images=images)
    files = discover(paths)
    if not files:
        raise UsageError(
            f"{', '.join(map(str, paths))}: there are no submissions here; a submission is a .py or .ipynb."
        )
    plan = Plan(
        submissions=tuple(read_apart(file) for file in files),
        course=chosen,
        dataset=load_dataset(chosen.dataset),
        level=choose_level(require_isolation),
        devices=devices_of(device),
        backends=tuple(dict.fromkeys(backend)),
        explain=explain,
    )
    began = time.monotonic()
    with machine_lock("grader bench", alone=True, waiting=say), training_progress(plan, quiet=json) as on_training:
        if gradebook is None:
            measurements = measure_all(plan, on_training, on_trials=_says_trials())
        else:
            with Gradebook.open(gradebook) as book:
                measurements = measure_all(plan, on_training, book.add_measurement, _says_trials())
    seconds = time.monotonic() - began
    if json:
        print(msgspec.json.encode(report.speed_document(measurements, chosen, seconds)).decode())
    else:
        report.show(Console(), measurements, chosen)
    return 0 if all(measurement.status == "measured" for measurement in measurements) else 1


def _says_trials() -> Callable[[Lane, int, float], None]:
    """Return a function that says how long undoing causes will take, even while pytest's output is silenced."""
    stream = sys.stderr

    def on_trials(lane: Lane, trials: int, seconds: float) -> None:
        where = f"{lane.submission.id} on {lane.device}"
        with contextlib.redirect_stderr(stream):
            say(f"{where}: undoing {trials} things, one at a time, takes {about(seconds)}.")

    return on_trials


def measure_graded(
    files: Sequence[SubmissionFile], report_: Report, settings: Settings, gradebook: Path | None, *, quiet: bool
) -> list[Measurement]:
    """Measure the training speed of graded submissions on the processor, one submission after another.

    Submissions are left out if they could not be graded, if they are guided notebooks, or if the gradebook already has
    a measurement of exactly this file under the same budget.

    Args:
        files: The submissions.
        report_: The report with their results.
        settings: How they were graded.
        gradebook: The gradebook that measurements are written to; `None` to keep none.
        quiet: Whether to show no progress.

    Returns:
        The new measurements.
    """
    course = settings.course
    graded = {r.submission.id for r in report_.results if r.status == "graded" and r.submission.form == "functions"}
    dataset = load_dataset(course.dataset)
    budget = budget_of(draw_data(dataset, course, course.seed), course, dataset)
    with contextlib.ExitStack() as stack:
        book = None if gradebook is None else stack.enter_context(Gradebook.open(gradebook))
        known = [] if book is None else [timing.measurement for timing in book.measurements()]
        done = {(m.submission, m.sha256) for m in known if m.status == "measured" and m.budget == budget}
        submissions = [read_apart(file) for file in files if file.id in graded]
        new = tuple(each for each in submissions if (each.id, each.sha256) not in done)
        if not new:
            return []
        plan = Plan(submissions=new, course=course, dataset=dataset, level=settings.level)
        stack.enter_context(machine_lock("grader grade --profile full", alone=True, waiting=say))
        on_training = stack.enter_context(training_progress(plan, quiet=quiet))
        return measure_all(plan, on_training, book.add_measurement if book is not None else lambda measurement: None)


def devices_of(text: str) -> tuple[str, ...]:
    """Return the devices that `--device` names.

    `all` stands for the processor and every GPU; if there is no GPU, for the processor and `gpu:0`, so that the
    measurement says that there is none.

    Raises:
        UsageError: If it names something else.
    """
    if text == "all":
        return ("cpu", *([f"gpu:{gpu.index}" for gpu in gpus()] or ["gpu:0"]))
    for name in text.split(","):
        if re.fullmatch(r"cpu|gpu(:[0-9]{1,3})?", name) is None:
            raise UsageError(f"--device {text}: give cpu, gpu, gpu:1, several of them with commas, or all.")
    return tuple(dict.fromkeys("gpu:0" if name == "gpu" else name for name in text.split(",")))


def _with_numbers(course: Course, **numbers: int | None) -> Course:
    """Return the course with those numbers for measuring speed replaced that are not `None`.

    Raises:
        UsageError: If a number is out of range.
    """
    given = {name: number for name, number in numbers.items() if number is not None}
    for name, number in given.items():
        try:
            msgspec.convert(number, Count)
        except msgspec.ValidationError:
            raise UsageError(f"--{name} {number}: give a number from 1 to 10,000,000.") from None
    if "images" in given:
        given["train_images"] = given.pop("images")
    return msgspec.structs.replace(course, speed=msgspec.structs.replace(course.speed, **given))
