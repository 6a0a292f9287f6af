"""Tests of when a result may be kept: what changes the digests, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

import grader
from grader.assignment.requirements import Requirements
from grader.course import Accuracy, Course, CourseLimits, Full, Late, OwnChecks, Settings, Speed, Visibility
from grader.course.thresholds import Calibration
from grader.gradebook.conditions import conditions_of, course_digest

CALIBRATION = Calibration("shapes", "0" * 64, (0, 1, 2), Accuracy(), (0.8, 0.9), {"keras": "3"})


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another title"},
        {"profile": "full"},
        {"late": Late(datetime(2026, 6, 1, tzinfo=UTC), percent_per_day=50)},
        {"speed": Speed(rounds=3)},
        {"attempts": "best"},
        {"groups": "names"},
        {"visibility": Visibility("deadline", ("setup/loads",))},
        {"leaderboard": ("score",)},
        {"own": OwnChecks("/course/checks")},  # where they lie
    ],
)
def test_what_has_no_say_in_a_verdict_is_left_out(change: dict[str, Any]) -> None:
    assert course_digest(msgspec.structs.replace(Course(), **change)) == course_digest(Course())


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "shapes"},
        {"classes": (0, 2, 1)},
        {"seed": 1},
        {"points_by_check": {"setup/loads": 3.0}},
        {"limits": CourseLimits(call_seconds=5)},
        {"accuracy": Accuracy(epochs=5)},
        {"full": Full(training_seconds=60)},
        {"form": "guided"},
        {"legacy": "refuse"},
        {"modules": ("keras", "seaborn")},
        {"own": OwnChecks("/course/checks", "0" * 64)},
        {"requirements": Requirements(min_blocks=3)},
    ],
)
def test_what_has_a_say_changes_the_digest(change: dict[str, Any]) -> None:
    assert course_digest(msgspec.structs.replace(Course(), **change)) != course_digest(Course())


def test_every_field_of_a_course_was_thought_of() -> None:
    without_a_say = {"title", "profile", "late", "speed", "attempts", "groups", "visibility", "leaderboard"}
    with_a_say = {"dataset", "classes", "seed", "points_by_check", "limits", "accuracy", "full", "form", "legacy"} | {
        "modules",
        "own",
        "requirements",
    }
    assert set(Course.__struct_fields__) == without_a_say | with_a_say


def test_the_order_of_points_does_not_matter() -> None:
    one = Course(points_by_check={"setup/loads": 3.0, "train/validates": 1.0})
    other = Course(points_by_check={"train/validates": 1.0, "setup/loads": 3.0})
    assert course_digest(one) == course_digest(other)


def test_settings_and_thresholds() -> None:
    settings = Settings(Course(), "quick", frozenset({3, 1}), "process")
    conditions = conditions_of(settings, None)
    assert (conditions.profile, conditions.tasks, conditions.isolation) == ("quick", (1, 3), "process")
    assert (conditions.calibration, conditions.grader) == ("", grader.__version__)
    digest = conditions_of(settings, CALIBRATION).calibration
    assert len(digest) == 64
    assert conditions_of(settings, msgspec.structs.replace(CALIBRATION, accuracies=(0.8, 0.8))).calibration != digest


def test_all_six_tasks_are_all_tasks() -> None:
    whole = Settings(Course(), "quick", frozenset(), "process")
    named = msgspec.structs.replace(whole, tasks=frozenset(range(1, 7)))
    assert conditions_of(named, None) == conditions_of(whole, None)
