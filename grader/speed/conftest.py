"""Gives the benchmark its lanes: what is measured, each on one device and backend."""

from __future__ import annotations

import pytest

from grader.speed.running import SPEED_RUN, Lane, SpeedRun


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a lane; without a submission there is none."""
    if "lane" in metafunc.fixturenames:
        run = metafunc.config.stash.get(SPEED_RUN, None)
        lanes = run.lanes if run is not None else []
        metafunc.parametrize("lane", lanes, ids=[lane.name for lane in lanes])


@pytest.fixture
def speed_run(pytestconfig: pytest.Config, lane: Lane) -> SpeedRun:
    """What keeps the measurements, and the sandbox of the lane at hand."""
    return pytestconfig.stash[SPEED_RUN]
