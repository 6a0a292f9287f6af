"""Task 5, in a course that asks for more than the contract: the default patience of `train`."""

from __future__ import annotations

from typing import Final

from grader.checks.common.context import Context
from grader.checks.common.verdict import CheckFailed, check, count_of
from grader.checks.functions.task5.cases import ScriptCase
from grader.checks.functions.task5.evidence import Trainings
from grader.checks.functions.task5.oracles import expected_epochs

_MORE: Final = 4


@check("train/default-patience")
def test_default_patience(context: Context, trainings: Trainings) -> None:
    patience = context.course.requirements.patience or 1
    case = ScriptCase((5, 3), patience, patience + _MORE, default_patience=True)
    training = trainings.well_validated(case)
    expected = expected_epochs(case)
    if training.epochs != expected:
        raise CheckFailed(
            f"Where the first epoch is the best and `train` is not given `patience`, it should train "
            f"{count_of(expected, 'epoch')}, but it trained {training.epochs}.",
            hint=f"Let the header say patience={patience}, and give EarlyStopping that parameter.",
            example=training.example,
        )
