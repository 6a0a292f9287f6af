"""Tests of the course file: what it may contain, and the error messages for everything else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.assignment import contract
from grader.course import Course, load_course, parse_course
from grader.ground.errors import UsageError

ROOT = Path(__file__).parent.parent


def test_the_file_in_the_repository_states_the_defaults() -> None:
    assert load_course(ROOT / "course.toml") == Course()


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_course() == Course()


def test_the_file_in_the_current_directory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "course.toml").write_text('dataset = "shapes"\nclasses = [3, 1]\n[limits]\ncall_seconds = 5\n')
    monkeypatch.chdir(tmp_path)
    course = load_course()
    assert (course.dataset, course.classes, course.limits.call_seconds) == ("shapes", (3, 1), 5.0)


def test_points_are_the_contracts_unless_the_course_says_otherwise() -> None:
    course = parse_course('[points]\n"train/early-stopping" = 7.5\n"accuracy/unseen-images" = 0')
    assert course.points("train/early-stopping") == 7.5
    assert course.points("train/validates") == 2
    assert course.task_points(5) == 27.5
    assert course.total() == 95.5
    assert course.total(contract.checks_of("quick")) == 95.5
    with pytest.raises(KeyError):
        course.points("train/nothing")


def test_a_seed_may_be_too_large_to_be_found_by_trying() -> None:
    assert parse_course(f"seed = {2**63 - 1}").seed == 2**63 - 1


def test_the_default_accuracy_budget_is_800_steps() -> None:
    assert Course().accuracy.steps == 800


@pytest.mark.parametrize("value", ["2026-06-30T23:59:00+02:00", "'2026-06-30T23:59:00+02:00'", "'deadline'"])
def test_what_is_hidden_is_hidden_until_a_moment(value: str) -> None:
    course = parse_course(f"[visibility]\nhidden_until = {value}\n[late]\ndeadline = 2026-06-30T23:59:00Z")
    assert course.visibility.hidden_until == value.strip("'")


@pytest.mark.parametrize("value", ["2026-06-30T23:59:00+02:00", "'2026-06-30T23:59:00+02:00'"])
def test_a_deadline_has_a_time_zone(value: str) -> None:
    late = parse_course(f"[late]\ndeadline = {value}\ngrace_minutes = 15\npercent_per_day = 5").late
    assert late.deadline == datetime(2026, 6, 30, 21, 59, tzinfo=UTC)
    assert (late.grace_minutes, late.percent_per_day, late.cap_percent) == (15, 5, 100)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[accuracy]\nepohcs = 3", "accuracy.epohcs: unknown key; did you mean epochs?"),
        ("[limits]\nzzz = 3", None),
        ("titel = 'x'", "titel: unknown key; did you mean title?"),
        ("[accuracy]\nepochs = '3'", "accuracy.epochs: expected int, got str."),
        ("[accuracy]\nepochs = 0", "accuracy.epochs: expected int >= 1."),
        ("[speed]\nround = 3", "speed.round: unknown key; did you mean rounds?"),
        ("[speed]\nfull_ratio = 4", "speed.full_ratio: must be less than speed.no_ratio, 4."),
        ("accuracy = 3", "accuracy: expected object, got int."),
        ("classes = [1]", "classes: name at least two classes."),
        ("classes = [1, 2, 1]", "classes: 1 is there twice."),
        ("classes = [1, 10]", "classes[1]: 10 is no label of CIFAR-10; they are 0 to 9."),
        ("profile = 'ful'", "profile: 'ful' is unknown; did you mean full?"),
        ("leaderboard = ['acuracy']", "leaderboard: 'acuracy' is unknown; did you mean accuracy?"),
        ("dataset = 'mnst'", "dataset: 'mnst' is unknown; did you mean mnist?"),
        ("seed = -1", "seed: expected int >= 0."),
        ("[limits]\ncall_seconds = nan", "limits.call_seconds: expected float > 0.0."),
        ("[points]\n'train/validate' = 1", "points.train/validate: unknown check; did you mean train/validates?"),
        (
            "[points]\n'train/validates' = -2",
            "points.train/validates: expected points between 0 and 10000, got -2.",
        ),
        (
            "[points]\n'train/validates' = nan",
            "points.train/validates: expected points between 0 and 10000, got nan.",
        ),
        ("[points]\n'train/validates' = true", "points.train/validates: expected a number."),
        (
            "[points]\ntrain.validates = 2",
            'points.train: a check id goes in quotes, as in "train/validates" = 2.',
        ),
        ("points = 2", 'points: expected a table such as [points] with lines like "train/validates" = 2.'),
        ("[late]\ndedline = 2026-06-30T23:59:00Z", "late.dedline: unknown key; did you mean deadline?"),
        *(
            (
                f"[late]\ndeadline = {value}",
                "late.deadline: expected date, time and time zone, as in 2026-06-30T23:59:00+02:00.",
            )
            for value in (
                "2026-06-30",
                "2026-06-30T23:59:00",
                "23:59:00",
                "'tomorrow'",
                "'2026-06-30T23:59'",
                "7",
                "[]",
            )
        ),
        ("[late]\ngrace_minutes = -1", "late.grace_minutes: expected float >= 0.0."),
        ("[late]\npercent_per_day = 101", "late.percent_per_day: expected float <= 100.0."),
        ("[late]\ncap_percent = nan", "late.cap_percent: expected float >= 0.0."),
        ("late = 3", "late: expected object, got int."),
        ("[late]\nlate_days = 1.5", "late.late_days: expected int, got float."),
        ("groups = 'name'", "groups: 'name' is unknown; did you mean names?"),
        ("[visibility]\nhiden_until = 'deadline'", "visibility.hiden_until: unknown key; did you mean hidden_until?"),
        (
            "[visibility]\ndetails = ['train/validate']",
            "visibility.details: train/validate: unknown check; did you mean train/validates?",
        ),
        (
            "[visibility]\nscores = ['train/validates']",
            'visibility.hidden_until: say until when, as in hidden_until = "deadline".',
        ),
        (
            "[visibility]\nhidden_until = 'deadline'",
            'visibility.hidden_until: is "deadline", but late.deadline is not set.',
        ),
        *(
            (
                f"[visibility]\nhidden_until = {value}",
                'visibility.hidden_until: expected "deadline", or date, time and time zone, as in '
                "2026-06-30T23:59:00+02:00.",
            )
            for value in ("2026-06-30", "'dedline'", "7")
        ),
        ("visibility = 3", "visibility: expected object, got int."),
        ("x =", "is not TOML: Invalid value (at end of document)."),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(text: str, message: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        parse_course(text)
    assert caught.value.exit_code == 2
    if message is None:
        message = (
            "limits.zzz: unknown key (known: call_seconds, training_seconds, load_seconds, grading_seconds, "
            "memory_mb, processes, file_mb, threads)."
        )
    assert str(caught.value) == f"course.toml: {message}"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    with pytest.raises(UsageError) as caught:
        load_course(missing)
    assert str(caught.value) == f"{missing}: there is no such course file."
    binary = tmp_path / "course.toml"
    binary.write_bytes(b"title = '\xff'")
    with pytest.raises(UsageError) as caught:
        load_course(binary)
    assert str(caught.value) == f"{binary}: is not UTF-8 text; save it as UTF-8."
    with pytest.raises(UsageError, match="cannot be read"):
        load_course(tmp_path)
