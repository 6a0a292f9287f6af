"""The geometry of charts of training speed, which `charts.html` writes as SVG.

The submission is drawn in blue, with solid lines and round marks; the reference in orange, with dashed lines and square
marks.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Final

import msgspec

from grader.reports.site.charts import BOTTOM, LEFT, RIGHT, TOP, Axis, Bar, Chart, Line, Tick, round_steps
from grader.reports.timings import factor, interval, seconds
from grader.speed.records import Round
from grader.speed.statistics import Ratio, Spread

_SIDES: Final = (("submission", 1), ("reference", 2))

_DATES: Final = 3
"""The number of dates that there is room for below a chart."""


class Device(msgspec.Struct, frozen=True):
    """The seconds of an epoch on one device.

    Attributes:
        name: The label below the device's bars, such as `CPU`.
        mine: The seconds of the submission's epochs; `None` if there are none.
        reference: The seconds of the reference's epochs; `None` if there are none.
        why: Why the submission has none, in a few words.
    """

    name: str
    mine: Spread | None
    reference: Spread | None
    why: str = ""


class Moment(msgspec.Struct, frozen=True):
    """A ratio to the reference in a history: when it was measured (ISO 8601), on which device, and what had changed."""

    at: str
    device: str
    ratio: Ratio
    changed: str = ""


def epoch_curves(mine: Sequence[Round], reference: Sequence[Round]) -> Chart:
    """Return a line chart of the training seconds of each epoch, with a faint line for each round and a bold median.

    Args:
        mine: The submission's rounds; at least one of them has an epoch.
        reference: The reference's rounds; may be empty.
    """
    sides = [
        (name, kind, [[epoch.train_seconds for epoch in each.epochs] for each in rounds if each.epochs])
        for (name, kind), rounds in zip(_SIDES, (mine, reference), strict=True)
    ]
    every = [value for _, _, curves in sides for curve in curves for value in curve]
    steps = round_steps(0, max(every), 5)
    epochs = max(len(curve) for _, _, curves in sides for curve in curves)
    x, y = Axis(1, max(epochs, 2), LEFT + 8, RIGHT - 8), Axis(0, steps[-1], BOTTOM, TOP)
    faint, bold, told = [], [], []
    for name, kind, curves in sides:
        if not curves:
            continue
        columns = [[curve[place] for curve in curves if place < len(curve)] for place in range(max(map(len, curves)))]
        medians = [statistics.median(column) for column in columns]
        faint += [Line(name, _points(x, y, curve), kind, faint=True) for curve in curves]
        bold.append(Line(name, _points(x, y, medians), kind))
        told.append(f"the {name}'s median goes from {seconds(medians[0])} to {seconds(medians[-1])}")
    every_so_many = max(1, math.ceil(epochs / 8))
    return Chart(
        description=f"Line chart of seconds of training by epoch, round by round: {'; '.join(told)}.",
        x_label="Epoch",
        y_label="Seconds",
        x_ticks=tuple(Tick(x.at(epoch), str(epoch)) for epoch in range(1, epochs + 1, every_so_many)),
        y_ticks=tuple(Tick(y.at(step), f"{step:g} s") for step in steps),
        lines=(*faint, *bold),
        names=tuple((line.name, line.kind) for line in bold),
    )


def _points(x: Axis, y: Axis, values: Sequence[float]) -> tuple[tuple[float, float], ...]:
    return tuple((x.at(epoch), y.at(value)) for epoch, value in enumerate(values, 1))


def device_bars(devices: Sequence[Device]) -> Chart:
    """Return a bar chart of the median seconds of an epoch on each device, the submission beside the reference.

    The quartiles are drawn as spans.  A device without a measurement has an empty place that says why.
    """
    known = [side for device in devices for side in (device.mine, device.reference) if side is not None]
    steps = round_steps(0, max((side.high for side in known), default=1.0), 5)
    y = Axis(0, steps[-1], BOTTOM, TOP + 8)
    place = (RIGHT - LEFT) / len(devices)
    bars, spans, notes, ticks, told = [], [], [], [], []
    for number, device in enumerate(devices):
        middle = LEFT + (number + 0.5) * place
        ticks.append(Tick(round(middle, 1), device.name))
        sides = [(side, kind) for side, kind in ((device.mine, 1), (device.reference, 2)) if side is not None]
        if device.mine is None:
            notes.append((round(middle, 1), (TOP + BOTTOM) / 2, device.why))
            told.append(f"{device.name}: {device.why}")
            continue
        width = min(70.0, place / 2.6)
        for offset, (side, kind) in enumerate(sides):
            x = round(middle - width * len(sides) / 2 + offset * width, 1)
            # The text stands above the span.
            top = y.at(side.high)
            text = seconds(side.median)
            bars.append(Bar(x + 3, y.at(side.median), width - 6, round(BOTTOM - y.at(side.median), 1), "", kind))
            notes.append((round(x + width / 2, 1), top - 6, text))
            spans.append((round(x + width / 2, 1), y.at(side.low), top))
            told.append(f"{device.name}, {'submission' if kind == 1 else 'reference'}: {text}")
    return Chart(
        description=f"Bar chart of the median seconds of an epoch. {'; '.join(told)}.",
        x_label="",
        y_label="Seconds",
        x_ticks=tuple(ticks),
        y_ticks=tuple(Tick(y.at(step), f"{step:g} s") for step in steps),
        bars=tuple(bars),
        spans=tuple(spans),
        notes=tuple(notes),
        names=tuple((name, kind) for name, kind in _SIDES if any(bar.kind == kind for bar in bars)),
    )


def ratio_history(moments: Sequence[Moment]) -> Chart:
    """Return a chart of the ratio to the reference at each measurement, with a line for each of at most three devices.

    Measurements are placed by their number and not by their date, so that two of one day do not cover each other.
    """
    values = [1.0, *(moment.ratio.value for moment in moments)]
    # The interval of two or three rounds may reach far beyond everything that was measured, so the axis is limited.
    lows = [max(moment.ratio.low, moment.ratio.value / 1.5) for moment in moments if moment.ratio.low is not None]
    highs = [min(moment.ratio.high, moment.ratio.value * 1.5) for moment in moments if moment.ratio.high is not None]
    steps = round_steps(min(values + lows), max(values + highs), 5)
    x, y = Axis(0, max(len(moments) - 1, 1), LEFT + 38, RIGHT - 38), Axis(steps[0], steps[-1], BOTTOM, TOP)
    places = [x.at(place) if len(moments) > 1 else (LEFT + RIGHT) / 2 for place in range(len(moments))]
    devices = sorted({moment.device for moment in moments})[:3]  # there are three kinds of lines
    lines = tuple(
        Line(
            device,
            tuple(
                (at, y.at(moment.ratio.value))
                for at, moment in zip(places, moments, strict=True)
                if moment.device == device
            ),
            kind,
        )
        for kind, device in enumerate(devices, 1)
    )
    told = [
        f"{moment.at[:10]} on {moment.device}: {factor(moment.ratio.value)}"
        + (f", interval {interval(moment.ratio.low, moment.ratio.high)}" if moment.ratio.low is not None else "")
        + (f", the {moment.changed} changed" if moment.changed else "")
        for moment in moments
    ]
    every = max(1, math.ceil(len(moments) / _DATES))
    return Chart(
        description=f"Chart of the ratio to the reference at each measurement. {'; '.join(told)}.",
        x_label="Measured on",
        y_label="Ratio",
        x_ticks=tuple(Tick(places[place], moments[place].at[:10]) for place in range(0, len(moments), every)),
        y_ticks=tuple(Tick(y.at(step), f"{step:g}×") for step in steps),
        lines=lines,
        spans=tuple(
            (at, y.at(moment.ratio.low), y.at(moment.ratio.high))
            for at, moment in zip(places, moments, strict=True)
            if moment.device in devices and moment.ratio.low is not None and moment.ratio.high is not None
        ),
        level=y.at(1.0),
        marks=tuple(
            (round(at - (places[1] - places[0]) / 2, 1), moment.changed)
            for at, moment in zip(places, moments, strict=True)
            if moment.changed
        ),
        names=tuple((line.name, line.kind) for line in lines),
    )
