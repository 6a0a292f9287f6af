"""The benchmark: pytest-benchmark times one call of `train` in each round, while the reference trains in turns with it.

The samples of pytest-benchmark itself are whole calls; those of the epochs are in its `extra_info`.
"""

from __future__ import annotations

from typing import Any

import pytest

from grader.speed.errors import MeasuringError
from grader.speed.running import Lane, SpeedRun
from grader.speed.turns import OWN_TIME


@pytest.mark.benchmark(timer=OWN_TIME)
def test_training(benchmark: Any, lane: Lane, speed_run: SpeedRun) -> None:
    """Time `train` in one lane."""
    benchmark.group = f"{lane.backend} on {lane.device}"
    try:
        with speed_run.pairs(lane) as pairs:
            benchmark.pedantic(
                pairs.timed, setup=pairs.before, teardown=pairs.after, rounds=speed_run.plan.course.speed.rounds
            )
    except MeasuringError as error:
        speed_run.keep(lane, error)
        pytest.fail(error.problem, pytrace=False)
    benchmark.extra_info.update(speed_run.keep(lane))
