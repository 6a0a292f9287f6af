"""Points for speed, where a course gives any: by the ratio to the reference, never by seconds."""

from __future__ import annotations

import math

from grader.course import Speed
from grader.speed.records import Measurement
from grader.speed.statistics import ratio_of_calls


def points_of(measurement: Measurement, speed: Speed) -> float:
    """What a measurement is worth.

    What counts is the time of whole calls of `train`, which the grader's own clock tells, and of the ratio's
    interval the end that is better for the student.  There are none where the weights did not move, or where an
    epoch did not draw all its batches.

    Args:
        measurement: On one device.
        speed: How many points there are, and between which ratios they fall.
    """
    ratio = ratio_of_calls(measurement)
    if ratio is None or measurement.status != "measured" or not trains_in_full(measurement):
        return 0.0
    best = ratio.value if ratio.low is None else ratio.low
    share = (speed.no_ratio - best) / (speed.no_ratio - speed.full_ratio)
    return round(speed.points * min(1.0, max(0.0, share)), 2)


def trains_in_full(measurement: Measurement) -> bool:
    """Whether in each round the weights moved, and each epoch that was told apart drew all its batches."""
    budget = measurement.budget
    due = math.ceil(budget.train_images / budget.batch_size)
    return all(round_.moved and all(epoch.steps >= due for epoch in round_.epochs) for round_ in measurement.rounds)
