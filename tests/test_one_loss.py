"""Tests that one bug costs one check: a single shortcoming fails only the check that is about it.

The default run grades every twelfth case; with `GRADER_WHOLE_CORPUS` it grades all.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grader.assignment import contract
from grader.checks.common.evidence import Aside
from grader.checks.common.student import fitted_call
from grader.course import Course, Settings
from grader.grading.batch import grade_all
from grader.results.scoring import Result
from grader.sandbox.host.launch import best_level
from grader.sandbox.wire.frames import FunctionFound, ParameterFound
from grader.submissions import Submission
from grader.validation.corpus import Chaff, read_chaffs
from grader.validation.validating import write_chaff

HERE = Path(__file__).parent
CHAFFS = {chaff.name: chaff for chaff in read_chaffs(HERE / "chaffs", HERE / "wheats")}

# Grouped by what is wrong: the form of an argument or of what is returned, how many there are, or which ones.
ONE_LOSS = (
    "task1-setup-own-names-for-options",
    "task2-subset_data-classes-as-list-only",
    "task2-subset_data-column-labels-crash",
    "task2-subset_data-first-fifteen-thousand",
    "task2-subset_data-ignores-classes",
    "task2-subset_data-labels-as-a-list",
    "task2-subset_data-labels-transposed",
    "task2-subset_data-not-shuffled",
    "task2-subset_data-one-hot-rows-divided",
    "task2-subset_data-swapped-results",
    "task2-subset_data-ten-columns",
    "task3-show_examples-count-one-crashes",
    "task3-show_examples-labels-as-numbers",
    "task3-show_examples-needs-predictions",
    "task3-show_examples-one-channel",
    "task3-show_examples-predictions-as-numbers",
    "task3-show_examples-returns-nothing",
    "task4-add_conv_block-adds-to-a-copy",
    "task4-build_model-logits",
    "task4-build_model-sparse-cross-entropy",
    "task5-train-appends-to-a-tuple",
    "task5-train-batch-size-ignored",
    "task5-train-checkpoint-path-hard-coded",
    "task5-train-labels-as-numbers",
    "task5-train-never-validates",
    "task5-train-returns-nothing",
    "task5-train-validation-mirrored",
    "task5-train-validation-split",
    "task6-plot_history-history-only",
    "task6-plot_history-names-of-older-keras",
    "task6-plot_history-returns-nothing",
    "task6-predict-class-numbers",
    "task6-predict-columns-reversed",
    "task6-predict-path-only",
    "task6-predict-transposed",
)
CHOSEN = ONE_LOSS[:: 1 if os.environ.get("GRADER_WHOLE_CORPUS") else 12]


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    """The result of each case in its own task, and in the tasks of the functions that it is about."""
    found: dict[str, Result] = {}
    by_tasks: dict[frozenset[int], list[Chaff]] = {}
    for name in CHOSEN:
        chaff = CHAFFS[name]
        tasks = frozenset({1, 2} if chaff.task == 1 else {chaff.task})
        by_tasks.setdefault(tasks, []).append(chaff)
    with tempfile.TemporaryDirectory() as folder:
        for asked, chaffs in by_tasks.items():
            files = [write_chaff(chaff, Path(folder)) for chaff in chaffs]
            settings = Settings(Course(), "quick", asked, best_level())
            for result in grade_all(files, settings, jobs=2, on_graded=lambda graded: None).results:
                found[result.submission.id] = result
    return found


@pytest.mark.parametrize("name", CHOSEN)
def test_one_bug_loses_one_check(name: str, results: dict[str, Result]) -> None:
    result = results[name]
    assert result.status == "graded"
    assert [check.id for check in result.checks if check.status != "passed"] == [CHAFFS[name].caught_by[0]]


def header(*parameters: str) -> FunctionFound:
    """Return the header of a function with parameters written as `name`, `name=`, `*, name`, `/name` or `**name`."""
    found, keyword_only = [], False
    for text in parameters:
        if text == "*":
            keyword_only = True
        elif text.startswith("**"):
            found.append(ParameterFound(text[2:], "VAR_KEYWORD", False))
        else:
            kind = "POSITIONAL_ONLY" if text.startswith("/") else "POSITIONAL_OR_KEYWORD"
            name = text.strip("/=")
            found.append(ParameterFound(name, "KEYWORD_ONLY" if keyword_only else kind, text.endswith("=")))
    return FunctionFound("subset_data", tuple(found))


@pytest.mark.parametrize(
    ("parameters", "args", "kwargs"),
    [
        (("x", "y", "classes=", "seed="), (1, 2), {"classes": 3, "seed": 4}),
        (("images", "labels", "classes=", "seed="), (1, 2), {"classes": 3, "seed": 4}),
        (("x", "y", "wanted=", "random_state="), (1, 2), {"wanted": 3, "random_state": 4}),
        (("x", "y", "*", "wanted=", "seed="), (1, 2), {"wanted": 3, "seed": 4}),
        (("/x", "/y", "/classes=", "/seed="), (1, 2, 3, 4), {}),
        (("y", "x", "classes=", "seed="), (2, 1), {"classes": 3, "seed": 4}),
        (("x", "y", "classes="), (1, 2), {"classes": 3}),
        (("x", "y", "classes=", "verbose=", "seed="), (1, 2), {"classes": 3, "seed": 4}),
        (("x", "y", "**options"), (1, 2), {"classes": 3, "seed": 4}),
    ],
)
def test_a_call_is_fitted_to_the_header(
    parameters: tuple[str, ...], args: tuple[int, ...], kwargs: dict[str, int]
) -> None:
    function = contract.function("subset_data")
    assert fitted_call(function, header(*parameters), (1, 2), {"classes": 3, "seed": 4}) == (args, kwargs)


def test_a_parameter_that_should_have_a_default_gets_it() -> None:
    function = contract.function("subset_data")
    assert fitted_call(function, header("x", "y", "classes", "seed"), (1, 2), {}) == (
        (1, 2),
        {"classes": (0, 1, 2), "seed": None},
    )


def test_a_function_whose_header_nobody_knows_is_called_as_the_contract_says() -> None:
    function = contract.function("subset_data")
    unknown = FunctionFound("subset_data", None)
    assert fitted_call(function, unknown, (1, 2), {"seed": 4}) == ((1, 2), {"seed": 4})


def test_a_worker_aside_serves_as_long_as_it_lives() -> None:
    opened: list[Any] = []

    def open_worker() -> Any:
        opened.append(SimpleNamespace(worker=SimpleNamespace(gone=False), example=f"call({len(opened)})"))
        return opened[-1]

    aside = Aside(open_worker, Submission("x", Path("x.py"), "", "py"), seed=3)
    assert (aside.example, opened) == ("", [])
    first = aside.student
    assert first is aside.student
    opened[0].worker.gone = True
    assert aside.student is opened[1]
    assert (aside.example, len(opened)) == ("call(1)", 2)
