"""Tests with notebooks of any size: their code is read as a stream, and outputs are skipped."""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.submissions import SubmissionFile, fetch, read_submission, submissions_in
from grader.submissions.files import ReadError
from grader.submissions.large import code_only
from grader.submissions.notebook import code_cells

SOURCE = "# é\nimport numpy as np\n\n\ndef predict(model, x):\n    return model.predict(x)\n"


def write(path: Path, megabytes: int, source: str = SOURCE) -> None:
    """Write a notebook with outputs of a number of MB."""
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": source}
    picture = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=" * 80_000}}
    text = {"output_type": "stream", "name": "stdout", "text": ['loss: "0.5" \\ {[\n'] * 1000}
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"cells": [')
        file.write(json.dumps(cell, ensure_ascii=False))
        for number in range(megabytes):
            file.write(",\n" + json.dumps({**cell, "source": f"x = {number}", "outputs": [picture, text]}, indent=1))
        file.write('], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}')


def test_a_notebook_of_25_mb_is_read_as_a_small_one_is(tmp_path: Path) -> None:
    write(tmp_path / "small.ipynb", 3)
    write(tmp_path / "large.ipynb", 26)
    assert (tmp_path / "large.ipynb").stat().st_size > 25_000_000
    small, large = (read_submission(SubmissionFile(name, tmp_path / f"{name}.ipynb")) for name in ("small", "large"))
    assert (large.problem, large.functions, large.cells[0]) == ("", ("predict",), SOURCE)
    assert large.source.rstrip("\n") == small.source.rstrip("\n")
    assert large.sha256 == hashlib.sha256((tmp_path / "large.ipynb").read_bytes()).hexdigest()
    assert large.locate(6) == (1, 6)


READ = """
import resource, sys
from pathlib import Path
from grader.submissions import SubmissionFile, fetch
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
file = fetch(SubmissionFile("a", Path(sys.argv[1])))
assert not file.file.problem and len(file.data) < 20_000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory in KiB")
def test_reading_takes_the_same_memory_however_large_a_notebook_is(tmp_path: Path) -> None:
    taken = []
    for megabytes in (25, 150):
        write(tmp_path / "a.ipynb", megabytes)
        done = subprocess.run([sys.executable, "-c", READ, str(tmp_path / "a.ipynb")], capture_output=True, check=True)
        taken.append(int(done.stdout))
    assert taken[1] < 60 * 1024 and abs(taken[1] - taken[0]) < 10 * 1024


def test_more_than_1_gb_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    with open(path, "wb") as file:
        file.truncate(1_000_000_001)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    assert fetch(SubmissionFile("a", path)).file.problem == (
        "a.ipynb is larger than 1 GB; hand in code and text only, without data."
    )
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 1.0


def test_the_limit_for_code_stays(tmp_path: Path) -> None:
    for source in ("x = 1\n" * 200_000, "x = 1\n" * 3_000_000):
        write(tmp_path / "a.ipynb", 22, source)
        problem = read_submission(SubmissionFile("a", tmp_path / "a.ipynb")).problem
        assert problem == "a.ipynb holds more than 1 MB of code; hand in code only."


def test_a_large_notebook_in_a_download_is_read_too(tmp_path: Path) -> None:
    write(tmp_path / "a.ipynb", 25)
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "a.ipynb", "Ada Lovelace_1_assignsubmission_file_/a.ipynb")
    with submissions_in([tmp_path / "all.zip"], lambda text: None) as (file,):
        assert read_submission(file).functions == ("predict",)


TEXTS = st.sampled_from(['a"b', "\\", '\\\\"', "}{][", ",:", "é", "😀", "cells", "x" * 300])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(TEXTS, st.integers(), st.none(), st.booleans(), st.just(-2.5e3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(TEXTS, st.just("source"), st.just("outputs")), inner, max_size=3),
    ),
    max_leaves=8,
)
CELLS = st.fixed_dictionaries(
    {
        "outputs": VALUES,
        "cell_type": st.sampled_from(["code", "code", "markdown"]),
        "metadata": VALUES,
        "source": st.one_of(TEXTS, st.lists(TEXTS, max_size=3)),
        "attachments": VALUES,
    }
)


@settings(deadline=None)
@given(
    notebook=st.fixed_dictionaries({"metadata": VALUES, "cells": st.lists(CELLS, max_size=4), "more": VALUES}),
    sheets=st.booleans(),
    piece=st.sampled_from([1, 2, 7, 50, 10**6]),
    indent=st.sampled_from([None, 1]),
    ascii_only=st.booleans(),
)
def test_a_stream_gives_the_cells_that_the_whole_gives(
    notebook: dict[str, Any], sheets: bool, piece: int, indent: int | None, ascii_only: bool
) -> None:
    if sheets:
        notebook["worksheets"] = [{"metadata": {"cells": []}, "cells": notebook.pop("cells")}]
    data = json.dumps(notebook, indent=indent, ensure_ascii=ascii_only).encode()
    code = code_only((data[at : at + piece] for at in range(0, len(data), piece)), "a.ipynb")
    assert cells_or_problem(code) == cells_or_problem(data)


def cells_or_problem(data: bytes) -> Any:
    try:
        return code_cells(data, "a.ipynb")
    except ReadError as error:
        return str(error)


@pytest.mark.parametrize("text", ['{"cells": [', '{"cells": [}', '{"cells": "a', "[1]", "]", '{"cells": [{]', '"a\\'])
def test_what_is_not_whole_is_no_notebook(text: str) -> None:
    with pytest.raises(
        ReadError, match=r"a\.ipynb is not a notebook: its JSON is not whole; save it again in Jupyter\."
    ):
        code_only([text.encode()], "a.ipynb")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 3_000_000,
        '{"cells":[' + "{" * 3_000_000,
        '{"a":"' + "\\" * 3_000_001,
        '{"cells":[' + '{"cell_type":"code"},' * 900_000,
    ],
)
def test_absurd_text_costs_little(text: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    with pytest.raises(ReadError):
        code_only([text.encode()], "a.ipynb")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 20.0
