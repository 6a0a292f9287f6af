"""Points for speed, where a course gives any: by the ratio to the reference, never by seconds."""

from __future__ import annotations

from grader.course import Speed
from grader.speed.records import Budget, Epoch, Measurement
from grader.speed.statistics import ratio_of_calls


def points_of(measurement: Measurement, speed: Speed) -> float:
    """What a measurement is worth.

    What counts is the time of whole calls of `train`, which the grader's own clock tells, and of the ratio's
    interval the end that is better for the student.  There are none where the weights did not move, or where not all
    images were trained on in each epoch.

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
    """Whether in each round the weights moved, and all images reached the network in each epoch.

    A last batch that is not full may be left out.  Epochs that cannot be told apart are counted together.
    """
    budget = measurement.budget
    due = budget.full_batches
    return all(
        round_.moved
        and (round_.images is None or round_.images >= due * budget.epochs)
        and all(images_of(epoch, budget) >= due for epoch in round_.epochs)
        for round_ in measurement.rounds
    )


def images_of(epoch: Epoch, budget: Budget) -> int:
    """The images that an epoch trained on; in a record from before they were counted, at most as many as there are."""
    if epoch.images is not None:
        return epoch.images
    return min(budget.train_images, epoch.steps * budget.batch_size)
