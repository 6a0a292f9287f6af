"""What pages show about training speed, computed from the gradebook's measurements.  Pure functions."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from grader.gradebook.records import Timing
from grader.ground.text import clean
from grader.reports import causes
from grader.reports.site.charts import Chart, scatter
from grader.reports.site.timing_charts import Device, Moment, device_bars, epoch_curves, ratio_history
from grader.reports.timings import MEASUREMENT_WORDS, changes_in, factor
from grader.speed.points import trains_in_full
from grader.speed.records import Measurement
from grader.speed.statistics import Ratio, Summary, ratio_of_calls, spread, steady_epochs, summary

_LEADERS: Final = 10
_LATEST: Final = 40
"""The number of measurements of a history that there is room for."""


class Speed(msgspec.Struct, frozen=True):
    """The training speed of one submission.

    Attributes:
        latest: The last measurement on each device that was tried, and its summary.
        devices: The chart that compares the devices.
        epochs: The chart of the epochs of the measurement `of`; `None` if there is none.
        ratios: The chart of the ratio to the reference over time; `None` if no measurement has one.
        of: The last measurement that has epochs; `None` if none has.
        causes: Why the training of `of` is slow, a line for each cause.
    """

    latest: tuple[tuple[Timing, Summary], ...]
    devices: Chart
    epochs: Chart | None
    ratios: Chart | None
    of: Timing | None
    causes: tuple[str, ...]


class Fast(msgspec.Struct, frozen=True):
    """A row in the list of the fastest submissions.

    Attributes:
        rank: The rank, from 1; submissions whose ratios look the same when printed share a rank.
        page: Whatever the caller passed for the student.
        ratio: The ratio of whole calls of `train` to those of the reference.
        summary: The summary of the measurement.
    """

    rank: int
    page: Any
    ratio: Ratio
    summary: Summary


def speed_of(timings: Sequence[Timing]) -> Speed | None:
    """Return what a page shows of a submission's measurements, given oldest first; `None` if there are none."""
    if not timings:
        return None
    latest = {timing.measurement.device: timing for timing in timings}
    with_epochs = [timing for timing in timings if steady_epochs(timing.measurement.rounds)]
    of = with_epochs[-1] if with_epochs else None
    measured = [(timing, summary(timing.measurement)) for timing in timings]
    changed: dict[int, list[str]] = {}
    for told in changes_in(timings):
        changed.setdefault(told.number, []).append(told.change.what)
    moments = [
        Moment(
            timing.measurement.measured_at,
            clean(timing.measurement.device, limit=12),
            said.ratio,
            " and ".join(changed.get(timing.number, ())),
        )
        for timing, said in measured
        if said.ratio is not None
    ]
    return Speed(
        latest=tuple((timing, said) for timing, said in measured if latest[timing.measurement.device] is timing),
        devices=device_bars(list(_devices(latest))),
        epochs=epoch_curves(of.measurement.rounds, of.measurement.reference) if of else None,
        ratios=ratio_history(moments[-_LATEST:]) if moments else None,
        of=of,
        causes=causes_of(of.measurement) if of else (),
    )


def causes_of(measurement: Measurement) -> tuple[str, ...]:
    """Return why a training is slow, a line for each cause.

    A line says what undoing the cause gained.  If none was tried, a single line says what takes the time.
    """
    tried = causes.tried(measurement)
    return tuple(causes.lines(tried)) if tried else tuple(filter(None, [causes.likely(measurement)]))


def _devices(latest: dict[str, Timing]) -> Iterator[Device]:
    """Yield the CPU and each GPU; if no GPU was tried, there is still an empty place for it."""
    gpus = sorted(device for device in latest if device != "cpu")
    for name in ("cpu", *(gpus or ["gpu"])):
        shown = clean(name, limit=12).upper()
        if name not in latest:
            yield Device(shown, None, None, "not measured")
            continue
        each = latest[name].measurement
        mine, others = (spread(steady_epochs(rounds)) for rounds in (each.rounds, each.reference))
        yield Device(shown, mine, others, MEASUREMENT_WORDS.get(each.status, "no epochs seen"))


def fastest(measured: Iterable[tuple[Any, Sequence[Timing]]]) -> list[tuple[str, list[Fast]]]:
    """Return the fastest submissions on each device, each by its last measurement there.

    They are ranked by whole calls of `train`, which the grader's own clock measures.  Only trainings that move the
    weights and use all of their images are listed.

    Args:
        measured: For each student whatever the caller wants in `Fast.page`, and the measurements that count.
    """
    by_device: dict[str, list[tuple[Ratio, Any, Summary]]] = {}
    for page, timings in measured:
        last = {t.measurement.device: t.measurement for t in timings if t.measurement.status == "measured"}
        for device, measurement in last.items():
            ratio = ratio_of_calls(measurement)
            if ratio is not None and trains_in_full(measurement):
                by_device.setdefault(device, []).append((ratio, page, summary(measurement)))
    return [(device, _ranked(places)) for device, places in sorted(by_device.items())]


def _ranked(places: list[tuple[Ratio, Any, Summary]]) -> list[Fast]:
    leaders: list[Fast] = []
    for place, (ratio, page, said) in enumerate(sorted(places, key=lambda each: each[0].value)[:_LEADERS], 1):
        ties = leaders and factor(leaders[-1].ratio.value) == factor(ratio.value)
        leaders.append(Fast(leaders[-1].rank if ties else place, page, ratio, said))
    return leaders


def time_against_accuracy(measured: Iterable[tuple[str, Sequence[Timing]]]) -> Chart | None:
    """Return a scatter plot of accuracy on unseen images against the seconds of a whole training.

    The last measurement of each submission on the CPU is used.

    Args:
        measured: The names of submissions, and their measurements.

    Returns:
        The chart; `None` if there are fewer than two points.
    """
    points = []
    for name, timings in measured:
        rounds = [t.measurement.rounds for t in timings if t.measurement.device == "cpu" and t.measurement.rounds]
        if rounds:
            took = statistics.median(each.call_seconds for each in rounds[-1])
            points.append((took, statistics.median(each.accuracy for each in rounds[-1]), name))
    return scatter(points) if len(points) > 1 else None
