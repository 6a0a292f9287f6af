"""The overhead of the clock of `grader bench`: the reference is trained with and without it, in turns.

The goal is a ratio of at most 1.01.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import Any, Final

# TensorFlow reads these when it is imported.  With more threads, two may happen to share one core for an epoch, which
# would make a larger difference than the clock.
os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"

import keras
import numpy as np

from grader.course import Course
from grader.sandbox.inside.timing.clock import Clock
from reference import build_model

TURNS: Final = 16


def test_an_epoch_with_the_clock(benchmark: Any) -> None:
    """Time an epoch with the clock and one without in each round, in alternating order; `extra_info` has the ratio."""
    speed = Course().speed
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (speed.train_images, 32, 32, 3), np.uint8)
    y = np.eye(3, dtype=np.float32)[rng.integers(0, 3, len(x))]
    models = {True: build_model(), False: build_model()}
    clock = Clock(models[True])
    seconds: dict[bool, list[float]] = {True: [], False: []}

    def epoch(timed: bool) -> float:
        callbacks: list[keras.callbacks.Callback] = [clock] if timed else []
        settings = {"batch_size": speed.batch_size, "validation_data": (x[:300], y[:300]), "callbacks": callbacks}
        began = time.perf_counter()
        models[timed].fit(x, y, verbose=0, **settings)
        return time.perf_counter() - began

    def turn() -> None:
        first = len(seconds[True]) % 2 == 0
        for timed in (first, not first):
            seconds[timed].append(epoch(timed))
        assert clock.epochs[-1][4:6] == (speed.train_images // speed.batch_size, speed.train_images)

    for timed in (True, False):  # the first epoch traces and compiles
        epoch(timed)
    benchmark.pedantic(turn, rounds=TURNS)
    ratios = [mine / other for mine, other in zip(seconds[True], seconds[False], strict=True)]
    error = statistics.stdev(map(float, np.log(ratios))) / TURNS**0.5
    benchmark.extra_info["ratio_of_medians"] = statistics.median(seconds[True]) / statistics.median(seconds[False])
    benchmark.extra_info["ratio_geometric_mean"] = statistics.geometric_mean(ratios)
    benchmark.extra_info["standard_error"] = error


def test_a_step_of_the_clock(benchmark: Any) -> None:
    """Time what the clock itself does in a step; a step of the reference takes some hundred milliseconds."""
    model = build_model()
    clock = Clock(model)
    clock.set_model(model)
    clock.on_epoch_begin(0)
    benchmark(clock.on_train_batch_end, 0)
