"""Measure whether comparisons find a known slowdown, with the reference beside a slower copy of itself.

    python -m benchmarks.slowing OUT.json --factor 1.05 --rounds 14     measure and keep rounds
    python -m benchmarks.slowing OUT.json --busy                         beside a program that fills a core on and off
    python -m benchmarks.slowing --compare RECORD.json ...               compare recorded rounds

After each step, the slower copy keeps the processor busy for a share of the processor time that the step has taken.
The first of the records to compare must have factor 1; `records/turns-*.json` are those of docs/speed.md.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import math
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from benchmarks.comparing import measured
from grader.course import Course
from grader.course.datasets import load_dataset
from grader.ground.machine import spare_cores
from grader.sandbox.host.launch import best_level
from grader.sandbox.host.session import Sandbox
from grader.speed.measuring import Pairs
from grader.speed.records import Round
from grader.speed.statistics import compare, log_ratio
from grader.submissions import Submission, SubmissionFile, read_submission
from grader.submissions.reference import write_reference

_LONGEST_SPELL: Final = 8.0

WINDOW: Final = 6
"""The number of rounds in a measurement with the default budget."""

_CALLBACK: Final = """
class Slower(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        self.began = time.process_time()

    def on_train_batch_end(self, batch, logs=None):
        now = time.process_time()
        until = now + {share} * (now - self.began)
        while time.process_time() < until:
            pass


def train("""
_KEEP: Final = "    keep_best = keras.callbacks.ModelCheckpoint("


class Recording(msgspec.Struct):
    """Rounds of a training that is slower than the reference by a known factor.

    Attributes:
        factor: How many times as long the training takes.
        rounds: The rounds of the slower training.
        reference: The reference's rounds beside them.
    """

    factor: float
    rounds: list[Round]
    reference: list[Round]

    @property
    def logs(self) -> list[float]:
        """The logarithm of each round's ratio to the reference."""
        pairs = zip(self.rounds, self.reference, strict=True)
        return [found for mine, other in pairs if (found := log_ratio(mine, other)) is not None]


def reference(folder: Path, factor: float = 1.0) -> Submission:
    """Return the reference as a submission, made slower by a factor."""
    path = folder / f"slower-{factor}.py"
    write_reference(path)
    text = path.read_text(encoding="utf-8")
    if factor > 1:
        assert _KEEP in text, "the reference has changed"
        text = text.replace(_KEEP, f"    callbacks = [*callbacks, Slower()]\n{_KEEP}")
        text = text.replace("def train(", "import time\n\n" + _CALLBACK.format(share=factor - 1).lstrip(), 1)
    path.write_text(text, encoding="utf-8")
    return read_submission(SubmissionFile(path.stem, path))


def fill_a_core() -> None:
    """Compute and pause by turns, each for a random time of up to 8 s, on whichever core the system chooses."""
    random = np.random.default_rng(0)
    while True:
        until = time.monotonic() + random.uniform(0, _LONGEST_SPELL)
        while time.monotonic() < until:
            sum(range(10_000))
        time.sleep(random.uniform(0, _LONGEST_SPELL))


@contextlib.contextmanager
def busy_beside() -> Iterator[None]:
    """Run `fill_a_core` in a process of its own for the length of a `with` block."""
    process = multiprocessing.get_context("spawn").Process(target=fill_a_core, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def record(out: Path, factor: float, rounds: int) -> None:
    """Measure rounds in turns, writing all of them to the file after each."""
    course, dataset = Course(dataset="shapes"), load_dataset("shapes")
    threads = course.speed.threads
    kept = Recording(factor, [], [])
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox.start(best_level(), threads=threads, pinned=True) as sandbox,
        sandbox.second(spare_cores(threads)) as second,
    ):
        solution = reference(Path(folder), factor)
        pairs = Pairs(sandbox, solution, reference(Path(folder)), course, dataset, second=second)
        for _ in range(rounds):
            pairs.before()
            pairs.timed()
            pairs.after()
            kept.rounds, kept.reference = pairs.rounds, pairs.reference_rounds
            out.write_bytes(msgspec.json.encode(kept))
            print(f"{len(kept.logs):3} {kept.logs[-1]:+.4f}", flush=True)


def found(flat: Recording, other: Recording) -> tuple[int, float]:
    """Return how many pairs of measurements were compared, and the share in which a change was reported.

    Args:
        flat: The rounds of the unchanged reference.
        other: The rounds of a slower one, to compare all pairs; or `flat` itself, to compare pairs that do not overlap.

    Raises:
        ValueError: If there are too few rounds.
    """
    sides = [
        [pairs[at : at + WINDOW] for at in range(len(pairs) - WINDOW + 1)]
        for pairs in (list(zip(each.rounds, each.reference, strict=True)) for each in (flat, other))
    ]
    wanted = {"slower", "faster"} if other is flat else {"slower"}
    pairs = [
        (one, two)
        for (i, one), (j, two) in itertools.product(*(list(enumerate(side)) for side in sides))
        if other is not flat or j - i >= WINDOW
    ]
    if not pairs:
        raise ValueError(f"{len(other.rounds)} rounds are too few to compare measurements of {WINDOW} each")
    said = [compare(measured(one), measured(two)).verdict in wanted for one, two in pairs]
    return len(said), statistics.fmean(said)


def main() -> None:
    """Run the command line: measure rounds, or compare records."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--factor", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--compare", action="store_true")
    given = parser.parse_args()
    if not given.compare:
        with busy_beside() if given.busy else contextlib.nullcontext():
            record(given.files[0], given.factor, given.rounds)
        return
    flat, *others = (msgspec.json.decode(path.read_bytes(), type=Recording) for path in given.files)
    print("factor  rounds  ratio found  sd of a round  comparisons  told as changed")
    for each in (flat, *others):
        logs = each.logs
        count, share = found(flat, each)
        ratio, spread = math.exp(statistics.median(logs)), statistics.stdev(logs)
        print(f"{each.factor:6}{len(logs):8}{ratio:13.3f}{spread:15.1%}{count:13}{share:17.1%}")


if __name__ == "__main__":
    main()
