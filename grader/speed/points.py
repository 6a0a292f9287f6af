"""Points for speed, if a course gives any.  They depend on the ratio to the reference, and never on seconds."""

from __future__ import annotations

from grader.course import Speed
from grader.speed.records import Budget, Epoch, Measurement
from grader.speed.statistics import ratio_of_calls


def points_of(measurement: Measurement, speed: Speed) -> float:
    """Return the points that a measurement earns.

    They depend on the ratio of whole calls of `train`, which the grader's own clock times, and on the end of its
    interval that is better for the student.  There are no points if the weights did not move, or if an epoch did not
    train on all images.

    Args:
        measurement: A measurement on one device.
        speed: How many points there are, and between which ratios they fall to 0.
    """
    ratio = ratio_of_calls(measurement)
    if ratio is None or measurement.status != "measured" or not trains_in_full(measurement):
        return 0.0
    best = ratio.value if ratio.low is None else ratio.low
    share = (speed.no_ratio - best) / (speed.no_ratio - speed.full_ratio)
    return round(speed.points * min(1.0, max(0.0, share)), 2)


def trains_in_full(measurement: Measurement) -> bool:
    """Whether in each round the weights moved, and all images reached the network in each epoch.

    A last batch that is not full may be left out.  If epochs cannot be told apart, they are counted together.
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
    """Return the number of images that an epoch trained on.

    In a record from before images were counted, it follows from the steps, and is at most the number of images there
    are.
    """
    if epoch.images is not None:
        return epoch.images
    return min(budget.train_images, epoch.steps * budget.batch_size)
