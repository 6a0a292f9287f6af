"""Tests of how outcomes become a result."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from grader.assignment.contract import checks_of
from grader.course import Course
from grader.results.scoring import CheckResult, Outcome, Report, Result, all_passed, make_result, submission_info
from grader.submissions import Submission

SUBMISSION = Submission("ada", Path("ada.py"), "0" * 64, "py")
CHECKS = checks_of("quick", frozenset({2}))


def result(outcomes: dict[str, Outcome], *, course: Course | None = None, problem: str = "") -> Result:
    return make_result(SUBMISSION, course or Course(), CHECKS, outcomes, seconds=1.23456, problem=problem)


def all_of(outcome: Outcome) -> dict[str, Outcome]:
    return {check.id: outcome for check in CHECKS}


def test_all_passed_is_the_full_score() -> None:
    graded = result(all_of(Outcome("passed", share=1.0)))
    assert (graded.status, graded.score, graded.max_score, graded.seconds) == ("graded", 20.0, 20.0, 1.235)
    assert all_passed(graded)


def test_each_status_but_passed_earns_nothing() -> None:
    for status in ("failed", "error", "timeout", "crashed", "not_run"):
        graded = result(all_of(Outcome(status)))
        assert (graded.status, graded.score) == ("graded", 0.0)
        assert not all_passed(graded)


def test_a_passed_check_earns_all_whatever_its_share() -> None:
    assert result(all_of(Outcome("passed"))).score == 20.0


def test_a_line_says_all_that_is_known_of_its_check() -> None:
    outcome = Outcome("failed", "Text.", "Hint.", "f()", share=1 / 3, seconds=0.98765)
    course = Course(points_by_check={"subset_data/shuffled": 2.5})
    graded = make_result(SUBMISSION, course, CHECKS, all_of(outcome), seconds=1)
    (line,) = [line for line in graded.checks if line.id == "subset_data/shuffled"]
    assert line == CheckResult(
        id="subset_data/shuffled",
        task=2,
        function="subset_data",
        status="failed",
        points=0.83,  # rounded to two digits
        max_points=2.5,
        message="Text.",
        hint="Hint.",
        example="f()",
        seconds=0.988,
        title="Shuffles",
    )
    assert (graded.status, graded.problem) == ("graded", "")
    assert graded.score == 7.16  # the sum of the rounded points


def test_a_fault_that_is_not_one_checks_is_kept_before_those_that_are() -> None:
    graded = result(all_of(Outcome(None, "KeyError: 1")), problem="no disk")
    assert (graded.status, graded.problem) == ("infrastructure_error", "no disk")


def test_a_share_earns_a_part() -> None:
    outcomes = all_of(Outcome("passed", share=1.0)) | {"subset_data/each-image-once": Outcome("failed", share=0.6)}
    graded = result(outcomes)
    assert graded.score == 18.8
    assert not all_passed(graded)


def test_the_course_sets_what_a_check_is_worth() -> None:
    course = Course(points_by_check={"subset_data/shuffled": 11})
    assert result(all_of(Outcome("passed", share=1.0)), course=course).max_score == 30.0


def test_scores_have_two_digits() -> None:
    course = Course(points_by_check={"subset_data/shuffled": 0.125})
    graded = result(all_of(Outcome("passed")), course=course)
    assert (graded.score, graded.max_score) == (19.12, 19.12)


def test_a_check_that_the_grader_could_not_run_is_no_score() -> None:
    outcomes = all_of(Outcome("passed", share=1.0)) | {"subset_data/seeded": Outcome(None, "KeyError: 1")}
    graded = result(outcomes)
    assert graded.status == "infrastructure_error"
    assert graded.problem == "subset_data/seeded: KeyError: 1"
    assert not all_passed(graded)
    (line,) = [line for line in graded.checks if line.id == "subset_data/seeded"]
    assert (line.status, line.message) == ("not_run", "The grader could not run this check.")


def test_a_check_that_was_not_reached_is_the_graders_fault() -> None:
    graded = result({})
    assert graded.status == "infrastructure_error"
    assert graded.problem == "subset_data/keeps-only-requested-classes: the check was not reached"


def test_a_file_name_that_is_no_text_can_be_written() -> None:
    submission = Submission("ada_", Path(os.fsdecode(b"ada\xff.py")), "0" * 64, "py")
    assert submission_info(submission, Course()).path == "ada\N{REPLACEMENT CHARACTER}.py"
    assert msgspec.json.encode(submission_info(submission, Course()))


def test_the_json_has_the_documented_form() -> None:
    report = Report("quick", "namespaces", 12.3, (result(all_of(Outcome("failed", "Text.", "Hint.", "f()"))),))
    document = msgspec.json.decode(msgspec.json.encode(report))
    assert {"schema_version", "profile", "isolation", "seconds", "results"} == set(document)
    assert document["schema_version"] == 1
    (one,) = document["results"]
    submission = {"id": "ada", "path": "ada.py", "sha256": "0" * 64, "kind": "py"}
    form = {"form": "functions", "form_reason": "The file neither loads data nor builds or trains a network."}
    assert one["submission"] == submission | form
    assert set(one) >= {"submission", "status", "score", "max_score", "seconds", "checks"}
    assert set(one["checks"][0]) == set(CheckResult.__struct_fields__)
    assert one["checks"][0]["id"] == "subset_data/keeps-only-requested-classes"
