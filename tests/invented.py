"""An invented class for tests of the pages, with records as a grading makes them; every call gives the same class."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from grader.assignment import contract
from grader.course import Course
from grader.gradebook.records import Adjustment, Attempt, Entry, Timing
from grader.reports.site import StudentPage
from grader.results.artefacts import Artefact, Artefacts, Confusion, Example, Excerpt, Measured, png_of
from grader.results.scoring import CheckStatus, Outcome, make_result
from grader.submissions import Submission
from tests.measurements import MACHINE, measurement

NAMES: Final = (
    *("ada", "alan", "alonzo", "annie", "barbara", "blaise", "carl", "charles", "claude", "donald", "edsger", "emmy"),
    *("evelyn", "frances", "george", "grace", "hedy", "henrietta", "hypatia", "joan", "john", "julia", "karen"),
    *("katherine", "kurt", "leonhard", "lise", "margaret", "mary", "maryam", "niklaus", "radia", "shafi", "sofia"),
)
_MESSAGES: Final[dict[CheckStatus, str]] = {
    "failed": "Each row should be probabilities that sum to 1, but one is [0.9, 0.9, 0.2].",
    "error": "ValueError: shapes (3, 1) and (3,) do not fit (line 41: return x[mask], y[mask])",
    "timeout": "The code did not finish within 60 seconds.",
    "not_run": "Not run: `train` did not work.",
}
_MISSED: Final = tuple(_MESSAGES)
_EXAMPLE: Final = 'x = np.ones((4, 32, 32, 3), "uint8")\npredict(model, x)  # rows that sum to 1\n'
_CLASSES: Final = ("airplane", "automobile", "bird")


def invented_class(count: int, *, profile: str = "standard") -> list[StudentPage]:
    """Return the pages of a class of `count` students, some of them late, with points by hand, or not graded."""
    return [_student(number, profile) for number in range(count)]


def _student(number: int, profile: str) -> StudentPage:
    rng = np.random.default_rng(number)
    name = NAMES[number % len(NAMES)] + (f"-{number // len(NAMES) + 1}" if number >= len(NAMES) else "")
    skill = rng.beta(5, 1)
    checks = contract.checks_of(profile)
    outcomes = {check.id: _outcome(check, rng, skill) for check in checks}
    gathered = Artefacts()
    for check_id, outcome in outcomes.items():
        if outcome.status == "error":
            lines = ("def subset_data(x, y):", "    mask = y == 1", "    return x[mask], y[mask]")
            gathered.add_record(check_id, "place", Excerpt(None, 41, 39, lines))
    failed = number % 29 == 28
    if not failed:
        _add_pictures(gathered, rng, skill)
    submission = Submission(name, Path("submissions", f"{name}.py"), f"{number:064x}", "py")
    seconds = round(40 + 20 * rng.random(), 1)
    problem = "the disk is full" if failed else ""
    result = make_result(submission, Course(), checks, outcomes, seconds=seconds, problem=problem)
    attempts = tuple(
        Attempt(n, f"2026-03-{10 + n:02}T14:{number % 60:02}:00+00:00", "", "", "", profile, (), "namespaces", result)
        for n in range(1, 2 + number % 3)
    )
    layers = (Adjustment(1, name, "", 2.0, "A question well answered", "the tutor", "2026-03-20"),)
    adjustments = layers if number % 11 == 3 else ()
    late = 1.0 if number % 7 == 5 else 0.0
    total = None if failed else round(result.score + 2 * len(adjustments) - 5 * late, 2)
    entry = Entry(attempts[-1], len(attempts), adjustments, late, 5 * late, total)
    return StudentPage(
        entry, gathered.gathered + (() if failed else _figures()), attempts, _timings(number, submission)
    )


def _timings(number: int, submission: Submission) -> tuple[Timing, ...]:
    """Return three measurements on the CPU for two of three students; some also have one on a GPU, or a missing GPU."""
    if number % 3 == 2:
        return ()
    rng = np.random.default_rng([number, 1])
    measured = functools.partial(
        measurement, submission.id, sha256=submission.sha256, accuracy=0.6 + 0.2 * rng.random()
    )
    ratio, drift, noise = 0.8 + 1.5 * rng.random(), np.exp(rng.normal(0, 0.05, (3, 8))), rng.normal(0, 0.02, (2, 3, 8))
    mine, others = 1.8 * ratio * drift * np.exp(noise[0]), 1.8 * drift * np.exp(noise[1])
    found = [
        measured(mine[n].tolist(), others[n].tolist(), at=f"2026-03-{day}T09:00:00Z")
        for n, day in enumerate(("05", "12", "19"))
    ]
    gpu = msgspec.structs.replace(MACHINE, gpu="NVIDIA H100")
    if number % 5 == 0:
        found.append(measured((mine[0] / 15).tolist(), (others[0] / 15).tolist(), device="gpu:0", machine=gpu))
    elif number % 5 == 1:
        found.append(measured(device="gpu:0", status="no_device"))
    return tuple(Timing(place, each) for place, each in enumerate(found, 1))


def _outcome(check: contract.Check, rng: np.random.Generator, skill: float) -> Outcome:
    # The later a check comes in the contract, the harder it is to pass.
    hard = 0.35 * contract.CHECKS.index(check) / len(contract.CHECKS)
    if rng.random() < 1 - (1 - skill + 0.05) * (0.4 + hard):
        return Outcome("passed")
    status = _MISSED[rng.integers(len(_MISSED))]
    hint = "Return what the model gives." if status == "failed" else ""
    return Outcome(status, _MESSAGES[status], hint, _EXAMPLE if status in ("failed", "error") else "")


def _add_pictures(gathered: Artefacts, rng: np.random.Generator, skill: float) -> None:
    accuracy = round(float(0.55 + 0.3 * skill + 0.04 * rng.normal()), 4)
    name = "accuracy/unseen-images"
    gathered.add_record(name, "measured", Measured(accuracy, 0.74, round(45 + 12 * rng.random(), 1), 800))
    rise = [round(accuracy * share, 4) for share in (0.7, 0.85, 0.95, 1.0)]
    fall = [round(1.2 - share, 4) for share in rise]
    curves = {"accuracy": [min(1.0, share + 0.05) for share in rise], "val_accuracy": rise, "loss": fall}
    gathered.add_record(name, "curves", curves)
    right, other = round(1000 * accuracy), round(500 * (1 - accuracy))
    counts = tuple(tuple(right if i == j else other for j in range(3)) for i in range(3))
    gathered.add_record(name, "confusion", Confusion(_CLASSES, counts))
    examples = tuple(Example(_noise(i), _CLASSES[i % 3], _CLASSES[i % 3 if i > 5 else (i + 1) % 3]) for i in range(12))
    gathered.add_record(name, "examples", examples)


@functools.cache
def _noise(seed: int) -> bytes:
    return png_of(np.random.default_rng(seed).integers(0, 256, (32, 32, 3), np.uint8))


@functools.cache
def _figures() -> tuple[Artefact, ...]:
    small = np.random.default_rng(0).integers(0, 256, (40, 60, 4), np.uint8)
    pixels = np.kron(small, np.ones((6, 6, 1), np.uint8))
    gathered = Artefacts()
    for check in ("show_examples/titles-name-the-prediction", "plot_history/both-curves"):
        gathered.add_picture(check, "figure", pixels)
    return gathered.gathered
