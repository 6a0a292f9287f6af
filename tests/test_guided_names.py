"""Tests of class names: those that belong to another class are recognised, and any other name is allowed."""

from __future__ import annotations

import pytest

from grader.checks.guided.names import misnamed


@pytest.mark.parametrize(
    "names",
    [
        {0: {"airplane"}, 1: {"car"}, 2: {"bird"}},
        {3: {"katze", "bild 1"}, 5: {"hund"}, 7: {"pferd"}},
        {0: {"a"}, 1: {"b"}, 2: {"c"}},  # names of the author's own
        {0: {"0"}, 1: {"1"}, 2: {"2"}},
        {0: {"plane"}, 1: {"thing"}, 2: {"airplane"}},  # one class has a name of its own, so the others may as well
        {3: {"cat", "dog"}, 5: {"dog"}},
        {},
    ],
)
def test_names_that_may_be_are_let_alone(names: dict[int, set[str]]) -> None:
    assert misnamed(names) is None


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ({0: {"bird"}, 1: {"car"}, 2: {"airplane"}}, ("bird", "airplane")),
        ({3: {"hund"}, 5: {"katze"}, 7: {"pferd"}}, ("hund", "cat")),
        ({8: {"truck"}, 9: {"truck"}}, ("truck", "ship")),
    ],
)
def test_a_name_of_another_class_is_told(names: dict[int, set[str]], told: tuple[str, str]) -> None:
    assert misnamed(names) == told
