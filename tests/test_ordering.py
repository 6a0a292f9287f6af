"""Tests of the order in which a class is graded."""

from __future__ import annotations

import json
from pathlib import Path

from grader.grading.ordering import cheapest_first
from grader.submissions import SubmissionFile

COMPLETE = "".join(f"def {name}(x):\n    return x\n" for name in ("subset_data", "train", "predict"))


def files(folder: Path, texts: dict[str, str]) -> list[SubmissionFile]:
    for name, text in texts.items():
        (folder / name).write_text(text)
    return [SubmissionFile(Path(name).stem, folder / name) for name in texts]


def names(found: list[SubmissionFile]) -> list[str]:
    return [file.id for file in found]


def test_what_defines_fewer_functions_comes_first(tmp_path: Path) -> None:
    notebook = {"cells": [{"cell_type": "code", "source": ["def train(model):\n", "    pass\n"]}]}
    handed_in = files(
        tmp_path,
        {
            "complete.py": COMPLETE,
            "twice.py": "def train(model):\n    pass\n" * 3,
            "others.py": "def training(model):\n    pass\n\n\ndef trains(x):\n    pass\n",
            "notebook.ipynb": json.dumps(notebook),
            "empty.py": "",
        },
    )
    assert names(cheapest_first(handed_in, {})) == ["others", "empty", "twice", "notebook", "complete"]


def test_among_equals_what_took_longer_comes_later(tmp_path: Path) -> None:
    handed_in = files(tmp_path, {f"{name}.py": COMPLETE for name in ("slow", "new", "fast")})
    assert names(cheapest_first(handed_in, {"slow": 900.0, "fast": 12.0, "gone": 1.0})) == ["new", "fast", "slow"]


def test_what_cannot_be_read_comes_first_and_stays_in(tmp_path: Path) -> None:
    handed_in = [*files(tmp_path, {"complete.py": COMPLETE}), SubmissionFile("gone", tmp_path / "gone.py")]
    assert names(cheapest_first(handed_in, {})) == ["gone", "complete"]
