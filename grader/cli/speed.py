"""`grader bench`."""

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
    """Measure how fast submissions train: each epoch, next to the reference, on processor and GPU.

    A submission and the reference train side by side, in turns of a part of a second.  Nothing else should run
    meanwhile.

    Exit status: 0 everything was measured, 1 something could not be, 2 usage, 3 the grader failed.

    Args:
        paths: Submissions, or folders of them.
        device: cpu, gpu, gpu:1, several with commas, or all.
        backend: What Keras runs on (may be given more than once).
        epochs: Epochs in each round; the course's number unless given.
        rounds: Trainings of each submission; the course's number unless given.
        images: Images to train on; the course's number unless given.
        explain: Undo each likely cause of slowness, one at a time, and say how much faster that is (minutes for each
            submission; how many is said before).
        dataset: The data set, in place of the course's.
        course: The course file; course.toml here unless given.
        json: Print one JSON document and nothing else.
        gradebook: Where measurements are kept; with --no-gradebook nowhere.
        require_isolation: Refuse to run submissions below this level.
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
    """Says how long undoing things takes, also while pytest runs, which is kept silent."""
    stream = sys.stderr

    def on_trials(lane: Lane, trials: int, seconds: float) -> None:
        where = f"{lane.submission.id} on {lane.device}"
        with contextlib.redirect_stderr(stream):
            say(f"{where}: undoing {trials} things, one at a time, takes {about(seconds)}.")

    return on_trials


def measure_graded(
    files: Sequence[SubmissionFile], report_: Report, settings: Settings, gradebook: Path | None, *, quiet: bool
) -> list[Measurement]:
    """Measure what was graded in the profile `full`, on the processor, one submission after the other.

    Those are left out that could not be graded, that are guided notebooks, or whose very file the gradebook has a
    measurement of under the same budget.

    Args:
        files: The submissions.
        report_: Their results.
        settings: How they were graded.
        gradebook: Where measurements are kept; `None`: nowhere.
        quiet: Show no progress.
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
    """The devices that `--device` names: `all` is the processor and every GPU, or the first where there is none.

    Raises:
        UsageError: It names something else.
    """
    if text == "all":
        return ("cpu", *([f"gpu:{gpu.index}" for gpu in gpus()] or ["gpu:0"]))
    for name in text.split(","):
        if re.fullmatch(r"cpu|gpu(:[0-9]{1,3})?", name) is None:
            raise UsageError(f"--device {text}: give cpu, gpu, gpu:1, several of them with commas, or all.")
    return tuple(dict.fromkeys("gpu:0" if name == "gpu" else name for name in text.split(",")))


def _with_numbers(course: Course, **numbers: int | None) -> Course:
    """The course with other numbers to train with, where they are given.

    Raises:
        UsageError: A number cannot be meant.
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
