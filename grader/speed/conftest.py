"""Parametrise the benchmark with its lanes: each is one submission on one device and backend."""

from __future__ import annotations

import pytest

from grader.speed.running import SPEED_RUN, Lane, SpeedRun


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test for each lane; without a submission there is none."""
    if "lane" in metafunc.fixturenames:
        run = metafunc.config.stash.get(SPEED_RUN, None)
        lanes = run.lanes if run is not None else []
        metafunc.parametrize("lane", lanes, ids=[lane.name for lane in lanes])


@pytest.fixture
def speed_run(pytestconfig: pytest.Config, lane: Lane) -> SpeedRun:
    """Return the object that keeps the measurements and the sandbox of the current lane."""
    return pytestconfig.stash[SPEED_RUN]
