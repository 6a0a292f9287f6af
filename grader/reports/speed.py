"""Measurements of training speed, as text for a terminal with 80 columns and as a JSON document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.course import Course
from grader.ground.text import clean, number
from grader.reports import causes
from grader.reports.timings import MEASUREMENT_WORDS, threads_of
from grader.results.scoring import SCHEMA_VERSION
from grader.speed.flops import share_of_limit
from grader.speed.points import images_of, points_of
from grader.speed.records import Cause, Measurement, Round
from grader.speed.statistics import Ratio, Spread, spread, steady_epochs, summary

_MUCH_LESS_ACCURATE: Final = 0.1
_MUCH_OUTSIDE: Final = 0.2
"""The share of a call of `train` outside of its epochs above which it is worth a remark."""


def speed_document(measurements: Iterable[Measurement], course: Course, seconds: float) -> dict[str, Any]:
    """Return what `--json` prints: each measurement with every sample, and what is computed from them."""
    return {
        "schema_version": SCHEMA_VERSION,
        "seconds": round(seconds, 3),
        "measurements": [
            {
                **msgspec.to_builtins(measurement),
                "machine_id": measurement.machine.id,
                "summary": msgspec.to_builtins(summary(measurement)),
                "remarks": remarks(measurement),
                "points": points_of(measurement, course.speed),
                "max_points": course.speed.points,
            }
            for measurement in measurements
        ],
    }


def show(console: Console, measurements: Sequence[Measurement], course: Course) -> None:
    """Print a table for each backend and device, and below it the remarks about each submission."""
    for _, group in groupby(measurements, key=lambda m: (m.machine.backend, m.device)):
        lanes = list(group)
        console.print(_heading(lanes[0]))
        console.print(_table(lanes, course, gap=2 if console.width >= 100 else 1))
        for measurement in lanes:
            name = clean(measurement.submission, limit=60)
            for remark in remarks(measurement):
                console.print(Text.assemble((f"{name}: ", "bold"), clean(remark)))
            if found := causes.tried(measurement):
                console.print(
                    Text.assemble((f"{name}: ", "bold"), "one thing undone at a time, beside the file as it is:")
                )
                console.print(_undone(found))
        console.print()


def _heading(measurement: Measurement) -> Text:
    budget, machine = measurement.budget, measurement.machine
    where = machine.gpu or f"{machine.cpu}, {threads_of(machine)}"
    used = [name for name in (machine.backend, "keras") if name in machine.versions]
    versions = ", ".join(f"{name} {machine.versions[name]}" for name in used)
    what = (
        f"{budget.train_images:,} images of {budget.dataset} in batches of {budget.batch_size}, "
        f"{budget.epochs} epochs a round"
    )
    lines = [f"{measurement.device}, {machine.backend}", where, *([versions] if used else []), what]
    return Text.assemble((lines[0], "bold"), "\n", ("\n".join(lines[1:]), "dim"))


def _table(lanes: Sequence[Measurement], course: Course, *, gap: int) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, gap, 0, 0))
    table.add_column("Submission", overflow="fold")
    for title in ("Epoch s", "1st", "Images/s", "× reference", "Right", "MB"):
        table.add_column(title, justify="right", no_wrap=True)
    if course.speed.points:
        table.add_column("Points", justify="right", no_wrap=True)
    for measurement in lanes:
        row = [Text(clean(measurement.submission, limit=60))]
        if measurement.status == "measured":
            said = summary(measurement)
            row += _figures(measurement.rounds, said.epoch, said.images_per_second, said.ratio)
        else:
            row += [Text(MEASUREMENT_WORDS[measurement.status], "yellow"), *([Text("–", "dim")] * 5)]
        if course.speed.points:
            row.append(Text(f"{number(points_of(measurement, course.speed))}/{number(course.speed.points)}"))
        table.add_row(*row)
    reference = [round_ for measurement in lanes for round_ in measurement.reference]
    if reference:
        epoch = spread(steady_epochs(reference))
        rate = lanes[0].budget.train_images / epoch.median if epoch else None
        table.add_row(Text("reference", "dim"), *_figures(reference, epoch, rate, None), style="dim")
    return table


def _undone(found: Sequence[Cause]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Times as fast", justify="right", no_wrap=True)
    table.add_column("Undone", overflow="fold")
    for cause in found:
        surely = cause.gain is not None and cause.gain.low is not None and cause.gain.low > 1
        gained = Text(causes.factor(cause.gain) if cause.gain else "–", "green" if surely else "dim")
        why = f": {clean(cause.problem)}" if cause.problem else ""
        table.add_row(gained, Text(f"{causes.undone(cause)}{why}"))
    return table


def _figures(rounds: Sequence[Round], epoch: Spread | None, rate: float | None, ratio: Ratio | None) -> list[Text]:
    first = spread([round_.epochs[0].train_seconds for round_ in rounds if round_.epochs])
    accuracy = sum(round_.accuracy for round_ in rounds) / len(rounds)
    return [
        Text(f"{epoch.median:.2f} ({epoch.low:.2f}–{epoch.high:.2f})" if epoch else "–"),
        Text(f"{first.median:.1f}" if first else "–"),
        Text(f"{rate:,.0f}" if rate else "–"),
        _ratio(ratio),
        Text(f"{accuracy:.0%}"),
        Text(f"{max(round_.host_mb for round_ in rounds):,.0f}"),
    ]


def _ratio(ratio: Ratio | None) -> Text:
    """Return the ratio with its interval, coloured if the whole interval lies on one side of the reference."""
    if ratio is None:
        return Text("–")
    if ratio.low is None or ratio.high is None:
        return Text(f"{ratio.value:.2f}")
    colour = "green" if ratio.high < 1 else "yellow" if ratio.low > 1 else ""
    return Text(f"{ratio.value:.2f} ({ratio.low:.2f}–{ratio.high:.2f})", colour)


def remarks(measurement: Measurement) -> list[str]:
    """Return sentences about a measurement that its figures alone do not tell."""
    if measurement.status != "measured":
        return [measurement.problem]
    rounds, budget = measurement.rounds, measurement.budget
    found = []
    if not all(round_.moved for round_ in rounds):
        found.append("Training leaves the weights as they were, so these times are of something else.")
    if not any(round_.epochs for round_ in rounds):
        found.append(
            "`train` does not use the model's `fit`, so there are no epochs to tell apart; its calls are timed."
        )
    images = {images_of(epoch, budget) for round_ in rounds for epoch in round_.epochs}
    if not all(budget.full_batches <= count < budget.train_images + budget.batch_size for count in images):
        found.append(f"An epoch trains on {_span(images)} images, where there are {budget.train_images:,}.")
    due = budget.epochs * budget.train_images
    shown = {round_.images for round_ in rounds if round_.images is not None and not round_.epochs}
    if shown and min(shown) < budget.epochs * budget.full_batches:
        found.append(
            f"A call of `train` shows the network {_span(shown)} images, where {budget.epochs} epochs have {due:,}."
        )
    counts = {len(round_.epochs) for round_ in rounds if round_.epochs}
    if counts and counts != {budget.epochs}:
        found.append(f"A round has {_span(counts)} epochs instead of {budget.epochs}.")
    outside = [1 - _inside(round_) / round_.call_seconds for round_ in rounds if round_.epochs]
    if outside and min(outside) > _MUCH_OUTSIDE:
        found.append(f"{min(outside):.0%} of the time in `train` passes outside of its epochs.")
    if measurement.reference:
        own, others = _accuracy(rounds), _accuracy(measurement.reference)
        if own < others - _MUCH_LESS_ACCURATE:
            found.append(
                f"It predicts {own:.0%} of unseen images right, the reference {others:.0%} after as many epochs."
            )
    found += _reached(measurement)
    if likely := causes.likely(measurement):
        found.append(likely)
    return found


def _reached(measurement: Measurement) -> list[str]:
    """Return a sentence that says how much of the device's speed is reached; empty if it was not measured."""
    epoch = spread(steady_epochs(measurement.rounds))
    if epoch is None or measurement.flops is None or measurement.rates is None:
        return []
    share = share_of_limit(measurement.flops, epoch.median, measurement.rates)
    return [
        f"An epoch is {_operations(measurement.flops)}, {_operations(measurement.flops / epoch.median)} a second: "
        f"{share:.1%} of what this device reaches by itself."
    ]


def _operations(count: float) -> str:
    """Return a number of floating-point operations with a unit, as in `12.3 GFLOP`."""
    scale, unit = next((s, u) for s, u in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (0.0, "M")) if count >= s)
    return f"{count / (scale or 1e6):,.1f} {unit}FLOP"


def _inside(round_: Round) -> float:
    return sum(e.train_seconds + e.validation_seconds + e.callback_seconds for e in round_.epochs)


def _accuracy(rounds: Sequence[Round]) -> float:
    return sum(round_.accuracy for round_ in rounds) / len(rounds)


def _span(numbers: set[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
