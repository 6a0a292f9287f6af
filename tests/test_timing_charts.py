"""Tests of the charts of training speed, and of the page and pictures that `grader timings -o` writes."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from grader.gradebook.records import Timing
from grader.reports.site import write_timings
from grader.reports.site.charts import BOTTOM, TOP
from grader.reports.site.timing_charts import Device, Moment, device_bars, epoch_curves, ratio_history
from grader.reports.site.timings import fastest, speed_of, time_against_accuracy
from grader.speed.records import Cause, Gain
from grader.speed.statistics import Ratio, Spread
from tests.measurements import measurement, rounds
from tests.results import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"


def timings(*measurements: object) -> list[Timing]:
    return [Timing(number, each) for number, each in enumerate(measurements, 1)]  # type: ignore[arg-type]


def test_curves_have_a_faint_line_for_each_round_and_a_bold_one_for_each_side() -> None:
    chart = epoch_curves(rounds([1.0, 2.0, 3.0]), rounds([1.0]))
    assert [(line.kind, line.faint) for line in chart.lines] == [(1, True)] * 3 + [(2, True), (1, False), (2, False)]
    assert chart.lines[1].points == chart.lines[4].points  # the middle round is the median
    assert chart.description == (
        "Line chart of seconds of training by epoch, round by round: the submission's median goes from 4.00 s to "
        "2.00 s; the reference's median goes from 2.00 s to 1.00 s."
    )
    assert chart.names == (("submission", 1), ("reference", 2))


def test_rounds_that_stop_early_are_drawn_as_far_as_they_go() -> None:
    one, other = rounds([1.0, 1.0])
    early = msgspec.structs.replace(other, epochs=other.epochs[:2])
    chart = epoch_curves((one, early), ())
    assert [len(line.points) for line in chart.lines] == [4, 2, 4]


def test_a_device_that_is_absent_is_an_empty_place_that_says_so() -> None:
    chart = device_bars(
        [Device("CPU", Spread(2, 1, 3, 9), Spread(1, 1, 1, 9)), Device("GPU", None, None, "not measured")]
    )
    assert [bar.kind for bar in chart.bars] == [1, 2]
    assert [text for _, _, text in chart.notes] == ["2.00 s", "1.00 s", "not measured"]
    assert [tick.text for tick in chart.x_ticks] == ["CPU", "GPU"]
    assert chart.description.endswith("CPU, submission: 2.00 s; CPU, reference: 1.00 s; GPU: not measured.")
    nothing = device_bars([Device("CPU", None, None, "failed")])
    assert (nothing.bars, nothing.names) == ((), ())


def test_a_history_has_intervals_and_a_line_of_its_own_for_each_device() -> None:
    moments = [
        Moment("2026-06-01T12:00:00Z", "cpu", Ratio(1.1, 1.0, 1.2, 8)),
        Moment("2026-06-02T12:00:00Z", "gpu:0", Ratio(2.0, None, None, 1)),
        Moment("2026-06-03T12:00:00Z", "cpu", Ratio(1.3, 0.001, 900.0, 2)),
    ]
    chart = ratio_history(moments)
    assert [(line.name, line.kind, len(line.points)) for line in chart.lines] == [("cpu", 1, 2), ("gpu:0", 2, 1)]
    assert len(chart.spans) == 2
    assert chart.spans[1][1:] == (BOTTOM, TOP)  # cut off, so that the others are not pressed flat
    assert chart.level is not None and TOP < chart.level < BOTTOM
    assert "2026-06-02 on gpu:0: 2.00;" in chart.description
    assert [tick.text for tick in chart.x_ticks] == ["2026-06-01", "2026-06-02", "2026-06-03"]
    assert len(ratio_history(moments * 20).x_ticks) <= 3
    assert len(ratio_history(moments[:1]).x_ticks) == 1


def test_what_changed_is_marked_between_two_measurements() -> None:
    moments = [Moment(f"2026-06-{day:02}T12:00:00Z", "cpu", Ratio(1.1, 1.0, 1.2, 8)) for day in range(1, 13)]
    moments[6] = msgspec.structs.replace(moments[6], changed="submission")
    chart = ratio_history(moments)
    ((at, text),) = chart.marks
    assert text == "submission"
    assert chart.lines[0].points[5][0] < at < chart.lines[0].points[6][0]
    assert "2026-06-07 on cpu: 1.10, interval 1.00–1.20, the submission changed" in chart.description


def test_the_last_measurement_of_each_device_is_shown() -> None:
    speed = speed_of(
        timings(
            measurement("ada", [1.0], [1.0]),
            measurement("ada", device="gpu:0", status="out_of_memory"),
            measurement("ada", [2.0], [1.0]),
        )
    )
    assert speed is not None
    assert [timing.number for timing, _ in speed.latest] == [2, 3]
    assert [text for _, _, text in speed.devices.notes] == ["2.00 s", "1.00 s", "out of memory"]
    assert speed.of is not None and speed.of.number == 3
    assert speed_of([]) is None
    failed = speed_of(timings(measurement("ada", status="failed")))
    assert failed is not None and (failed.epochs, failed.ratios, failed.of) == (None, None, None)


def test_why_it_is_slow_stands_below_the_last_measurement() -> None:
    slow = msgspec.structs.replace(measurement("ada", [2.0], [1.0]), causes=(Cause("eager", share=0.7),))
    speed = speed_of(timings(slow))
    assert speed is not None
    assert speed.causes == ("Likely causes of its time, the largest share first: eager execution (70%).",)
    tried = msgspec.structs.replace(slow, causes=(Cause("eager", share=0.7, gain=Gain(3.0, 2.9, 3.1)),))
    speed = speed_of(timings(tried))
    assert speed is not None
    assert speed.causes == ("3.00 (2.90–3.10) times as fast compiled instead of eager",)


def test_the_fastest_come_first_and_the_same_ratio_is_the_same_rank() -> None:
    times = {"ada": [2.0], "alan": [1.0], "grace": [1.001], "joan": [3.0]}
    (found,) = fastest((name, timings(measurement(name, seconds, [1.0]))) for name, seconds in times.items())
    assert found[0] == "cpu"
    assert [(fast.rank, fast.page) for fast in found[1]] == [(1, "alan"), (1, "grace"), (3, "ada"), (4, "joan")]
    assert fastest([("ada", timings(measurement("ada", [1.0]), measurement("ada", status="failed")))]) == []


def test_time_and_accuracy_are_those_the_grader_saw() -> None:
    one = timings(measurement("ada", [1.0, 2.0, 3.0], accuracy=0.7))
    chart = time_against_accuracy([("ada", one), ("alan", timings(measurement("alan", [4.0], accuracy=0.8)))])
    assert chart is not None
    assert "Accuracy lies between 70% and 80%, training time between 12 and 24 seconds." in chart.description
    assert time_against_accuracy([("ada", one), ("alan", [])]) is None


def test_pictures_are_svg_of_their_own_and_the_page_replaces_the_former(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("my own")
    for _ in range(2):
        write_timings(tmp_path, timings(measurement("ada", [1.0, 2.0], [1.0, 2.0]), measurement(HOSTILE, [1.0], [1.0])))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "timings", "timings.html"]
    pictures = sorted((tmp_path / "timings").iterdir())
    assert [path.name for path in pictures if path.name.startswith("ada")] == [
        "ada-devices.svg",
        "ada-epochs.svg",
        "ada-ratios.svg",
    ]
    assert len(pictures) == 6
    for path in pictures:
        tree = ElementTree.parse(path)
        assert tree.getroot().tag == f"{SVG}svg"
        assert tree.find(f"{SVG}style") is not None
        assert "<script" not in path.read_text()
    assert "<script>alert" not in (tmp_path / "timings.html").read_text()


@pytest.mark.parametrize("count", [0, 1])
def test_a_page_of_little_or_nothing_is_a_page(count: int, tmp_path: Path) -> None:
    write_timings(tmp_path, timings(*[measurement("ada", status="failed")] * count))
    text = (tmp_path / "timings.html").read_text()
    assert ("Nothing was measured yet." in text) == (count == 0)
