"""Tests of how measurements of speed are shown: the table at 80 columns, remarks, points and JSON."""

from __future__ import annotations

import io
import json
from typing import Any

import msgspec
import pytest
from rich.console import Console

from grader.course import Course, Speed
from grader.reports.speed import remarks, show, speed_document
from grader.speed.points import points_of
from grader.speed.records import Cause, Gain, Measurement, Rates, Round
from grader.speed.statistics import summary
from tests.measurements import measurement

FAST = measurement("ada", [2.0, 2.1, 2.05, 1.95, 2.0, 2.1], [2.9, 3.0, 3.1, 3.0, 2.95, 3.05])
COURSE = Course(speed=Speed(points=5))


def changed(measured: Measurement, **changes: Any) -> Measurement:
    """Return a measurement with changes in each of the submission's rounds."""
    rounds = tuple(msgspec.structs.replace(round_, **changes) for round_ in measured.rounds)
    return msgspec.structs.replace(measured, rounds=rounds)


def with_epochs(measured: Measurement, **changes: Any) -> Measurement:
    """Return a measurement with changes in each epoch."""

    def other(round_: Round) -> Round:
        epochs = tuple(msgspec.structs.replace(epoch, **changes) for epoch in round_.epochs)
        return msgspec.structs.replace(round_, epochs=epochs)

    return msgspec.structs.replace(measured, rounds=tuple(map(other, measured.rounds)))


def shown(*measurements: Measurement, course: Course = COURSE, width: int = 80) -> str:
    text = io.StringIO()
    show(Console(file=text, width=width, color_system=None), measurements, course)
    return text.getvalue()


def test_a_table_for_each_device_fits_80_columns() -> None:
    gone = measurement("ada", device="gpu:0", status="no_device")
    text = shown(FAST, measurement("a-student-with-a-name", [4.0, 4.1], [3.0, 3.1]), gone)
    assert max(map(len, text.splitlines())) <= 80
    lines = text.splitlines()
    (row,) = [line for line in lines if line.startswith("ada ") and "–" in line and "no such" not in line]
    assert "2.02 (2.00–2.10)" in row
    assert "0.68 (" in row
    assert "5/5" in row
    assert sum(line.startswith("reference ") for line in lines) == 1
    assert "gpu:0, tensorflow" in text
    assert "no such device" in text
    assert "ada: It did not come to an end." in text


def test_without_points_there_is_no_column_for_them() -> None:
    assert "Points" not in shown(FAST, course=Course())


def test_a_sound_measurement_needs_no_remark() -> None:
    assert remarks(FAST) == []


@pytest.mark.parametrize(
    ("measured", "remark"),
    [
        (changed(FAST, moved=False), "Training leaves the weights as they were"),
        (changed(FAST, epochs=()), "`train` does not use the model's `fit`"),
        (with_epochs(FAST, images=800), "An epoch trains on 800 images, where there are 3,200."),
        (with_epochs(FAST, images=6400), "An epoch trains on 6,400 images, where there are 3,200."),
        (with_epochs(FAST, steps=50), "An epoch trains on 800 images, where there are 3,200."),
        (changed(FAST, epochs=FAST.rounds[0].epochs[:2], call_seconds=7.0), "A round has 2 epochs instead of 4."),
        (changed(FAST, call_seconds=20.0), "of the time in `train` passes outside of its epochs."),
        (changed(FAST, accuracy=0.35), "It predicts 35% of unseen images right, the reference 80%"),
        (
            msgspec.structs.replace(FAST, flops=1e11, rates=Rates(1e11, 8e10)),
            "An epoch is 100.0 GFLOP, 49.4 GFLOP a second: 49.4% of what this device reaches by itself.",
        ),
        (measurement(status="failed"), "It did not come to an end."),
    ],
)
def test_what_the_figures_do_not_say_is_said(measured: Measurement, remark: str) -> None:
    (found,) = remarks(measured)
    assert remark in found


SLOW = (
    Cause("callback", "Slow", 0, 0.62, Gain(2.6, 2.4, 2.9)),
    Cause("layer", "augmentation (Sequential)", 0, 0.2, problem="It does not get through."),
    Cause("eager", share=0.05),
)


