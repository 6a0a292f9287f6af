"""What pages show of training speed, put together from the gradebook's measurements: pure functions."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from grader.gradebook.records import Timing
from grader.reports.site.charts import Chart, scatter
from grader.reports.site.timing_charts import Device, Moment, device_bars, epoch_curves, ratio_history
from grader.reports.text import clean
from grader.reports.timings import STATUS_WORDS
from grader.speed.records import Measurement
from grader.speed.statistics import Ratio, Summary, spread, steady_epochs, summary

_LEADERS: Final = 10
_LATEST: Final = 24
"""How many points of a history there is room for."""


class Speed(msgspec.Struct, frozen=True):
    """Training speed of one submission.

    Attributes:
        latest: The last measurement on each device that was tried, and what it says.
        devices: CPU beside GPU.
        epochs: Round by round, of the last measurement that has epochs; `None` without any.
        ratios: Ratios through time; `None` where no measurement has any.
        of: What `epochs` is of.
    """

    latest: tuple[tuple[Timing, Summary], ...]
    devices: Chart
    epochs: Chart | None
    ratios: Chart | None
    of: Timing | None


class Fast(msgspec.Struct, frozen=True):
    """A place in the list of the fastest; `page` is whatever the caller has of the student."""

    rank: int
    page: Any
    summary: Summary
    measurement: Measurement


def speed_of(timings: Sequence[Timing]) -> Speed | None:
    """What a page shows of a submission's measurements, oldest first; `None` where there are none."""
    if not timings:
        return None
    latest = {timing.measurement.device: timing for timing in timings}
    with_epochs = [timing for timing in timings if steady_epochs(timing.measurement.rounds)]
    of = with_epochs[-1] if with_epochs else None
    measured = [(timing, summary(timing.measurement)) for timing in timings]
    moments = [
        Moment(timing.measurement.measured_at, clean(timing.measurement.device, limit=12), said.ratio)
        for timing, said in measured
        if said.ratio is not None
    ]
    return Speed(
        latest=tuple((timing, said) for timing, said in measured if latest[timing.measurement.device] is timing),
        devices=device_bars(list(_devices(latest))),
        epochs=epoch_curves(of.measurement.rounds, of.measurement.reference) if of else None,
        ratios=ratio_history(moments[-_LATEST:]) if moments else None,
        of=of,
    )


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
        yield Device(shown, mine, others, STATUS_WORDS.get(each.status, "no epochs seen"))


def fastest(measured: Iterable[tuple[Any, Sequence[Timing]]]) -> list[tuple[str, list[Fast]]]:
    """The fastest by device, each by the last measurement of it; those of a ratio that reads the same share a rank.

    Args:
        measured: Whatever the caller has of each student, and the measurements that count.
    """
    by_device: dict[str, list[tuple[Ratio, Any, Summary, Measurement]]] = {}
    for page, timings in measured:
        last = {t.measurement.device: t.measurement for t in timings if t.measurement.status == "measured"}
        for device, measurement in last.items():
            said = summary(measurement)
            if said.ratio is not None:
                by_device.setdefault(device, []).append((said.ratio, page, said, measurement))
    found = []
    for device, places in sorted(by_device.items()):
        places.sort(key=lambda place: place[0].value)
        leaders: list[Fast] = []
        for rank, (ratio, page, said, measurement) in enumerate(places[:_LEADERS], 1):
            before = leaders[-1].summary.ratio if leaders else None
            ties = before is not None and f"{before.value:.2f}" == f"{ratio.value:.2f}"
            leaders.append(Fast(leaders[-1].rank if ties else rank, page, said, measurement))
        found.append((device, leaders))
    return found


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
