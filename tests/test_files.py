"""Tests of writing files completely or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.ground.errors import GraderError
from grader.ground.files import write_whole


def test_a_file_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "new" / "x.csv"
    write_whole(target, b"one")
    write_whole(target, b"two")
    assert target.read_bytes() == b"two"
    assert list(target.parent.iterdir()) == [target]


def test_what_cannot_be_written_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(GraderError) as caught:
        write_whole(tmp_path / "folder", b"")
    assert str(caught.value) == f"{tmp_path}/folder: cannot be written (Is a directory); choose another place."
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