def test_likely_causes_are_named_and_what_undoing_them_gains_is_a_table() -> None:
    slow = msgspec.structs.replace(FAST, causes=SLOW)
    assert remarks(slow) == [
        "Likely causes of its time, the largest share first: the callback Slow (62%), "
        "the layer augmentation (Sequential) (20%)."
    ]
    text = shown(slow)
    assert max(map(len, text.splitlines())) <= 80
    assert "ada: one thing undone at a time, beside the file as it is:" in text
    assert "2.60 (2.40–2.90)  without the callback Slow" in text
    assert "–  without the work of the layer augmentation (Sequential): It" in text
    assert "eager" not in text
    assert "undone" not in shown(FAST)


def test_causes_are_worth_no_points() -> None:
    for measured in (FAST, measurement("ada", [8.25, 8.25], [3.0, 3.0])):
        assert points_of(msgspec.structs.replace(measured, causes=SLOW), COURSE.speed) == points_of(
            measured, COURSE.speed
        )


@pytest.mark.parametrize(
    ("seconds", "points"), [([3.0, 3.0], 5.0), ([4.5, 4.5], 5.0), ([8.25, 8.25], 2.5), ([12.0, 12.0], 0.0)]
)
def test_points_fall_evenly_between_the_two_ratios(seconds: list[float], points: float) -> None:
    assert points_of(measurement("ada", seconds, [3.0, 3.0]), COURSE.speed) == points


def test_a_noisy_ratio_counts_in_the_students_favour() -> None:
    noisy = measurement("ada", [6.0, 15.0, 8.0], [3.0, 3.0, 3.0])
    steady = measurement("ada", [9.0, 9.0, 9.0], [3.0, 3.0, 3.0])
    assert points_of(noisy, COURSE.speed) > points_of(steady, COURSE.speed)


@pytest.mark.parametrize(
    "measured",
    [
        changed(FAST, moved=False),
        with_epochs(FAST, steps=199),
        with_epochs(FAST, images=3199),
        changed(FAST, images=4 * 3200 - 1),
        changed(FAST, images=0, epochs=()),
        measurement(status="out_of_memory"),
        measurement("ada", [1.0, 1.0]),
    ],
)
def test_what_does_not_train_or_cannot_be_compared_earns_nothing(measured: Measurement) -> None:
    assert points_of(measured, COURSE.speed) == 0


def test_images_without_epochs_are_told_of_the_whole_call() -> None:
    found = remarks(changed(FAST, epochs=(), images=1000))
    assert found[-1] == "A call of `train` shows the network 1,000 images, where 4 epochs have 12,800."


def test_what_is_counted_decides_and_not_how_many_steps_it_took() -> None:
    at_once = with_epochs(changed(FAST, images=4 * 3200), steps=7, images=3200)
    assert remarks(at_once) == []
    assert points_of(at_once, COURSE.speed) == points_of(FAST, COURSE.speed)


def test_a_rate_is_of_the_images_that_were_trained_on() -> None:
    whole, half = (summary(with_epochs(FAST, images=images)).images_per_second for images in (3200, 1600))
    assert whole == summary(FAST).images_per_second
    assert half == pytest.approx((whole or 0.0) / 2)


def test_the_epochs_clock_has_no_say_in_points() -> None:
    """Points depend only on the grader's own clock: epochs reported as ten times as fast change nothing."""
    told = with_epochs(FAST, train_seconds=0.001)
    assert points_of(told, COURSE.speed) == points_of(FAST, COURSE.speed)


def test_the_document_has_every_sample_and_what_is_computed_from_them() -> None:
    found = json.loads(msgspec.json.encode(speed_document([FAST], COURSE, 12.3456)))
    assert (found["schema_version"], found["seconds"]) == (1, 12.346)
    (one,) = found["measurements"]
    assert msgspec.convert(one, Measurement, strict=False) == FAST
    assert one["machine_id"] == FAST.machine.id
    assert one["summary"]["ratio"]["rounds"] == 6
    assert one["summary"]["ratio"]["low"] < one["summary"]["ratio"]["value"] < one["summary"]["ratio"]["high"]
    assert (one["points"], one["max_points"], one["remarks"]) == (5.0, 5.0, [])
