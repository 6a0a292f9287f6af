"""Results that were never graded, and trainings never measured, for tests of what is done with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, Literal

from grader.contract import CHECKS, Check
from grader.gradebook.records import Conditions
from grader.scoring import CheckResult, Result, SubmissionInfo
from grader.speed.records import Budget, Epoch, Machine, Measurement, Round, Status

CONDITIONS: Final = Conditions("c" * 64, "", "quick", (), "namespaces", "0.1.0")
NOON: Final = "2026-06-01T12:00:00Z"
BUDGET: Final = Budget("cifar10", 3200, 800, 16, 4)
MACHINE: Final = Machine(
    "AMD EPYC 7B13", 2, 2, "", "tensorflow", {"keras": "3.15.0", "numpy": "2.3.0", "python": "3.11.9"}, "namespaces"
)


def result(
    name: str = "ada",
    *,
    failing: Collection[str] = (),
    checks: Sequence[Check] = CHECKS,
    status: Literal["graded", "infrastructure_error"] = "graded",
    sha256: str = "0" * 64,
) -> Result:
    """A result in which all checks passed but some."""
    lines = tuple(
        CheckResult(
            c.id, c.task, c.function, "failed", 0.0, c.points, "It should be 1, but it is 2.", "Look.", "f()", 0.2
        )
        if c.id in failing
        else CheckResult(c.id, c.task, c.function, "passed", c.points, c.points, seconds=0.1)
        for c in checks
    )
    problem = "the sandbox does not start" if status == "infrastructure_error" else ""
    score, worth = sum(line.points for line in lines), sum(line.max_points for line in lines)
    return Result(SubmissionInfo(name, f"class/{name}.py", sha256, "py"), status, score, worth, 1.5, lines, problem)


def rounds(seconds: Sequence[float], *, accuracy: float = 0.8) -> tuple[Round, ...]:
    """A round for each number of seconds, which is what each of its epochs takes, and the first twice that."""
    return tuple(
        Round(
            seed,
            cold_seconds=4 * each,
            call_seconds=9 * each,
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
) -> Measurement:
    """A measurement with a round for each number of seconds, and one of the reference beside each."""
    problem = "" if status == "measured" else "It did not come to an end."
    mine, others = rounds(seconds, accuracy=accuracy), rounds(reference)
    return Measurement(name, "0" * 64, device, machine, BUDGET, status, problem, mine, others, 3.0, at)
