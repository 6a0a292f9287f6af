"""Grade one class in several ways, and compare time, memory, what is left behind, and whether the results agree.

`python -m benchmarks.batches FOLDER --ways 1 2 local:2` grades the class that `benchmarks.classes` wrote: one
submission after another, two at once, and on a Dask cluster of two workers.  `--options` are passed to `grader grade`.
The default is the profile quick in the order of names, so that the first submissions are not cheaper than the last.

To grade a class with attackers for an hour, on a machine that does nothing else:

    python -m benchmarks.classes /tmp/class --count 1000
    python -m benchmarks.batches /tmp/class --ways 2
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
import psutil

from grader.gradebook.store import Gradebook
from grader.results.scoring import Result

_SAMPLE_SECONDS: Final = 5.0  # each sample of the memory takes a tenth of a second of one core
_END_SECONDS: Final = 5.0


class Batch(msgspec.Struct, frozen=True):
    """The figures of grading a class in one way.

    Attributes:
        way: A number of jobs, or a cluster.
        seconds: The wall time, including the start of everything.
        memory: The peak memory of all processes together in MiB, for each tenth of the time.
        results: The results by submission, without times.
        costs: The seconds of each grading, in the order in which they ended.
        left: The processes and temporary files that were left behind.
    """

    way: str
    seconds: float
    memory: tuple[int, ...]
    results: dict[str, Result]
    costs: tuple[float, ...]
    left: tuple[str, ...]


def grade_class(folder: Path, way: str, options: list[str]) -> Batch:
    """Grade a class with `grader grade`, and watch its processes."""
    with tempfile.TemporaryDirectory() as own:
        temporary = Path(own) / "tmp"
        temporary.mkdir()
        command = [sys.executable, "-m", "grader", "grade", str(folder.absolute()), *options]
        command += ["--jobs", way] if way.isdecimal() else ["--cluster", way]
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=own, stdout=subprocess.DEVNULL, env=os.environ | {"TMPDIR": str(temporary)}
        )
        samples, seen = [], set[psutil.Process]()
        watched = psutil.Process(process.pid)
        while process.returncode is None:
            running = {watched, *watched.children(recursive=True)}
            seen.update(running)
            samples.append(_memory(running))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_SAMPLE_SECONDS)
        seconds = time.monotonic() - began
        left = [f"process {one.pid}" for one in psutil.wait_procs(seen, timeout=_END_SECONDS)[1]]
        left += [path.name for path in temporary.iterdir() if path.suffix != ".lock"]
        with Gradebook.open(Path(own) / "gradebook.db", must_exist=True) as book:
            attempts = sorted((entry.attempt for entry in book.entries()), key=lambda attempt: attempt.number)
            doubled = [entry.attempt.result.submission.id for entry in book.entries() if entry.attempts != 1]
    if doubled:
        raise SystemExit(f"{way}: graded more than once: {', '.join(doubled)}")
    tenth = max(1, len(samples) // 10)
    return Batch(
        way,
        seconds,
        tuple(max(samples[start : start + tenth]) for start in range(0, len(samples), tenth)),
        {attempt.result.submission.id: without_times(attempt.result) for attempt in attempts},
        tuple(attempt.result.seconds for attempt in attempts),
        tuple(left),
    )


def without_times(result: Result) -> Result:
    """Return a result without its times, so that it must be the same each time."""
    checks = tuple(msgspec.structs.replace(check, seconds=0.0) for check in result.checks)
    return msgspec.structs.replace(result, seconds=0.0, checks=checks)


def _memory(processes: Iterable[psutil.Process]) -> int:
    """Return the memory of processes in MiB, with shared memory divided among those that share it (PSS)."""
    total = 0
    for process in processes:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total >> 20


def show(batches: list[Batch]) -> None:
    """Print the comparison."""
    first = batches[0]
    for batch in batches:
        count = len(batch.results)
        part = max(1, count // 10)
        early, late = statistics.fmean(batch.costs[:part]), statistics.fmean(batch.costs[-part:])
        same = sum(batch.results[name] == result for name, result in first.results.items() if name in batch.results)
        print(
            f"{batch.way:>10}  {count} in {batch.seconds:.0f} s, {3600 * count / batch.seconds:.0f} an hour, "
            f"{first.seconds / batch.seconds:.2f} times as fast; the first {part} took {early:.2f} s each, "
            f"the last {late:.2f} s; MiB by tenths {', '.join(map(str, batch.memory))}; "
            f"{same} of {len(first.results)} results as in the first way; "
            f"left behind: {', '.join(batch.left) or 'nothing'}"
        )
        for name, result in first.results.items():
            if batch.results.get(name) != result:
                print(f"            differs: {name}")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ways", nargs="+", default=["1", "2", "local:2"])
    parser.add_argument("--options", default="--profile quick --order name", help="for grader grade")
    chosen = parser.parse_args()
    batches = []
    for way in chosen.ways:
        batches.append(grade_class(chosen.folder, way, shlex.split(chosen.options)))
        show([batches[0], batches[-1]] if len(batches) > 1 else batches)


if __name__ == "__main__":
    main()
