"""Tests of which of two trainings the accuracy check uses, with made-up trainings, since real ones take minutes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest

from grader.checks.common.accuracy import Trained
from grader.checks.common.verdict import CheckFailed, NotRun
from grader.checks.functions.task6 import test_accuracy as check
from grader.course import Accuracy, Course
from grader.course.datasets import load_dataset
from grader.course.thresholds import Calibration
from grader.results.artefacts import Artefacts, Measured
from grader.sandbox.host.session import WorkerGone
from grader.submissions import Submission

FULL = 0.64
STEPS = 800


def judged(monkeypatch: pytest.MonkeyPatch, *reached: float | Exception) -> tuple[float, list[int], Measured]:
    """Return the share of the points, the steps of the trainings that were run, and the accuracy that is shown."""
    dataset = load_dataset("shapes")
    course = Course(dataset="shapes")
    calibration = Calibration("shapes", "", course.classes, course.accuracy, (FULL + 0.16, FULL + 0.16), {})
    coming, steps = list(reached), []

    def trained(_student: Any, _examiner: Any, split: Any, budget: Accuracy, *, seconds: float) -> Trained:
        assert seconds == course.limits.training_seconds
        steps.append(budget.steps)
        came = coming.pop(0)
        if isinstance(came, Exception):
            raise came
        return Trained(came, np.eye(3)[split.hidden_labels], 1.0, {})

    monkeypatch.setattr(check, "trained", trained)
    monkeypatch.setattr(check, "bands_of", lambda *_: calibration)
    ada = Submission("a", Path("a.py"), "", "py")
    context = SimpleNamespace(course=course, dataset=dataset, submission=ada, profile="standard")
    artefacts, nobody = Artefacts(), SimpleNamespace(example="predict(model, x)")
    share = 1.0
    try:
        check.test_unseen_images(context, nobody, nobody, artefacts)  # type: ignore[arg-type]
    except CheckFailed as failed:
        share = failed.share
    assert not coming
    measured = next(each for each in artefacts.gathered if each.name == "measured")
    return share, steps, msgspec.json.decode(measured.data, type=Measured)


def test_what_is_good_enough_is_trained_once(monkeypatch: pytest.MonkeyPatch) -> None:
    share, steps, measured = judged(monkeypatch, FULL)
    assert (share, steps, measured.accuracy, measured.steps) == (1, [STEPS], FULL, STEPS)


def test_what_learns_slowly_has_three_times_as_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    share, steps, measured = judged(monkeypatch, 0.56, FULL + 0.01)
    assert (share, steps, measured.accuracy, measured.steps) == (1, [STEPS, 3 * STEPS], FULL + 0.01, 3 * STEPS)


def test_the_better_training_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    share, steps, measured = judged(monkeypatch, FULL - 0.01, 0.4)
    assert (share, steps, measured.accuracy, measured.steps) == (0.6, [STEPS, 3 * STEPS], FULL - 0.01, STEPS)
    assert judged(monkeypatch, 0.5, 0.52)[0] == 0


@pytest.mark.parametrize(
    "error", [CheckFailed("Not fresh."), NotRun("It does not work."), WorkerGone("timeout", "takes too long")]
)
def test_a_second_training_that_fails_takes_nothing_away(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(monkeypatch, FULL - 0.01, error)[0] == 0.6


def test_what_is_near_chance_is_not_trained_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(monkeypatch, 0.44)[:2] == (0, [STEPS])
