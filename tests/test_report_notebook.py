"""Tests of feedback in the student's own notebook, with real notebooks of several versions and made-up results."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import nbformat
import pytest

from grader.reports.notebook import MARK, annotated, defining_cells
from grader.results.scoring import Result
from grader.submissions import Submission, SubmissionFile, read_submission
from grader.submissions.notebook import cell_lists
from tests.results import HOSTILE, report_of, result_of

HERE = Path(__file__).parent
NOTEBOOKS = [*sorted((HERE / "notebooks").glob("*.ipynb")), *sorted((HERE / "wheats").glob("*.ipynb"))]
WRONG = {"subset_data/seeded": "failed", "train/validates": "error", "setup/loads": "failed"}


def read(path: Path) -> Submission:
    return read_submission(SubmissionFile(path.stem, path))


def made(path: Path, **options: Any) -> tuple[bytes, Submission, Result]:
    submission = read(path)
    result = result_of(statuses=WRONG, submission=submission, **options)  # type: ignore[arg-type]
    return annotated(path.read_bytes(), submission, report_of(result), result), submission, result


def cells_of(notebook: Any) -> list[Any]:
    return [cell for cells in cell_lists(notebook) or [] for cell in cells]


def text_of(cell: Any) -> str:
    return "".join(cell["source"])


def feedback_in(notebook: Any) -> list[Any]:
    return [cell for cell in cells_of(notebook) if MARK in cell.get("metadata", {})]


def without_feedback(notebook: Any) -> Any:
    bare = copy.deepcopy(notebook)
    for cells in cell_lists(bare) or []:
        cells[:] = [cell for cell in cells if MARK not in cell.get("metadata", {})]
    return bare


def is_valid(notebook: Any) -> bool:
    try:
        nbformat.validate(notebook, relax_add_props=False)
    except nbformat.ValidationError:
        return False
    return True


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_everything_of_the_student_stays(path: Path) -> None:
    before = json.loads(path.read_bytes().decode("utf-8-sig"))
    content, _, _ = made(path)
    after = json.loads(content)
    assert without_feedback(after) == before
    assert list(after) == list(before)
    assert feedback_in(after)[0] is cells_of(after)[0]
    ids = [cell["id"] for cell in cells_of(after) if "id" in cell]
    assert len(ids) == len(set(ids))
    if (before["nbformat"], before["nbformat_minor"]) < (4, 5):
        assert not any("id" in cell for cell in feedback_in(after))
    if is_valid(before):
        assert is_valid(after)


def test_the_notebooks_are_of_every_version() -> None:
    """Otherwise the tests above would cover less than they seem to."""
    documents = [json.loads(path.read_bytes().decode("utf-8-sig")) for path in NOTEBOOKS]
    assert {(d["nbformat"], d["nbformat_minor"]) for d in documents} >= {(3, 0), (4, 0), (4, 5)}
    assert sum(is_valid(document) for document in documents) >= 8


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_second_run_replaces_its_own_cells(path: Path, tmp_path: Path) -> None:
    content, submission, _ = made(path)
    again = tmp_path / path.name
    again.write_bytes(content)
    handed_in = read(again)
    # The grader sees the same code as before.
    assert handed_in.cells == submission.cells
    assert handed_in.source == submission.source
    result = msgspec.structs.replace(result_of(submission=handed_in), score=12.0)
    second = json.loads(annotated(content, handed_in, report_of(result), result))
    assert len(feedback_in(second)) == len(feedback_in(json.loads(content)))
    assert "**12 of 93 points**" in text_of(cells_of(second)[0])
    assert without_feedback(second) == without_feedback(json.loads(content))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_function_has_its_feedback_below_the_cell_that_defines_it(path: Path) -> None:
    content, submission, _ = made(path)
    places = defining_cells(submission)
    code_cell = 0
    told: dict[str, int] = {}
    for cell in cells_of(json.loads(content))[1:]:
        if cell["cell_type"] == "code":
            code_cell += 1
        elif MARK in cell.get("metadata", {}):
            told |= {name: code_cell for name in places if f"`{name}`: " in text_of(cell)}
    assert told == places


def test_the_last_definition_counts() -> None:
    path = HERE / "wheats" / "second_attempts.ipynb"
    submission = read(path)
    for name, cell in defining_cells(submission).items():
        later = submission.cells[cell:]
        assert not any(f"def {name}(" in text for text in later), name
        assert name in submission.cells[cell - 1]


def test_what_is_said_of_a_function_and_what_on_top() -> None:
    content, _, _ = made(HERE / "notebooks" / "colab.ipynb", message=HOSTILE)
    top, *others = [text_of(cell) for cell in feedback_in(json.loads(content))]
    assert top.startswith(
        "# Feedback: colab\n\n**88 of 93 points**, profile quick.\n\n## What to fix first\n\n"
        "| points lost | what should hold |\n|--:|---|\n"
    )
    assert "\n\n| task | points |\n" in top
    links = re.findall(r"\]\(#(check-[a-z0-9-]+)\)", top)
    assert links
    assert all(f'<a id="{link}"></a>' in "".join([top, *others]) for link in links)
    assert "| 2 – Pre-process | 19 of 20 |" in top
    assert "The file loads without an error (0 of 2)" in top
    (subset,) = [text for text in others if "`subset_data`: " in text]
    assert subset.startswith('**✗ `subset_data`: 19 of 20 points**\n\n- <a id="check-subset-data-seeded"></a>**✗** ')
    folded = subset.partition("<details><summary>✓ 9 checks passed</summary>\n\n")[2]
    assert folded.startswith("- ✓ Keeps only the requested classes (3)\n")
    assert folded.endswith("\n\n</details>")
    assert "**✗** subset_data: Same seed, same order; other seeds and None, others (0 of 1)" in subset
    assert not {"\x1b", "\u202e", "\x00"} & set(subset)
    assert "\\<script\\>" in subset
    (predict,) = [text for text in others if "`predict`: " in text]
    assert "**✓ `predict`: 8 of 8 points**" in predict


def test_a_function_that_does_not_parse_is_spoken_of_on_top(tmp_path: Path) -> None:
    source = "def subset_data(x, y, classes=(0, 1, 2), seed=None:\n    return x\n"
    path = tmp_path / "broken.ipynb"
    cell: Any = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}))
    content, _, _ = made(path)
    first, second = cells_of(json.loads(content))
    assert "subset_data: Same seed" in text_of(first)
    assert second == cell


def test_marked_code_stays_and_taken_ids_are_not_used_twice(tmp_path: Path) -> None:
    source = "def predict(model, x):\n    return model.predict(x)\n"
    cell: Any = {
        "cell_type": "code",
        "id": "feedback-summary",
        "execution_count": None,
        "metadata": {MARK: {}},
        "outputs": [],
        "source": source,
    }
    path = tmp_path / "marked.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}, indent="\t"))
    content, _, _ = made(path)
    assert content.startswith(b'{\n\t"nbformat"')
    top, code, predict = cells_of(json.loads(content))
    assert code == cell
    assert (top["id"], predict["id"]) == ("feedback-summary-2", "feedback-predict")


def test_half_a_surrogate_pair_survives(tmp_path: Path) -> None:
    source = "def predict(model, x):\n    return model.predict(x)\n"
    output = {"output_type": "stream", "name": "stdout", "text": "\ud800"}
    cell: Any = {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [output], "source": source}
    path = tmp_path / "half.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": [cell]}))
    content, _, _ = made(path)
    assert json.loads(content)["cells"][1] == cell


def test_where_the_grader_failed_there_is_no_score() -> None:
    content, _, _ = made(HERE / "notebooks" / "colab.ipynb", problem="the disk is full")
    top = text_of(cells_of(json.loads(content))[0])
    assert "The grader failed, so this is no score: the disk is full" in top
    assert "of 93 points**" not in top
