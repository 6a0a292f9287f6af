"""Tell where the time of a `quick` grading goes, check by check.

    python -m benchmarks.costs                 a sample and a guided program of the corpus
    python -m benchmarks.costs FILE...         other files, of either form

Each file is graded a few times by itself on one core.  A check's time is the median over these gradings; it includes
what the check is the first to need, such as a training that later checks look at, too.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader.course import Course, Settings
from grader.grading.slots import Slot
from grader.sandbox.host.launch import best_level
from grader.submissions import SubmissionFile

_ROOT = Path(__file__).parent.parent
FILES = (_ROOT / "submissions" / "complete-divides.py", _ROOT / "tests" / "guided" / "wheats" / "p10_flat_script.py")
_GRADINGS = 3
_LEAST_SHARE = 0.02
"""Checks that take less of the time are counted together."""


def measure(path: Path, console: Console) -> None:
    """Grade a file a few times and print what each check took."""
    seconds: dict[str, list[float]] = {}
    processor: list[float] = []
    workers: list[int] = []
    with Slot(Settings(Course(), "quick", frozenset(), best_level())) as slot:
        for _ in range(1 + _GRADINGS):  # the first one also starts the sandbox
            ended = set(slot.sandbox.exits) if slot.sandbox is not None else set[int]()
            result = slot.grade(SubmissionFile(path.stem, path)).result
            assert slot.sandbox is not None
            exits = [exited for number, exited in slot.sandbox.exits.items() if number not in ended]
            processor.append(sum(exited.cpu_seconds for exited in exits))
            workers.append(len(exits))
            for check in result.checks:
                seconds.setdefault(check.id, []).append(check.seconds)
    medians = {name: statistics.median(values[1:]) for name, values in seconds.items()}
    whole = sum(medians.values())
    table = Table("check", "s", "share", title=f"{path.name}: {result.score:g} of {result.max_score:g}")
    rest = 0.0
    for name, took in sorted(medians.items(), key=lambda item: -item[1]):
        if took < _LEAST_SHARE * whole:
            rest += took
        else:
            table.add_row(name, f"{took:.2f}", f"{took / whole:.0%}")
    table.add_row("all others", f"{rest:.2f}", f"{rest / whole:.0%}")
    console.print(table)
    console.print(
        f"{whole:.1f} s in checks; {statistics.median(processor[1:]):.1f} s of processor time in "
        f"{statistics.median(workers[1:]):g} workers"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=FILES)
    console = Console(width=100)
    for path in parser.parse_args(arguments).files:
        measure(path, console)


if __name__ == "__main__":
    main()
