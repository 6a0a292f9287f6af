"""Tests of the comparison with other graders, as far as they need not be installed for it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import nbformat
import psutil
import pytest
from rich.console import Console

from benchmarks import peers
from benchmarks.peers import Cost, Further, Processor, completed, further, make_environment, table, turns
from grader.assignment.contract import FUNCTIONS

_nbformat: Final[Any] = nbformat  # whose functions have no types


def test_every_second_round_goes_backwards() -> None:
    one, other, third = (list(turns(2, ("plain", "keras"), (1, 12), rounds)) for rounds in (1, 2, 3))
    assert len(one) == len(set(one)) == 8
    assert other == one + one[::-1]
    assert third == one + one[::-1] + one


def test_what_each_further_one_costs_is_told_round_by_round() -> None:
    ones = [Cost(2.0, 1.0), Cost(4.0, 1.5), Cost(3.0, 1.0)]  # the machine was slower in the second round
    classes = [Cost(13.0, 6.5), Cost(26.0, 7.0), Cost(14.0, 12.0)]
    assert further(ones, classes, 12) == Further(Cost(3.0, 1.0), Cost(1.0, 0.5), 1.0, 2.0)


def test_processor_time_counts_what_the_kernel_forgets_when_a_sandbox_ends() -> None:
    processor = Processor()
    began = processor._last
    for total in (1.0, 4.0, 0.5, 1.5):  # between the second and the third, a sandbox ended that had used 3.5
        processor.see(began + total)
    assert processor.seconds == pytest.approx(5.0)


def test_processor_time_is_that_of_a_command_with_all_it_started() -> None:
    spin = "import time\nwhile time.process_time() < 0.3: pass"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spin!r}], check=True)"
    before = subprocess.Popen([sys.executable, "-c", f"{spin.replace('0.3', '3')}\ntime.sleep(600)"])
    try:
        while sum(psutil.Process(before.pid).cpu_times()[:2]) < 2.5:
            time.sleep(0.05)
        with Processor() as processor:
            subprocess.run([sys.executable, "-c", nested], check=True)
    finally:
        before.kill()
        before.wait()
    assert 0.3 <= processor.seconds < 3


def test_rounds_that_were_stopped_do_not_count() -> None:
    quick, slow = [Cost(2.0, 1.0), Cost(9.0, 9.0)], [Cost(4.0, 2.0)]
    costs = {(0, "plain", 1): quick, (0, "plain", 3): slow, (1, "plain", 1): quick, (1, "plain", 3): slow}
    same = Further(Cost(2.0, 1.0), Cost(1.0, 0.5), 1.0, 1.0)
    expected = {("plain", "this"): same, ("plain", "that"): same}
    assert completed(costs, ["this", "that"], ["plain"], 3) == (1, expected)
    assert completed(costs, ["this", "that"], ["plain", "keras"], 3) == (0, {})


@pytest.mark.parametrize("notebook", peers.NOTEBOOKS)
def test_the_notebooks_are_valid_and_hold_the_same(notebook: str) -> None:
    written = [
        peers.plain_notebook(notebook, 3),
        peers.otter_master(notebook),
        peers.nbgrader_notebook(notebook),
        peers.nbgrader_notebook(notebook, 3),
    ]
    for text in written:
        book = _nbformat.reads(text, as_version=4)
        _nbformat.validate(book)
        code = next(cell.source for cell in book.cells if cell.cell_type == "code")
        assert all(f"def {function.signature}:" in code for function in FUNCTIONS)
        assert ("import keras" in code) == (notebook == "keras")
    assert written[2].replace("# Submission 0", "# Submission 3") == written[3]


def test_the_question_is_answered_by_the_functions_and_by_nothing_less() -> None:
    names: dict[str, object] = {}
    exec(peers.functions("plain"), names)
    exec(peers.question(), names)
    exec("def predict(x): return None", names)
    with pytest.raises(AssertionError):
        exec(peers.question(), names)


def test_the_table_has_a_row_for_each_way_and_notebook() -> None:
    cost = Further(Cost(9.5, 4.0), Cost(1.25, 0.75), 1.0, 1.5)
    console = Console(width=160)
    with console.capture() as captured:
        console.print(table({(notebook, way): cost for notebook in peers.NOTEBOOKS for way in ("this", "that")}, 3))
    shown = captured.get()
    assert shown.count("1.25 (1.00–1.50)") == 4
    assert shown.count("Keras") == 1


def test_without_a_network_one_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uv = tmp_path / "uv"
    uv.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('error: no route\\n  cause: no name server\\n')\n")
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit) as refused:
        make_environment(tmp_path / "otter", ["otter-grader==7.0.0"])
    assert str(refused.value) == (
        f"otter-grader==7.0.0 could not be installed into {tmp_path / 'otter'}, which takes a network the first time; "
        "the last that uv said is: cause: no name server"
    )
