"""Compare CPU and GPU on JAX and PyTorch, for four styles and the reference, and check the grader's clock.

`python -m benchmarks.devices OUT` measures on the devices of this machine and writes `OUT/devices.json` after every
measurement, so that an interrupted run keeps what it has. `--minutes` limits the whole run: measurements for which no
time is left are listed as left out. `python -m benchmarks.devices OUT --table` prints the table of docs/speed.md.

The grader's clock is checked against a very simple one. A process outside of the sandbox calls `train` twice, for few
and for more epochs, and the difference is the time of the additional epochs. The grader's figure should agree within
2%.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from grader.course import Course, CourseLimits, Speed
from grader.course.datasets import Dataset
from grader.course.datasets.shapes import generate_shapes
from grader.ground.machine import cores
from grader.sandbox.host.devices import gpus
from grader.sandbox.host.launch import best_level
from grader.sandbox.wire.backends import environment, why_missing
from grader.speed.measuring import draw_data
from grader.speed.records import Measurement
from grader.speed.running import Plan, measure_all
from grader.submissions import SubmissionFile, read_submission

STYLES: Final = ("plain", "separable", "augmentation_layers", "closures")
"""Sound solutions in `tests/wheats` that do not depend on a backend; `plain` has the classic block of the course."""

_WHEATS: Final = Path(__file__).parent.parent / "tests" / "wheats"
_IMAGES, _BATCH = 6400, 64
# One round of five epochs on PyTorch took 8 s for `plain` and 50 s for the reference on an H200; JAX compiles for the
# GPU in every fresh worker, which took more than a minute for each training.
_ROUNDS: Final = {"gpu": 2, "cpu": 1}
_EPOCHS: Final = {"gpu": 5, "cpu": 3}
_OUTSIDE_EPOCHS: Final = (2, 12)
_MEMORY_MB: Final = 32_768  # main memory, not the GPU's; CUDA's libraries alone take a few thousand


class Outside(msgspec.Struct, frozen=True):
    """The seconds of an epoch by the simple clock and by the grader's.

    Attributes:
        style: One of `STYLES`.
        backend: `jax` or `torch`.
        device: `cpu`, or `gpu:0` and so on.
        epoch_seconds: The mean of whole epochs after the first two, with validation and callbacks, by the simple clock.
        clock_seconds: The same mean by the grader's clock, in the same process and call.
    """

    style: str
    backend: str
    device: str
    epoch_seconds: float
    clock_seconds: float


class Table(msgspec.Struct):
    """Everything that a run has measured.

    Attributes:
        measurements: The measurements, as `grader bench` keeps them.
        outside: The comparisons of the two clocks.
        left_out: Sentences that say what was not measured, and why.
    """

    measurements: list[Measurement] = msgspec.field(default_factory=list)
    outside: list[Outside] = msgspec.field(default_factory=list)
    left_out: list[str] = msgspec.field(default_factory=list)


def course_for(device: str) -> Course:
    """Return the course to measure with: the same images and batches on each device, fewer rounds on the slower."""
    kind = device.partition(":")[0]
    speed = Speed(
        train_images=_IMAGES, batch_size=_BATCH, rounds=_ROUNDS[kind], epochs=_EPOCHS[kind], threads=min(16, cores())
    )
    return Course(dataset="shapes", speed=speed, limits=CourseLimits(memory_mb=_MEMORY_MB))


def measure_lane(style: str, backend: str, device: str, level: str, dataset: Dataset) -> Measurement:
    """Measure one style beside the reference, as `grader bench` does."""
    submission = read_submission(SubmissionFile(style, _WHEATS / f"{style}.py"))
    plan = Plan(
        submissions=(submission,),
        course=course_for(device),
        dataset=dataset,
        level=level,
        devices=(device,),
        backends=(backend,),
    )
    return measure_all(plan)[0]


def outside(style: str, backend: str, device: str) -> Outside:
    """Time a style in a process of its own, by the simple clock and by the grader's."""
    variables = os.environ | environment(backend, threads=min(16, cores()), device=device)
    command = [sys.executable, "-m", "benchmarks.devices", style, "--outside"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    seconds, clock = json.loads(done.stdout.splitlines()[-1])
    return Outside(style, backend, device, seconds, clock)


def time_outside(style: str) -> tuple[float, float]:
    """Return the mean seconds of a later epoch by this process' own wall clock, and by the grader's clock beside it.

    Every call trains a fresh network and so pays for its own first epoch; two calls therefore differ only by epochs
    that need no compilation.
    """
    from grader.sandbox.inside.timing.clock import Clock

    namespace: dict[str, Any] = {"__name__": style}
    exec(compile((_WHEATS / f"{style}.py").read_text(), style, "exec"), namespace)
    course = course_for("gpu")
    split = draw_data(generate_shapes(train=25_000, test=2_000), course, 1)
    few, more = _OUTSIDE_EPOCHS
    took = []
    for epochs in (few, few, more):  # the first call warms up
        model = namespace["build_model"]()
        clock = Clock(model)
        began = time.perf_counter()
        namespace["train"](
            *(model, split.x_train, split.y_train, split.x_val, split.y_val),
            **{"epochs": epochs, "batch_size": _BATCH, "patience": epochs, "callbacks": [clock]},
        )
        _ = model.get_weights()  # waits until the device has computed them
        took.append(time.perf_counter() - began)
    ends = [epoch[3] for epoch in clock.epochs]
    return (took[2] - took[1]) / (more - few), (ends[-1] - ends[few - 1]) / (more - few)


def run(folder: Path, minutes: float, level: str) -> None:
    """Measure until everything is done or time is up, writing each result to the file as it comes."""
    deadline = time.monotonic() + 60 * minutes
    dataset = generate_shapes(train=50_000, test=10_000)
    table = Table()
    gpu = [f"gpu:{gpus()[0].index}"] if gpus() else []
    backends = [backend for backend in ("torch", "jax") if not why_missing(backend)]
    longest: dict[str, float] = {}
    lanes = [(style, backend, device) for device in (*gpu, "cpu") for backend in backends for style in STYLES]
    jobs = [("clock", style, b, gpu[0]) for b in backends for style in STYLES[:2] if gpu]
    first = len(STYLES) * len(backends) if gpu else 0
    ordered = [("bench", *lane) for lane in lanes[:first]] + jobs + [("bench", *lane) for lane in lanes[first:]]
    for kind, style, backend, device in ordered:
        name = f"{style} on {backend}, {device}"
        began = time.monotonic()
        expected = longest.get(f"{kind} {backend} {device}", 0.0)
        if began + expected > deadline:
            table.left_out.append(f"{kind}: {name}: no time was left.")
        elif kind == "bench":
            table.measurements.append(measure_lane(style, backend, device, level, dataset))
            print(name, table.measurements[-1].status, table.measurements[-1].problem, flush=True)
        else:
            try:
                table.outside.append(outside(style, backend, device))
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                table.left_out.append(f"clock: {name}: {error}")
        took = time.monotonic() - began
        longest[f"{kind} {backend} {device}"] = max(took, expected)
        print(f"{kind}: {name}: {took:.1f} s", flush=True)
        (folder / "devices.json").write_bytes(msgspec.json.encode(table))


def print_table(table: Table) -> None:
    """Print the tables of docs/speed.md."""
    steady: dict[tuple[str, str], dict[str, float]] = {}
    for measurement in table.measurements:
        where = (measurement.machine.backend, measurement.device.partition(":")[0])
        for name, rounds in ((measurement.submission, measurement.rounds), ("reference", measurement.reference)):
            seconds = [s for round_ in rounds if (s := round_.steady_seconds) is not None]
            if seconds:
                steady.setdefault(where, {}).setdefault(name, statistics.median(seconds))
    columns = sorted(steady)
    print("| style |", " | ".join(f"{backend}, {device}" for backend, device in columns), "|")
    print("|---|" + "--:|" * len(columns))
    for style in ("reference", *STYLES):
        cells = [f"{steady[c][style]:.3f}" if style in steady[c] else "–" for c in columns]
        print(f"| {style} |", " | ".join(cells), "|")
    print()
    for one in table.outside:
        ratio = one.clock_seconds / one.epoch_seconds
        print(f"{one.style}, {one.backend}, {one.device}: {one.epoch_seconds:.3f} s by the other clock, {ratio:.3f}")
    print(*table.left_out, sep="\n")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--minutes", type=float, default=9)
    parser.add_argument("--level", default=best_level())
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--outside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.outside:
        print(json.dumps(time_outside(given.out)))
    elif given.table:
        print_table(msgspec.json.decode((Path(given.out) / "devices.json").read_bytes(), type=Table))
    else:
        Path(given.out).mkdir(parents=True, exist_ok=True)
        run(Path(given.out), given.minutes, given.level)


if __name__ == "__main__":
    main()
