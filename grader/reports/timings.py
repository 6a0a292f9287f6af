"""Recorded measurements of training speed in a terminal: a list, and the comparison of two of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.gradebook.records import Timing
from grader.ground.text import clean, moment
from grader.speed.changes import Change, changes
from grader.speed.records import Machine, Measurement
from grader.speed.statistics import FEWEST, Ratio, SpeedComparison, summary

MEASUREMENT_WORDS: Final = {
    "no_device": "no such device",
    "no_backend": "not installed",
    "out_of_memory": "out of memory",
    "failed": "failed",
}
"""Why a measurement has no rounds, in a few words, by its status."""

QUANTITY_WORDS: Final = {
    "ratio": "ratio to the reference",
    "calls": "the same of whole calls",
    "seconds": "its seconds",
    "reference": "the reference's seconds",
}

_WHAT: Final = {
    "ratio": "beside the reference, an epoch",
    "calls": "beside the reference, a call of train",
    "seconds": "an epoch",
}
"""What a verdict is about, by the quantity that decides it."""

_COLOURS: Final = {"slower": "red", "faster": "green", "unchanged": "", "unclear": "yellow"}


def seconds(value: float) -> str:
    """Return a time with three digits, as in `0.0120 s` or `12.0 s`; from 100 s on in whole seconds."""
    return f"{value:.0f} s" if value >= 99.95 else f"{value:#.3g} s"


def factor(value: float) -> str:
    """Return a ratio with two decimals, as in `1.10`.

    Values out of range, which the ends of an interval of only two rounds can be, are given as `<0.01` or `>100`.
    """
    return "<0.01" if value < 0.01 else ">100" if value > 100 else f"{value:.2f}"


def interval(low: float | None, high: float | None) -> str:
    """Return an interval, as in `1.07–1.13`; empty if there is none."""
    return "" if low is None or high is None else f"{factor(low)}–{factor(high)}"


def ratio_text(ratio: Ratio | None) -> str:
    """Return a ratio with its interval, as in `1.10 (1.07–1.13)`; a dash if there is no ratio."""
    if ratio is None:
        return "–"
    reach = interval(ratio.low, ratio.high)
    return f"{factor(ratio.value)} ({reach or 'one round'})"


def machine_text(machine: Machine) -> str:
    """Describe a machine in one line: processor, GPU, cores, threads, backend, versions and isolation level."""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(machine.versions.items()))
    cores = f"{machine.cores} core{'' if machine.cores == 1 else 's'}"
    parts = [machine.cpu, machine.gpu, cores, threads_of(machine), machine.backend, versions, machine.isolation]
    return clean(", ".join(part for part in parts if part), limit=300)


def threads_of(machine: Machine) -> str:
    """Return the number of threads in words, as in `2 threads`."""
    return f"{machine.threads} thread{'' if machine.threads == 1 else 's'}"


class Told(msgspec.Struct, frozen=True):
    """A change point in the history of a submission on one device and backend.

    Attributes:
        submission: The submission's id.
        number: The number of the first measurement after the change.
        change: What changed, and by how much.
    """

    submission: str
    number: int
    change: Change


def changes_in(timings: Sequence[Timing]) -> list[Told]:
    """Return the change points in measurements, oldest first.

    The measurements of a submission on one device, with one backend and budget, form a history of their own.
    """
    histories: dict[tuple[object, ...], list[Timing]] = {}
    for timing in timings:
        each = timing.measurement
        key = (each.submission, each.device, each.machine.backend, each.budget.train_images, each.budget.batch_size)
        histories.setdefault(key, []).append(timing)
    found = [
        Told(history[0].measurement.submission, history[change.index].number, change)
        for history in histories.values()
        for change in changes([timing.measurement for timing in history])
    ]
    return sorted(found, key=lambda told: told.number)


def change_text(told: Told) -> str:
    """Describe a change point in a sentence."""
    times = factor(told.change.factor)
    sentence = {
        "submission": f"the submission changed; beside the reference, it takes {times} times as long.",
        "reference": f"the reference changed; beside the submission, it takes {times} times as long.",
        "machine": f"the machine changed; the reference takes {times} times as long, and the ratio is as before.",
    }
    return f"{clean(told.submission, limit=40)} from No. {told.number} on: {sentence[told.change.what]}"


def show_timings(console: Console, timings: Sequence[Timing]) -> None:
    """Print a table of measurements, and the machines that they were made on."""
    if not timings:
        console.print("No measurement fits.", highlight=False)
        return
    gap = 2 if console.width >= 100 else 1
    table = _table("No.", "Submission", "Measured", "On", "Machine", "Epoch s", "Img/s", "× reference", gap=gap)
    for timing in timings:
        each = timing.measurement
        said = summary(each)
        rate = f"{said.images_per_second:.0f}" if said.images_per_second else "–"
        told = ratio_text(said.ratio) if each.status == "measured" else MEASUREMENT_WORDS[each.status]
        table.add_row(
            str(timing.number),
            Text(clean(each.submission, limit=40)),
            each.measured_at[:10],
            Text(clean(each.device, limit=20)),
            each.machine.id[:6],
            seconds(said.epoch.median).removesuffix(" s") if said.epoch else "–",
            rate,
            Text(told, "" if each.status == "measured" else "yellow"),
        )
    console.print(table)
    console.print()
    for identity, machine in {timing.measurement.machine.id: timing.measurement.machine for timing in timings}.items():
        console.print(Text(f"{identity[:6]}: {machine_text(machine)}", "dim"))
    console.print(Text("Epoch: the median of steady epochs.  In brackets: 95% interval.", "dim"))
    for found in changes_in(timings):
        console.print(Text(change_text(found)))


def show_comparison(console: Console, before: Timing, after: Timing, comparison: SpeedComparison) -> None:
    """Print the comparison of two measurements: the verdict in words, and the figures that it is based on."""
    console.print(Text(f"{_side(before)} → {_side(after)}"))
    console.print(Text(verdict_text(before.measurement, after.measurement, comparison), _COLOURS[comparison.verdict]))
    if comparison.changes:
        console.print()
        table = _table("Quantity", "Factor", "95% interval", "p", "Rounds")
        for change in comparison.changes:
            table.add_row(
                QUANTITY_WORDS[change.quantity],
                factor(change.factor),
                interval(change.low, change.high) or "–",
                "–" if change.p is None else f"{change.p:.2g}",
                f"{change.before} and {change.after}",
            )
        console.print(table)
    console.print()
    for line in remarks(before.measurement, after.measurement, comparison):
        console.print(Text(line, "dim"))


def verdict_text(before: Measurement, after: Measurement, comparison: SpeedComparison) -> str:
    """Return the verdict in a sentence or two."""
    if not comparison.changes:
        return f"Cannot tell: {_why_nothing(before, after, comparison)}"
    change = comparison.changes[0]
    if comparison.verdict == "unclear":
        return (
            f"Cannot tell: a verdict needs {FEWEST} rounds on each side, and there are {change.before} and "
            f"{change.after}; measure again with more."
        )
    what = _WHAT[change.quantity]
    than = "as before" if before.submission == after.submission else f"as one of {clean(before.submission, limit=40)}"
    times = factor(change.factor)
    if comparison.verdict == "unchanged":
        times = f"somewhere between {interval(change.low, change.high).replace('–', ' and ')}"
        return f"No change was found: {what} takes {times} times as long {than}."
    return f"{comparison.verdict.capitalize()}: {what} takes {times} times as long {than}."


def _why_nothing(before: Measurement, after: Measurement, comparison: SpeedComparison) -> str:
    for side, measurement in (("earlier", before), ("later", after)):
        if measurement.status != "measured":
            return f"there are no rounds of the {side} ({MEASUREMENT_WORDS[measurement.status]})."
    if comparison.differing:
        return f"{_listed(comparison.differing)}, and without rounds of the reference nothing may be compared."
    return "no epoch was seen on one side."


def remarks(before: Measurement, after: Measurement, comparison: SpeedComparison) -> list[str]:
    """Return sentences with what else to know about a comparison."""
    if before.submission == after.submission:
        said = ["The file is the same." if comparison.same_file else "The file has changed in between."]
    else:
        said = ["These are two submissions."]
    if comparison.differing and comparison.changes:
        listed = _listed(comparison.differing).capitalize()
        said.append(f"{listed}, so seconds are not compared; the ratio may have changed for that alone.")
    if "machine" in comparison.differing:
        said += _what_differs(before.machine, after.machine)
    return said


def _listed(differing: Sequence[str]) -> str:
    words = " and ".join(differing)
    return f"the {words} {'differs' if len(differing) == 1 else 'differ'}"


def _what_differs(before: Machine, after: Machine) -> list[str]:
    said = []
    for name in ("cpu", "gpu", "cores", "threads", "isolation"):
        then, now = getattr(before, name), getattr(after, name)
        if then != now:
            said.append(clean(f"{name}: {then or 'none'} → {now or 'none'}", limit=200))
    for name in sorted({*before.versions, *after.versions}):
        then, now = before.versions.get(name, "none"), after.versions.get(name, "none")
        if then != now:
            said.append(clean(f"{name}: {then} → {now}", limit=200))
    return said


def _side(timing: Timing) -> str:
    each = timing.measurement
    return f"{clean(each.submission, limit=40)} {timing.number} ({each.device}, {moment(each.measured_at)})"


def _table(*columns: str, gap: int = 2) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, gap, 0, 0))
    for column in columns:
        right = column in ("No.", "Epoch s", "Img/s", "Factor", "p")
        folds = column == "Submission"
        table.add_column(column, justify="right" if right else "left", no_wrap=not folds, overflow="fold")
    return table
