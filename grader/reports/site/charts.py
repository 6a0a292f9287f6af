"""The geometry of charts, which the templates write as SVG.  Pure functions.

Charts are made without a plotting library, since a class has a page for each student: this way a chart has about 2 kB,
takes a fraction of a millisecond, and follows the page's colours in light and dark mode.  All coordinates are in the
units of the SVG's view box, with y pointing down.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

WIDTH: Final = 440
HEIGHT: Final = 240
LEFT: Final = 44
RIGHT: Final = WIDTH - 20
TOP: Final = 16
BOTTOM: Final = HEIGHT - 42

_BINS: Final = 10
_STEPS: Final = (1, 2, 2.5, 5, 10)


class Tick(msgspec.Struct, frozen=True):
    """A mark on an axis, with its coordinate along the axis and its label."""

    at: float
    text: str


class Bar(msgspec.Struct, frozen=True):
    """A bar on the x axis, with the text above it; `kind` is 1 for a filled bar and 2 for a hollow one."""

    x: float
    y: float
    width: float
    height: float
    text: str
    kind: int = 1


class Line(msgspec.Struct, frozen=True):
    """A curve.

    Attributes:
        name: The curve's name.
        points: The coordinates x, y of its points.
        kind: 1, 2 or 3, which selects its colour, its dashes and its marks.
        faint: Whether it is drawn thin and without marks, behind the others.
    """

    name: str
    points: tuple[tuple[float, float], ...]
    kind: int = 1
    faint: bool = False

    @property
    def path(self) -> str:
        """The points in the form that SVG's `polyline` takes."""
        return " ".join(f"{x:g},{y:g}" for x, y in self.points)


class Chart(msgspec.Struct, frozen=True):
    """A chart; all coordinates are those of the drawing, not of the data.

    Attributes:
        description: What the chart shows, for readers who cannot see it.
        x_label: The label of the x axis.
        y_label: The label of the y axis.
        x_ticks: The marks on the x axis.
        y_ticks: The marks on the y axis.
        bars: The bars of a bar chart.
        lines: The curves of a line chart.
        dots: The points of a scatter plot: x, y and a name.
        spans: Intervals as vertical lines: x, and y at both ends.
        notes: Texts in the chart: x, y and the text.
        level: The y of a horizontal line that everything is to be compared with; `None` for no line.
        marks: Places where something changed: x, and what changed in a word or two.
        names: The entries of the legend: a name, and the kind of bar or line.
    """

    description: str
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...] = ()
    lines: tuple[Line, ...] = ()
    dots: tuple[tuple[float, float, str], ...] = ()
    spans: tuple[tuple[float, float, float], ...] = ()
    notes: tuple[tuple[float, float, str], ...] = ()
    level: float | None = None
    marks: tuple[tuple[float, str], ...] = ()
    names: tuple[tuple[str, int], ...] = ()


class Axis(msgspec.Struct, frozen=True):
    """A linear map from the values `low` to `high` to the coordinates `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the coordinate of a value; a value out of range is put on the edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


def round_steps(low: float, high: float, count: int) -> tuple[float, ...]:
    """Return at most `count` + 1 evenly spaced round numbers that enclose `low` to `high`."""
    rough = max(high - low, 1e-9) / count
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (*_STEPS, 20, 50):
        step = factor * power
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first <= count:
            return tuple(round(number * step, 10) for number in range(first, max(last, first + 1) + 1))
    raise ValueError(f"no {count} steps enclose {low} to {high}")


def histogram(shares: Sequence[float]) -> Chart:
    """Return a histogram of scores in ten bins.

    Args:
        shares: Each score as a share of the points, 0 to 1; with points by hand it can lie outside.
    """
    counts = [0] * _BINS
    for share in shares:
        # The addend makes up for rounding errors, so that a share of 0.3 is in the bin that begins there.
        counts[min(max(int(share * _BINS + 1e-9), 0), _BINS - 1)] += 1
    steps = round_steps(0, max(*counts, 1), 5)
    x, y = Axis(0, _BINS, LEFT, RIGHT), Axis(0, steps[-1], BOTTOM, TOP)
    width = (RIGHT - LEFT) / _BINS
    bars = tuple(
        Bar(x.at(place) + 2, y.at(count), width - 4, round(BOTTOM - y.at(count), 1), str(count) if count else "")
        for place, count in enumerate(counts)
    )
    told = [f"{count} from {place * 10} to {place * 10 + 10}%" for place, count in enumerate(counts) if count]
    return Chart(
        description=f"Bar chart of scores, in percent of the points: {'; '.join(told) or 'none'}.",
        x_label="Score, in % of the points",
        y_label="Students",
        x_ticks=tuple(Tick(x.at(place), str(place * 10)) for place in range(0, _BINS + 1, 2)),
        y_ticks=tuple(Tick(y.at(step), f"{step:g}") for step in steps if step == int(step)),
        bars=bars,
    )


def scatter(points: Sequence[tuple[float, float, str]]) -> Chart:
    """Return a scatter plot of accuracy against training time.

    Args:
        points: For each submission the seconds that training took, the accuracy (0 to 1) and the name.
    """
    seconds, shares = [point[0] for point in points], [point[1] for point in points]
    x_steps = round_steps(min(seconds), max(seconds), 6)
    y_steps = round_steps(min(shares), max(shares), 5)
    x, y = Axis(x_steps[0], x_steps[-1], LEFT, RIGHT), Axis(y_steps[0], y_steps[-1], BOTTOM, TOP)
    return Chart(
        description=f"Scatter plot of {len(points)} submissions. Accuracy lies between {min(shares):.0%} and "
        f"{max(shares):.0%}, training time between {min(seconds):.0f} and {max(seconds):.0f} seconds.",
        x_label="Training time, in seconds",
        y_label="Accuracy",
        x_ticks=tuple(Tick(x.at(step), f"{step:g}") for step in x_steps),
        y_ticks=tuple(Tick(y.at(step), f"{step * 100:g}%") for step in y_steps),
        dots=tuple((x.at(took), y.at(share), name) for took, share, name in points),
    )


def curves(named: Sequence[tuple[str, Sequence[float]]]) -> Chart:
    """Return a line chart of accuracies by epoch.

    Args:
        named: For each of at most two lines its name and the accuracy (0 to 1) of each epoch.
    """
    epochs = max(len(values) for _, values in named)
    low = min(min(values) for _, values in named)
    steps = round_steps(max(0.0, low), 1.0, 5) if low < 1 else (0.0, 0.5, 1.0)
    x, y = Axis(1, max(epochs, 2), LEFT + 8, RIGHT - 8), Axis(steps[0], steps[-1], BOTTOM, TOP)
    lines = tuple(
        Line(name, tuple((x.at(epoch), y.at(value)) for epoch, value in enumerate(values, 1))) for name, values in named
    )
    told = "; ".join(f"{name} goes from {values[0]:.0%} to {values[-1]:.0%}" for name, values in named)
    every = max(1, math.ceil(epochs / 8))
    return Chart(
        description=f"Line chart of accuracy over {epochs} epochs: {told}.",
        x_label="Epoch",
        y_label="Accuracy",
        x_ticks=tuple(Tick(x.at(epoch), str(epoch)) for epoch in range(1, epochs + 1, every)),
        y_ticks=tuple(Tick(y.at(step), f"{step * 100:g}%") for step in steps),
        lines=lines,
    )
