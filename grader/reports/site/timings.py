"""What pages show of training speed, put together from the gradebook's measurements: pure functions."""

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
"""How many points of a history there is room for."""


class Speed(msgspec.Struct, frozen=True):
    """Training speed of one submission.

    Attributes:
        latest: The last measurement on each device that was tried, and what it says.
        devices: CPU beside GPU.
        epochs: Round by round, of the last measurement that has epochs; `None` without any.
        ratios: Ratios through time; `None` where no measurement has any.
        of: What `epochs` is of.
        causes: Why it is slow, a line each; likewise.
    """

    latest: tuple[tuple[Timing, Summary], ...]
    devices: Chart
    epochs: Chart | None
    ratios: Chart | None
    of: Timing | None
    causes: tuple[str, ...]


class Fast(msgspec.Struct, frozen=True):
    """A place in the list of the fastest.

    Attributes:
        rank: From 1; those whose ratios read the same share one.
        page: Whatever the caller has of the student.
        ratio: Of whole calls of `train` to the reference's.
        summary: What else the measurement says.
    """

    rank: int
    page: Any
    ratio: Ratio
    summary: Summary


def speed_of(timings: Sequence[Timing]) -> Speed | None:
    """What a page shows of a submission's measurements, oldest first; `None` where there are none."""
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
    """Why a training is slow, a line each: what undoing it gains, and where that was not tried what takes the time."""
    tried = causes.tried(measurement)
    return tuple(causes.lines(tried)) if tried else tuple(filter(None, [causes.likely(measurement)]))


def _devices(latest: dict[str, Timing]) -> Iterator[Device]:
    """The CPU and each GPU; where no GPU was tried, an empty place for it all the same."""
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
    """The fastest by device, each by the last measurement of it.

    They are ranked by whole calls of `train`, which the grader's own clock tells; only trainings that move the
    weights and draw all their images are among them.

    Args:
        measured: Whatever the caller has of each student, and the measurements that count.
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
    """Seconds of a whole training against accuracy on unseen images, by the last measurement of each on the CPU.

    Args:
        measured: Names, and their measurements.
    """
    points = []
    for name, timings in measured:
        rounds = [t.measurement.rounds for t in timings if t.measurement.device == "cpu" and t.measurement.rounds]
        if rounds:
            took = statistics.median(each.call_seconds for each in rounds[-1])
            points.append((took, statistics.median(each.accuracy for each in rounds[-1]), name))
    return scatter(points) if len(points) > 1 else None
