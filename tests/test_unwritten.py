"""Tests of recognising functions that are still to be written from their text, only if there is no doubt."""

from __future__ import annotations

import ast
from types import SimpleNamespace
from typing import Any, cast

import pytest

from grader.checks.common.evidence import Aside
from grader.checks.common.properties import for_all
from grader.checks.common.student import StillToWrite, UnwrittenStudent
from grader.checks.functions.task2.cases import SubsetCase, subset_cases
from grader.checks.functions.task2.evidence import Subsets
from grader.submissions import Submission
from grader.submissions.unwritten import Unwritten, unwritten_functions

STUB = 'def train(model, epochs=20, classes=(0, 1)):\n    """Train."""\n    raise NotImplementedError("write it")\n'


def unwritten(source: str) -> tuple[Unwritten, ...]:
    return unwritten_functions(ast.parse(source).body, {"train", "predict"})


def test_a_function_that_only_raises_is_told_with_its_line_and_words() -> None:
    assert unwritten(STUB) == (Unwritten("train", 3, "write it"),)
    assert unwritten("def train(model):\n    raise NotImplementedError\n") == (Unwritten("train", 2, ""),)


@pytest.mark.parametrize(
    "source",
    [
        "def train(model):\n    return model\n",
        "def train(model):\n    raise ValueError('no')\n",
        "def train(model):\n    print(model)\n    raise NotImplementedError\n",
        "def train(model):\n    raise NotImplementedError(print(model))\n",
        "@decorate\n" + STUB,
        "def train(model: keras.Model):\n    raise NotImplementedError\n",
        "def train(model, epochs=EPOCHS):\n    raise NotImplementedError\n",
        "async def train(model):\n    raise NotImplementedError\n",
        "def fit(model):\n    raise NotImplementedError\n",
    ],
)
def test_a_function_that_does_anything_else_is_called(source: str) -> None:
    assert unwritten(source) == ()


@pytest.mark.parametrize(
    "later",
    [
        "def train(model):\n    return model\n",
        "train = lambda model: model\n",
        "if True:\n    def train(model):\n        return model\n",
        "from helpers import train\n",
        "from helpers import *\n",
        "import helpers as train\n",
        "class NotImplementedError(Exception):\n    pass\n",
        "globals()['train'] = len\n",
        "for name in ['train']:\n    pass\n",
        "exec('train = len')\n",
        "import sys\nsys.modules[__name__].train = len\n",
        "def other():\n    global train\n    train = len\n",
        "(train := len)\n",
        "for train in []:\n    pass\n",
    ],
)
def test_a_name_that_may_stand_for_something_else_is_called(later: str) -> None:
    assert unwritten(STUB + later) == ()


def test_nothing_is_started_or_made_smaller_for_it() -> None:
    submission = cast("Submission", SimpleNamespace(unwritten=(Unwritten("subset_data", 7, "write it"),)))

    def start() -> Any:
        raise AssertionError("a worker was started")

    student = Aside(start, submission, seed=3).student_for("subset_data")
    assert isinstance(student, UnwrittenStudent)
    asked: list[SubsetCase] = []

    @for_all(subset_cases())
    def try_it(subsets: Subsets, case: SubsetCase) -> None:
        asked.append(case)
        subsets.of(case)

    with pytest.raises(StillToWrite) as raised:
        try_it(subsets=Subsets(student))
    assert len(asked) == 1
    assert (raised.value.type_name, raised.value.text) == ("NotImplementedError", "write it")
    assert [frame.line for frame in raised.value.frames] == [7]
