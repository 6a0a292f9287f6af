"""Invented measurements of training speed, for tests of what is done with measurements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grader.speed.records import Budget, Epoch, Machine, Measurement, Round, Status
from tests.results import NOON

BUDGET: Final = Budget("cifar10", 3200, 800, 16, 4)
MACHINE: Final = Machine(
    "AMD EPYC 7B13", 2, 2, "", "tensorflow", {"keras": "3.15.0", "numpy": "2.3.0", "python": "3.11.9"}, "namespaces"
)


def rounds(seconds: Sequence[float], *, accuracy: float = 0.8) -> tuple[Round, ...]:
    """Return a round for each number of seconds, which each of its epochs takes; the first takes twice as long."""
    return tuple(
        Round(
            seed,
            cold_seconds=4 * each,
            call_seconds=6 * each,
            epochs=tuple(
                Epoch(each * factor, each / 10, each / 100, 200, accuracy * (1 - 0.4 / epoch))
                for epoch, factor in enumerate((2, 1, 1, 1), 1)
            ),
            accuracy=accuracy,
            moved=True,
            host_mb=900.0,
        )
        for seed, each in enumerate(seconds)
    )


def measurement(
    name: str = "ada",
    seconds: Sequence[float] = (),
    reference: Sequence[float] = (),
    *,
    device: str = "cpu",
    machine: Machine = MACHINE,
    at: str = NOON,
    status: Status = "measured",
    accuracy: float = 0.8,
    sha256: str = "0" * 64,
) -> Measurement:
    """Return a measurement with a round for each number of seconds, and rounds of the reference beside them."""
    problem = "" if status == "measured" else "It did not come to an end."
    mine, others = rounds(seconds, accuracy=accuracy), rounds(reference)
    return Measurement(name, sha256, device, machine, BUDGET, status, problem, mine, others, 3.0, at)
