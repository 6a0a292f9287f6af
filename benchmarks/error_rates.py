"""Measure how often the grader is wrong about solutions that its checks were not made for (see docs/checks.md).

    python -m benchmarks.error_rates OUT.json                 grade all cases, in `quick`, and keep the verdicts
    python -m benchmarks.error_rates OUT.json --only guided   the same for the cases of one form
    python -m benchmarks.error_rates --table RECORD.json ...  print the rates of records, with Wilson intervals

The cases are in `tests/frozen`, in a folder for each author.  None of the authors had read the checks, and no
case was changed after it had been graded for the first time; `records/error-rates-first.json` has the verdicts of that
time.  Cases whose own description is wrong are listed in `WRONG`, and count in neither record.

A sound solution, `sNN_name.py`, begins with `# sound:` and what is special about it.  A bug, `bNN_name.txt`, names the
sound solution that it is made from, its task and the bug.  The text that it replaces follows, between lines that begin
with `@@`.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from grader.validation.guided import rate

FROZEN: Final = Path(__file__).parent.parent / "tests" / "frozen"

_NO_POOL_SIZE: Final = "AveragePooling2D() needs a pool_size in Keras 3, so that it raises"
_FIRST_NINE: Final = "the beginning of a set that was shuffled is a random choice"

WRONG: Final = {
    "guided-a-s10_tf_data": _NO_POOL_SIZE,
    "guided-a-b43_reshuffled_after_predict": f"made of guided-a-s10: {_NO_POOL_SIZE}",
    "functions-a-s08_zip_random": _NO_POOL_SIZE,
    "functions-a-b39_stops_on_val_loss": f"made of functions-a-s08: {_NO_POOL_SIZE}",
    "functions-a-b60_always_default_path": f"made of functions-a-s08: {_NO_POOL_SIZE}",
    "functions-a-b02_ipython_magic": "get_ipython() costs nothing",
    "guided-a-b16_always_first_nine": _FIRST_NINE,
    "guided-b-b20_always_the_first_nine": _FIRST_NINE,
    "guided-c-b11_always_the_first_ones": _FIRST_NINE,
    "guided-c-b12_random_among_first_32": _FIRST_NINE,
    "guided-d-s04_pydataset": _NO_POOL_SIZE,
    "guided-d-b25_pydataset": f"made of guided-d-s04: {_NO_POOL_SIZE}",
    "guided-d-b09_augment_layers": _FIRST_NINE,
    "guided-c-b06_labels_stay_integers": "labels that are numbers, with the loss for them, are sound",
    "guided-b-b14_test_images_not_scaled": "task 2 does not ask for scaling; task 5 loses points",
}
"""Cases that are not what their description says, each with the reason."""

_TASKS: Final = range(1, 7)
_CHANGE: Final = re.compile(r"^@@ instead of\n(.*?)^@@ write\n(.*?)^@@ end$", re.MULTILINE | re.DOTALL)
_HEADER: Final = re.compile(r"^# (base|task|bug|sound): (.+)$", re.MULTILINE)


class Case(msgspec.Struct, frozen=True):
    """A solution with its description.

    Attributes:
        name: The names of its folder and file, as in `functions-a-b07_shuffles_labels_alone`.
        form: The form of the assignment, `functions` or `guided`.
        sentence: The bug, or what is special about a sound solution.
        source: The whole program.
        task: The task that has the bug; `None` for a sound solution.
    """

    name: str
    form: str
    sentence: str
    source: str
    task: int | None = None


class Verdict(msgspec.Struct, frozen=True):
    """The grader's verdict on a case.

    Attributes:
        name: The case's name.
        form: The case's form of the assignment.
        task: The task that has the bug; `None` for a sound solution.
        status: The status of the result.
        lost: The points lost in each task, by the task's number; tasks with full marks are left out.
        messages: The messages of the failed checks.
    """

    name: str
    form: str
    task: int | None
    status: str
    lost: dict[int, float]
    messages: list[str]

    @property
    def right(self) -> bool:
        """Whether a sound solution has full marks, or a bug costs points in its own task."""
        if self.status != "graded":
            return False
        return not self.lost if self.task is None else self.task in self.lost

    @property
    def alone(self) -> bool:
        """Whether no other task loses points."""
        return set(self.lost) <= {self.task}


def read(folder: Path = FROZEN) -> list[Case]:
    """Read all cases but those in `WRONG`.

    Raises:
        ValueError: If a file is not of the form that the module's docstring describes.
    """
    cases = []
    for path in sorted(folder.glob("*/[sb][0-9]*")):
        author = path.parent.name
        header = {match[1]: match[2] for match in _HEADER.finditer(path.read_text(encoding="utf-8"))}
        sentence = header.get("sound") or header.get("bug")
        if not sentence:
            raise ValueError(f"{path}: there is no line '# sound:' or '# bug:'")
        task = int(header["task"]) if "task" in header else None
        cases.append(Case(f"{author}-{path.stem}", author.split("-")[0], sentence, _source(path, header), task))
    return [case for case in cases if case.name not in WRONG]


def _source(path: Path, header: dict[str, str]) -> str:
    text = path.read_text(encoding="utf-8")
    if "base" not in header:
        return text
    source = (path.parent / header["base"]).read_text(encoding="utf-8")
    changes = _CHANGE.findall(text)
    for before, after in changes:
        if source.count(before) != 1:
            raise ValueError(f"{path}: what it replaces is in {header['base']} {source.count(before)} times: {before}")
        source = source.replace(before, after)
    if not changes:
        raise ValueError(f"{path}: it replaces nothing")
    return source


def grade(cases: Sequence[Case]) -> list[Verdict]:
    """Grade cases of one form as a class, in the profile `quick`."""
    by_name = {case.name: case for case in cases}
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            Path(folder, f"{case.name}.py").write_text(case.source, encoding="utf-8")
        form = ("--form", cases[0].form, "--profile", "quick")
        command = [sys.executable, "-m", "grader", "grade", folder, *form, "--no-gradebook", "--json"]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    return [_verdict(by_name[each["submission"]["id"]], each) for each in json.loads(done.stdout)["results"]]


def _verdict(case: Case, result: dict[str, Any]) -> Verdict:
    lost: dict[int, float] = {}
    for check in result["checks"]:
        if check["points"] < check["max_points"]:
            lost[check["task"]] = lost.get(check["task"], 0) + check["max_points"] - check["points"]
    messages = [f"{check['id']}: {check['message']}" for check in result["checks"] if check["status"] == "failed"]
    return Verdict(case.name, case.form, case.task, result["status"], lost, messages)


def table(verdicts: Iterable[Verdict]) -> list[str]:
    """Return the rates as the lines of a Markdown table."""
    verdicts = [verdict for verdict in verdicts if verdict.name not in WRONG]
    lines = ["| form | what | right |", "|---|---|---|"]
    for form in sorted({verdict.form for verdict in verdicts}):
        of_form = [verdict for verdict in verdicts if verdict.form == form]
        bugs = [verdict for verdict in of_form if verdict.task is not None]
        sound = rate(verdict.right for verdict in of_form if verdict.task is None)
        lines.append(f"| {form} | sound solutions with full marks | {sound} |")
        lines.append(f"| {form} | bugs that lose points in their task | {rate(verdict.right for verdict in bugs)} |")
        lines += [f"| | of task {task} | {rate(v.right for v in bugs if v.task == task)} |" for task in _TASKS]
        lines.append(f"| {form} | bugs that lose points there alone | {rate(v.right and v.alone for v in bugs)} |")
    return lines


def main() -> None:
    """Run the command line: grade the cases, or print the rates of records."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--only", choices=("functions", "guided"))
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    if given.table:
        for path in given.files:
            print(path.name, *table(msgspec.json.decode(path.read_bytes(), type=list[Verdict])), sep="\n")
        return
    cases = read()
    verdicts = []
    for form in (given.only,) if given.only else ("functions", "guided"):
        verdicts += grade([case for case in cases if case.form == form])
    given.files[0].write_bytes(msgspec.json.format(msgspec.json.encode(verdicts), indent=1))
    sentences = {case.name: case.sentence for case in cases}
    for verdict in verdicts:
        if not verdict.right:
            print(f"{verdict.name} ({sentences[verdict.name]}): {verdict.status} {verdict.lost} {verdict.messages}")
    print(*table(verdicts), sep="\n")


if __name__ == "__main__":
    main()
