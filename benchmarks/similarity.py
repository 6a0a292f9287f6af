"""Measure how well `grader similar` tells disguised copies from independent work (see docs/similar.md).

    python -m benchmarks.similarity                 precision and recall for each disguise, in classes of 40 and 6
    python -m benchmarks.similarity --speed 500     how long a class of 500 takes

The independent solutions are those in `tests/wheats` and `tests/guided/wheats` that are not derived from one another.
Classes are drawn from them, and some submissions of each class are added once more as disguised copies.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from scipy.stats import binomtest

from benchmarks.disguises import DISGUISES, FURTHER, disguise
from grader.similarity import Code, Comparison, compare, read_all, starters
from grader.similarity.reading import code_of
from grader.submissions import SubmissionBytes, SubmissionFile, discover

TESTS: Final = Path(__file__).parent.parent / "tests"
DERIVED: Final = frozenset(
    (
        *("divides", "lambda_scaling", "p20_tensorflow_one", "p21_folder_of_another_session", "p22_seaborn_and_tqdm"),
        *("p23_trains_twice", "v01_seed_in_show", "v02_divide_in_place", "v03_fit_by_keywords"),
        *("v04_best_file_by_evaluate", "v05_half_of_test_validates", "v06_one_hot_at_fit", "v07_no_plt_show"),
        *("v08_history_of_model", "v09_either_key", "v10_shuffled_by_tf"),
    )
)
"""Sound solutions that were written by changing another one."""

_CLASSES: Final = 200


def independent() -> list[Code]:
    """Return the code of the solutions that were written independently."""
    files = discover([TESTS / "wheats", TESTS / "guided" / "wheats"])
    return [code for code in read_all(files) if code.id not in DERIVED]


def copy_of(code: Code, name: str, seed: int) -> Code:
    """Return the code of a disguised copy of a solution, as a notebook if the solution is one, else as a `.py`."""
    cells = disguise(_cells(code), name, random.Random(f"{code.id} {name} {seed}"))
    notebook = code.pieces[0].cell is not None
    path = Path("copy.ipynb" if notebook else "copy.py")
    text = notebook_of(cells) if notebook else cells[0]
    made = code_of(SubmissionBytes(SubmissionFile(f"copy of {code.id}", path), text.encode()))
    assert not made.problem, made.problem
    return made


def _cells(code: Code) -> list[str]:
    """Return the cells of a solution as plain Python, by cutting its program where its cells end."""
    lines = code.program.split("\n")
    ends = (
        list(itertools.accumulate(cell.count("\n") + 1 for cell in code.cells)) if len(code.cells) > 1 else [len(lines)]
    )
    return ["\n".join(lines[first:last]) for first, last in zip([0, *ends], ends, strict=False)]


def notebook_of(cells: Iterable[str]) -> str:
    """Return a notebook with the given code cells as JSON."""
    made = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def judged(comparison: Comparison, copied: Iterable[str]) -> tuple[int, int, float, float]:
    """Judge the comparison of a class with copies.

    Returns:
        The number of copies that are flagged, the number of other pairs that are flagged, the lowest score of a copy,
        and the highest score of another pair.
    """
    sources = set(copied)
    found = wrong = 0
    lowest, highest = 1.0, 0.0
    for pair in comparison.pairs:
        if {pair.first, pair.second} in [{source, f"copy of {source}"} for source in sources]:
            found += pair.flagged
            lowest = min(lowest, pair.score)
        else:
            wrong += pair.flagged
            highest = max(highest, pair.score)
    return found, wrong, lowest, highest


def measure(codes: Sequence[Code], size: int, copies: int) -> None:
    """Print precision and recall for each disguise.

    Args:
        codes: The independent solutions, each of which is copied once.
        size: The number of submissions in a class.
        copies: The number of copies in a class.
    """
    taught = starters()
    print("disguise     class  copies  found  wrong  precision  recall  95 % interval  lowest copy  highest other")
    for name in (*DISGUISES, "all", *FURTHER):
        chance = random.Random(f"{name} {size}")
        shuffled = chance.sample(codes, len(codes))
        found = wrong = 0
        lowest, highest = 1.0, 0.0
        for start in range(0, len(shuffled), copies):
            sources = shuffled[start : start + copies]
            others = chance.sample([code for code in codes if code not in sources], size - 2 * len(sources))
            copied = [copy_of(code, name, start) for code in sources]
            result = judged(compare([*sources, *others, *copied], taught), [code.id for code in sources])
            found, wrong = found + result[0], wrong + result[1]
            lowest, highest = min(lowest, result[2]), max(highest, result[3])
        interval = binomtest(found, len(codes)).proportion_ci(method="wilson")
        print(
            f"{name:12}{size:6}{len(codes):8}{found:7}{wrong:7}{found / max(found + wrong, 1):11.2f}"
            f"{found / len(codes):8.2f}  {interval.low:.3f} to {interval.high:.3f}{lowest:13.2f}{highest:15.2f}",
            flush=True,
        )


def alone(codes: Sequence[Code], size: int) -> None:
    """Print how many pairs are flagged in classes without any copy, and the highest score."""
    taught = starters()
    flags, highest = 0, 0.0
    for seed in range(_CLASSES):
        found = compare(random.Random(f"alone {seed} {size}").sample(codes, size), taught)
        flags += len(found.flagged)
        highest = max(highest, found.pairs[0].score)
    print(f"{_CLASSES} classes of {size} without a copy: {flags} flagged, the highest pair {highest:.2f}", flush=True)


def speed(count: int) -> None:
    """Print how long comparing a class of `count` notebooks takes, from reading the files to the pairs."""
    codes = [code for code in independent() if code.pieces[0].cell is not None]
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            code = codes[number % len(codes)]
            cells = disguise(_cells(code), "all", random.Random(number))
            (Path(folder) / f"student{number:04}.ipynb").write_text(notebook_of(cells))
        began, processor = time.monotonic(), sum(os.times()[:4])
        comparison = compare(list(read_all(discover([folder]))), starters())
        used = sum(os.times()[:4]) - processor
    print(f"{len(comparison.compared)} notebooks: {time.monotonic() - began:.1f} s, {used:.1f} s of one core")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speed", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.speed:
        speed(chosen.speed)
        return
    codes = independent()
    whole = compare(codes, starters())
    print(f"{len(codes)} independent solutions, {len(whole.pairs)} pairs that share anything; the highest:")
    for pair in whole.pairs[:5]:
        print(f"  {pair.score:.2f}  {pair.shared:4} parts  {pair.first}, {pair.second}")
    for size in (40, 20, 10, 6):
        alone(codes, size)
    measure(codes, 40, copies=4)
    measure(codes, 6, copies=1)


if __name__ == "__main__":
    main()
