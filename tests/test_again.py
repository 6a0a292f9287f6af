"""Tests of which checks are run again when a submission has changed, without a sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.assignment.contract import CHECKS, Check, checks_of
from grader.course import Course, Settings
from grader.grading import again as module
from grader.grading.again import Again, Kept, Version, due
from grader.results.scoring import CheckResult, CheckStatus, Graded, Outcome, make_result
from grader.sandbox.host.session import Interrupted
from grader.submissions import Submission, SubmissionBytes, SubmissionFile, parse_submission

QUICK = checks_of("quick")
TEXT = """\
import numpy as np

CLASSES = ["airplane", "automobile", "bird"]
RATE = 0.001


def scale(x):
    return x / 255


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    return x, y


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    return CLASSES


def add_conv_block(model, filters):
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    return add_conv_block(RATE, 8)


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3, **others):
    return model.fit(scale(x_train), y_train)


def plot_history(history):
    return history


def predict(model, x):
    return model.predict(scale(x))
"""


def read(text: str, name: str = "solution.py") -> Submission:
    return parse_submission(SubmissionBytes(SubmissionFile("solution", Path(name)), text.encode()))


def version(text: str) -> Version:
    return Version(read(text), Course())


def known(text: str, statuses: dict[str, CheckStatus] | None = None, line: int | None = None) -> dict[str, Kept]:
    """Return kept results in which every check passed, except those whose status is given."""
    of = version(text)
    kept = {}
    for check in QUICK:
        status: CheckStatus = (statuses or {}).get(check.id, "passed")
        where = None if status == "passed" else line
        kept[check.id] = Kept(CheckResult(check.id, check.task, check.function, status, 0.0, 1.0, line=where), of)
    return kept


def functions_due(text: str, kept: dict[str, Kept]) -> set[str]:
    ids = due(version(text), QUICK, kept)
    return {check.function or "(file)" for check in QUICK if check.id in ids}


@pytest.mark.parametrize(
    ("old", "new", "functions"),
    [
        ("return x, y\n", "return y, x\n", {"subset_data"}),
        ('"bird"]', '"cat"]', {"show_examples"}),
        ("RATE = 0.001", "RATE = 0.01", {"build_model"}),
        ("filters):\n", "filters):\n    0\n", {"add_conv_block", "build_model"}),
        ("return x / 255", "return x / 256", {"train", "predict"}),
        ("y_train)\n", "y_train, 1)\n", {"train", "predict"}),  # a check compares how `predict` and `train` scale
        ("def plot_history(history)", "def plot_histroy(history)", {"plot_history"}),
        ("import numpy as np", "import numpy as np\nimport os", set()),
    ],
)
def test_what_needs_a_change_is_checked_again_and_the_whole_file(old: str, new: str, functions: set[str]) -> None:
    assert TEXT.count(old) == 1
    assert functions_due(TEXT.replace(old, new), known(TEXT)) == functions | {"(file)"}


def test_comments_and_lines_start_nothing() -> None:
    changed = TEXT.replace("CLASSES = [", "# mine\n\nCLASSES = [\n  ").replace(
        "return x, y", "return (x,\n  y)  # both"
    )
    assert functions_due(changed, known(TEXT)) == set()


def test_what_names_a_line_is_checked_again_where_that_has_moved() -> None:
    kept = known(TEXT, {"train/validates": "error", "subset_data/seeded": "failed"}, line=30)
    assert functions_due(f"{TEXT}# end\n", kept) == set()
    ids = due(version(f"# begin\n{TEXT}"), QUICK, kept)
    assert ids == {"train/validates", "subset_data/seeded"}


def test_what_ran_out_of_time_is_checked_again_together() -> None:
    kept = known(TEXT, {"train/validates": "timeout", "predict/in-order": "timeout", "plot_history/legend": "failed"})
    ids = due(version(TEXT.replace("y_train)\n", "y_train, 1)\n")), QUICK, kept)
    assert "predict/in-order" in ids and "plot_history/legend" not in ids
    assert "predict/in-order" not in due(version(TEXT.replace("return x, y", "return y, x")), QUICK, kept)


def test_of_a_notebook_the_code_cells_count_and_a_guided_one_as_a_whole() -> None:
    def notebook(*cells: str, output: str = "") -> Version:
        listed = [{"cell_type": "code", "source": cell, "outputs": [output]} for cell in cells]
        return Version(read(json.dumps({"cells": listed}), "solution.ipynb"), Course())

    def kept_of(first: Version) -> dict[str, Kept]:
        return {check.id: Kept(CheckResult(check.id, 1, "", "passed", 1, 1), first) for check in QUICK}

    functions = notebook("import numpy as np", TEXT)
    assert due(notebook("import numpy as np", TEXT, output="epoch 1"), QUICK, kept_of(functions)) == frozenset()
    assert due(notebook("import numpy as np", "", TEXT), QUICK, kept_of(functions)) == frozenset()
    guided = notebook("model.fit(x, y)")
    assert guided.form == "guided"
    assert due(notebook("model.fit(x, y)", output="epoch 1"), QUICK, kept_of(guided)) == frozenset()
    assert due(notebook("model.fit(x, y)  # twice"), QUICK, kept_of(guided)) == {check.id for check in QUICK}


def test_every_check_says_what_it_calls() -> None:
    whole = {check.id for check in CHECKS if not check.needs}
    assert whole == {"setup/loads", "setup/trains-nothing", "setup/functions-and-parameters"}


class Fake:
    """A slot without a sandbox: each check passes, unless its status is given."""

    def __init__(self) -> None:
        self.statuses: dict[str, CheckStatus] = {}
        self.asked: list[frozenset[str]] = []
        self.interrupted_after = ""
        self.sandbox = None

    def grade_parsed(
        self, submission: Submission, on_check: Callable[[str, Outcome], None], only: frozenset[str]
    ) -> Graded:
        self.asked.append(only)
        made: tuple[Check, ...] = tuple(check for check in QUICK if check.id in only)
        outcomes = {}
        for check in made:
            status = self.statuses.get(check.id, "passed")
            outcomes[check.id] = Outcome(status, share=float(status == "passed"))
            on_check(check.id, outcomes[check.id])
            if check.id == self.interrupted_after:
                raise Interrupted
        return Graded(make_result(submission, Course(), made, outcomes, seconds=1.0))

    def close(self) -> None:
        """Nothing was started."""


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    fake = Fake()
    monkeypatch.setattr(module, "Slot", lambda settings, interrupt: fake)
    return fake


@pytest.fixture
def again(fake: Fake) -> Iterator[Again]:
    with Again(Settings(Course(), "quick", frozenset(), "process")) as again:
        yield again


ALL = frozenset(check.id for check in QUICK)
OTHER = TEXT.replace("return x, y", "return y, x")


def test_a_result_is_whole_and_says_what_changed(again: Again, fake: Fake) -> None:
    first = again.check(read(TEXT))
    assert (first.first, first.made, first.changes, first.graded.result.score) == (True, ALL, (), 93)
    fake.statuses = {"subset_data/seeded": "failed"}
    second = again.check(read(OTHER))
    assert fake.asked[-1] == {check.id for check in QUICK if check.function == "subset_data" or check.task == 1}
    assert [(change.check, change.gained) for change in second.changes] == [("subset_data/seeded", -1.0)]
    assert [check.id for check in second.graded.result.checks] == [check.id for check in QUICK]
    assert (second.graded.result.score, second.graded.result.max_score) == (92, 93)
    third = again.check(read(OTHER))
    assert (third.made, third.changes, third.graded.result.score) == (frozenset(), (), 92)
    assert len(fake.asked) == 2


def test_what_was_not_asked_for_before_is_checked_then(again: Again, fake: Fake) -> None:
    again.check(read(TEXT), wanted=frozenset({"2"}))
    assert again.check(read(TEXT), wanted=frozenset({"subset_data"})).made == frozenset()
    rest = again.check(read(TEXT))
    assert rest.made == {check.id for check in QUICK if check.task != 2}
    assert rest.graded.result.score == 93


def test_a_file_that_crashes_while_it_loads_has_everything_checked(again: Again, fake: Fake) -> None:
    again.check(read(TEXT))
    fake.statuses = {"setup/loads": "timeout"}
    assert again.check(read(OTHER)).made == ALL


def test_what_an_interrupted_check_found_is_kept(again: Again, fake: Fake) -> None:
    fake.interrupted_after = "subset_data/seeded"
    with pytest.raises(Interrupted):
        again.check(read(TEXT))
    fake.interrupted_after = ""
    made = again.check(read(TEXT)).made
    found = [check.id for check in QUICK].index("subset_data/seeded") + 1
    assert made == {check.id for check in QUICK[found:]}


def test_only_a_version_that_asks_something_else_outdates_a_check(again: Again, fake: Fake) -> None:
    again.check(read(TEXT))
    seen = {}

    def look(check: str, outcome: Outcome) -> None:
        seen["comment"] = again.outdated_by(read(f"{OTHER}# a comment\n"))
        seen["elsewhere"] = again.outdated_by(read(OTHER.replace("RATE = 0.001", "RATE = 0.01")))
        seen["here"] = again.outdated_by(read(TEXT))

    again.check(read(OTHER), look, frozenset({"subset_data"}))
    assert seen == {"comment": False, "elsewhere": False, "here": True}
    assert not again.outdated_by(read(TEXT))  # none is at work
