"""Tests of matching submissions with rows, by exact names and by the numbers in file names, without guessing."""

from __future__ import annotations

import pytest

from grader.exports.matching import match

PEOPLE = {
    2: ["101", "s1", "ada@example.org", "Lovelace, Ada"],
    3: ["102", "s2", "grace@example.org", "Hopper, Grace"],
    4: ["103", "s3", "mia@example.org", "Kim, Mia"],
    5: ["104", "s4", "mia2@example.org", "Kim, Mia"],
}


@pytest.mark.parametrize(
    ("submission", "row"),
    [
        ("101", 2),
        ("S2", 3),
        ("grace@example.org", 3),
        ("Ada Lovelace", 2),
        ("lovelace,  ada", 2),
        ("lovelaceada_101_9988_solution", 2),
        ("hoppergrace_LATE_102_9988_solution-1", 3),
        ("Mia Kim_104_assignsubmission_file", 5),
        ("Mia Kim_104_assignsubmission_file_", 5),
    ],
)
def test_a_name_that_agrees_is_found(submission: str, row: int) -> None:
    assert match([submission], PEOPLE).rows == {submission: row}


@pytest.mark.parametrize("submission", ["ada", "lovelace", "10", "1010", "solution_101", ""])
def test_what_only_resembles_a_name_is_not(submission: str) -> None:
    found = match([submission], {2: [*PEOPLE[2], ""]})
    assert found.rows == {}
    assert found.notes == (
        f"In no row, so left out: {submission}.",
        "Rows without a submission, left as they were: Lovelace, Ada.",
    )


def test_a_name_of_two_people_is_in_doubt() -> None:
    found = match(["Mia Kim", "101"], PEOPLE)
    assert found.rows == {"101": 2}
    assert found.notes[0] == ("In doubt, since several rows or submissions have that name, so left out: Mia Kim.")


def test_two_submissions_of_one_person_are_in_doubt() -> None:
    found = match(["s1", "Ada Lovelace", "s2"], PEOPLE)
    assert found.rows == {"s2": 3}
    assert found.notes == (
        "In doubt, since several rows or submissions have that name, so left out: Ada Lovelace; s1.",
        "Rows without a submission, left as they were: Lovelace, Ada; Kim, Mia; Kim, Mia.",
    )


def test_a_number_outweighs_a_name() -> None:
    """A person whose login equals another person's number does not get that person's grade."""
    people = {1: ["7", "8", "Ada"], 2: ["8", "9", "Grace"]}
    assert match(["8"], people).rows == {"8": 2}
