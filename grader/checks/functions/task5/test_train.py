"""Task 5: `train`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from grader.checks.common.properties import for_all
from grader.checks.common.verdict import CheckFailed, NotRun, check, count_of
from grader.checks.functions.task5.cases import (
    RISES_AND_FALLS,
    SCRIPT_CLASSES,
    STOPS_EARLY,
    WITH_CALLBACKS,
    ScriptCase,
    script_cases,
)
from grader.checks.functions.task5.changed import how_changed
from grader.checks.functions.task5.evidence import (
    OF_THE_VALIDATION_SET,
    Training,
    Trainings,
    follows_script,
    learned_labels,
    require_training,
)
from grader.checks.functions.task5.oracles import (
    LARGE_TRAINING,
    LARGE_VALIDATION,
    SCRIPT_BATCH,
    WITNESS_BATCH,
    WITNESS_EPOCHS,
    WITNESS_IMAGES,
    expected_epochs,
    patterned_images,
    script_accuracy,
)
from grader.checks.functions.task5.watching import keeps_as_if, stops_as_if

Array = np.ndarray[Any, Any]
_EXAMPLES = 2
_SHRINKS = 16
_WITHOUT_END = 100


@check("train/fits-the-given-model")
def test_fits_the_given_model(trainings: Trainings) -> None:
    if not trainings.witnessed().moved:
        raise CheckFailed(
            "`train` should train the model it is given, but that model's weights did not change.",
            hint="Call fit on the parameter `model` itself, not on a new or copied model.",
        )


@check("train/training-set-only")
def test_training_set_only(trainings: Trainings, trainings_of_many: Trainings) -> None:
    training = trainings.witnessed()
    require_training(training)
    learned = learned_labels(training)
    if learned == OF_THE_VALIDATION_SET:
        raise CheckFailed(
            "`train` should train on x_train and y_train, but it trained on the validation set.",
            hint="The first two arguments of fit are x_train and y_train; x_val and y_val go into validation_data.",
        )
    if learned != [0, 1, 2]:
        raise CheckFailed(
            "`train` should train each image with its own label, but the model learned others.",
            hint="Keep x_train and y_train in the order they come in, or shuffle both with one index array.",
        )
    if training.refused == "labels" and training.error is not None:
        raise training.error
    if wrong_number_of_images(training):
        number = wrong_number_of_images(trainings.witnessed(validated=True))
        if not number:
            return  # a part of x_train was split off for validation, which another check is about
        raise CheckFailed(
            f"In one epoch `train` should train on the {WITNESS_IMAGES} images of x_train, each once, but it trained "
            f"on {number:g}.",
            hint="Pass all of x_train, nothing else, on to fit.",
            example=training.example,
        )
    large = of_many(trainings, trainings_of_many)
    if large is not None and large.counts["epochs"] and 0 < large.counts["images"] < LARGE_TRAINING:
        raise CheckFailed(
            f"x_train has {LARGE_TRAINING:,} images, but in one epoch `train` trained on {large.counts['images']:,}.",
            hint="Pass all of x_train on to fit, however many images it has.",
            example=large.example,
        )


def wrong_number_of_images(training: Training) -> float:
    """Return how many images an epoch the witness was trained on, if they were too few or too many; otherwise 0.

    The images that reached the network show if there were too few.  More may be sound, if a loop measures the training
    accuracy or takes two gradients for a step; then the steps of the optimizer decide.  Another check is about the
    number of epochs.
    """
    counts = training.counts
    epochs = epochs_of(training) or WITNESS_EPOCHS
    images = counts["images"] / epochs
    known = [count for count in (images, counts["steps"] / epochs * WITNESS_BATCH) if count]
    # The last batch is half a batch of images.  It may be left out, or be filled up with images of the next epoch.
    fewest, most = WITNESS_IMAGES - 1.5 * WITNESS_BATCH, WITNESS_IMAGES + WITNESS_BATCH
    if 0 < images <= fewest or (known and not any(fewest < count < most for count in known)):
        return known[0]
    return 0


def epochs_of(training: Training) -> int:
    """Return how many epochs the witness was trained, as `fit` or else the curves say; 0 if neither does."""
    return training.counts["epochs"] or len(next(iter(training.curves.values()), ()))


def of_many(trainings: Trainings, trainings_of_many: Trainings) -> Training | None:
    """Return a training with very many images; `None` if epochs or batch_size is ignored, as it would take long."""
    counts = trainings.witnessed().counts
    honoured = counts["largest"] == WITNESS_BATCH and counts["epochs"] == WITNESS_EPOCHS
    return trainings_of_many.large() if honoured else None


@check("train/validates")
def test_validates(trainings: Trainings, trainings_of_many: Trainings) -> None:
    sets_swapped = learned_labels(trainings.witnessed()) == OF_THE_VALIDATION_SET  # another check is about that
    for case in (RISES_AND_FALLS, STOPS_EARLY):
        require_validation(trainings.scripted(case), case, sets_swapped=sets_swapped)
    large = of_many(trainings, trainings_of_many)
    if large is not None and not sets_swapped and 0 < large.counts["validated"] < LARGE_VALIDATION:
        raise CheckFailed(
            f"x_val has {LARGE_VALIDATION:,} images, but `train` validated on {large.counts['validated']:,}.",
            hint="Give fit validation_data=(x_val, y_val), however many images it has.",
            example=large.example,
        )
    if learned_labels(trainings.witnessed()) != [0, 1, 2]:
        return  # losses also depend on the labels, which another check is about
    training, seen = trainings.frozen()
    losses = training.curves
    if not losses.get("loss") or not losses.get("val_loss"):
        if not training.returned["history"]:
            return  # another check is about that
        raise CheckFailed(
            "The History should have loss and val_loss, but one of them is missing.", hint="Return what fit returns."
        )
    trained, validated = losses["loss"][0], losses["val_loss"][0]
    if not abs(trained - validated) <= 0.25 * max(trained, validated) + 0.05:
        if factor := _factor_between(trained, validated):
            which = "training" if trained < validated else "validation"
            raise CheckFailed(
                "With the same images and labels for training and validation, loss and val_loss should agree, but one "
                f"is {factor} times the other: the labels of the {which} images are divided by {factor}.",
                hint="Scale images alone: labels are one-hot rows of 0 and 1.",
            )
        raise CheckFailed(
            f"With the same images for training and validation, and a model that cannot change, loss and val_loss "
            f"should agree, but they are {trained:.2f} and {validated:.2f}: the validation images are scaled "
            "differently from the training images.",
            hint="Scale both the same way, or leave scaling to the model.",
        )
    changed = how_changed(patterned_images(trainings.shape)[0], seen["training"], seen["validation"])
    if changed:
        raise CheckFailed(
            f"With the same images for training and validation the model should see the same, but the validation "
            f"images are {changed}, and the training images are not.",
            hint="Do to x_val what is done to x_train, augmentation left out.",
        )


def _factor_between(one: float, other: float) -> int:
    """Return the usual scale factor by which two losses differ, as they do if labels are scaled; 0 if there is none."""
    small, large = sorted((one, other))
    return next((factor for factor in (255, 256, 128, 127) if abs(large - factor * small) <= 0.003 * large), 0)


def require_validation(training: Training, case: ScriptCase, *, sets_swapped: bool = False) -> None:
    """Raise `CheckFailed` if the validation accuracy is not that of the script."""
    curves = training.curves
    if not curves:
        raise NotRun("`train` did not return the History.")
    if "val_accuracy" not in curves:
        raise CheckFailed(
            f"The History should have val_accuracy, but it has {', '.join(curves) or 'nothing'}.",
            hint="Give fit validation_data=(x_val, y_val).",
        )
    wanted = script_accuracy(case)
    actual = curves["val_accuracy"]
    of_training_set = [(SCRIPT_CLASSES + 1) / SCRIPT_BATCH - value for value in wanted]
    if sets_swapped and all(abs(a - b) <= 0.5 / SCRIPT_BATCH for a, b in zip(actual, of_training_set, strict=False)):
        return
    if not follows_script(actual, case):
        raise CheckFailed(
            f"The model's accuracy on x_val and y_val is {_numbers(wanted[: len(actual)])}, epoch by epoch, but the "
            f"History has val_accuracy {_numbers(actual)}.",
            hint="Give fit validation_data=(x_val, y_val), unchanged and complete.",
        )


@check("train/epochs-and-batch-size")
def test_epochs_and_batch_size(trainings: Trainings) -> None:
    training = trainings.witnessed()
    require_training(training)
    counts = training.counts
    trained = epochs_of(training)
    if trained and trained != WITNESS_EPOCHS:
        raise CheckFailed(
            f"With epochs={WITNESS_EPOCHS} `train` should train {count_of(WITNESS_EPOCHS, 'epoch')}, but it trained "
            f"{trained}.",
            hint="Pass the parameter epochs on to fit, which is called once.",
        )
    expected = math.ceil(WITNESS_IMAGES / WITNESS_BATCH) * WITNESS_EPOCHS
    # A step may consist of several batches, or a batch of several steps, so it is enough if one of the counts is right.
    # It is also enough if `fit` trained for that many epochs with batches of that size, since another check is about
    # the images.
    known = [count for count in (counts["steps"], counts["batches"]) if count]
    of_that_size = counts["epochs"] == WITNESS_EPOCHS and counts["largest"] == WITNESS_BATCH
    if known and not of_that_size and not any(abs(count - expected) <= WITNESS_EPOCHS for count in known):
        raise CheckFailed(
            f"{WITNESS_IMAGES} images with batch_size={WITNESS_BATCH} and epochs={WITNESS_EPOCHS} make "
            f"{expected} steps, but `train` made {known[0]}.",
            hint="Pass the parameters batch_size and epochs on to fit, which is called once.",
        )


@check("train/early-stopping")
@for_all(script_cases(), examples=_EXAMPLES, shrinks=_SHRINKS)
def test_early_stopping(trainings: Trainings, case: ScriptCase) -> None:
    cases = (STOPS_EARLY, RISES_AND_FALLS, case)
    for each in cases:
        expected = expected_epochs(each)
        training = trainings.well_validated(each)
        # Another check is about the number of epochs.
        beyond = expected_epochs(each, most=_WITHOUT_END) if expected == each.epochs else expected
        if not expected <= (training.epochs or 0) <= beyond:
            accuracy = script_accuracy(each)
            seen = [
                accuracy[min(epoch, len(accuracy) - 1)]
                for epoch in range(min(max(expected, training.epochs or 0), each.epochs))
            ]
            why = (
                f"since the best came {count_of(each.patience, 'epoch')} before"
                if expected < each.epochs
                else f"as epochs={each.epochs} says, since a better one always came within patience"
            )
            raise CheckFailed(
                f"val_accuracy is {_numbers(seen)}, epoch by epoch. With patience={each.patience} `train` should train "
                f"{count_of(expected, 'epoch')}, {why}, but it trained {training.epochs}"
                f"{stops_as_if([(other, trainings.well_validated(other)) for other in cases])}.",
                hint='EarlyStopping needs monitor="val_accuracy", the right mode, and patience as given. Make it '
                "anew in each call.",
                example=training.example,
            )


@check("train/checkpoint-best-epoch")
@for_all(script_cases(), examples=_EXAMPLES, shrinks=_SHRINKS)
def test_checkpoint_best_epoch(trainings: Trainings, case: ScriptCase) -> None:
    cases = (STOPS_EARLY, RISES_AND_FALLS, case)
    for each in cases:
        training = trainings.well_validated(each)
        trained = each.ranks[: training.epochs]
        kept = _rank_kept(trainings, training)
        if kept != max(trained):
            accuracy = script_accuracy(ScriptCase((kept, max(trained)), 1, 1))
            raise CheckFailed(
                f"val_accuracy is {_numbers(script_accuracy(each)[: training.epochs])}, epoch by epoch. The checkpoint "
                f"should hold the epoch with {accuracy[1]:.2f}, but it holds one with {accuracy[0]:.2f}"
                f"{_keeps_as_if(trainings, cases)}.",
                hint=_HINT,
                example=training.example,
            )


def _rank_kept(trainings: Trainings, training: Training) -> int:
    """Return the rank of the epoch whose weights were saved."""
    bias = [np.zeros(0), *trainings.best_weights(training)][-1]
    if bias.shape != (SCRIPT_CLASSES,) or not np.any(bias):
        raise CheckFailed("The checkpoint should hold the trained model, but it holds another.", hint=_HINT)
    return int(np.argmax(bias)) + 1


def _keeps_as_if(trainings: Trainings, cases: Sequence[ScriptCase]) -> str:
    judged = [(case, trainings.well_validated(case)) for case in cases]
    try:
        return keeps_as_if(judged, [_rank_kept(trainings, training) for _, training in judged])
    except CheckFailed:
        return ""


_HINT = 'ModelCheckpoint needs monitor="val_accuracy", the right mode, and save_best_only=True.'


@check("train/checkpoint-whole-model")
def test_checkpoint_whole_model(trainings: Trainings) -> None:
    trainings.checkpoint_weights(trainings.scripted(RISES_AND_FALLS))


@check("train/extra-callbacks")
def test_extra_callbacks(trainings: Trainings) -> None:
    for case in (WITH_CALLBACKS, STOPS_EARLY):
        refused = trainings.scripted(case)
        if refused.refused == "callbacks" and refused.error is not None:
            raise refused.error
    training, without = trainings.scripted(WITH_CALLBACKS), trainings.scripted(STOPS_EARLY)
    if any(counted != training.epochs for counted in training.counted):
        raise CheckFailed(
            f"Each callback given to `train` should see all {training.epochs} epochs end, but of two they saw "
            f"{training.counted[0]} and {training.counted[1]}.",
            hint="Pass the parameter callbacks on to fit, along with your own.",
        )
    if training.epochs != without.epochs or (training.checkpoint is None) != (without.checkpoint is None):
        raise CheckFailed(
            f"With further callbacks `train` should train as without, but it trained "
            f"{count_of(training.epochs or 0, 'epoch')} instead of {without.epochs}"
            f"{' and saved no checkpoint' if training.checkpoint is None else ''}.",
            hint="Run the callbacks that are given along with your own, not in their place.",
            example=training.example,
        )


@check("train/returns-history")
def test_returns_history(trainings: Trainings) -> None:
    training = trainings.scripted(RISES_AND_FALLS)
    curves = require_history(training)
    lengths = {len(values) for values in curves.values()}
    if "accuracy" not in curves or lengths != {training.epochs} or not training.returned["of_model"]:
        raise CheckFailed(
            f"`train` should return the History of the training, with one value for each of the {training.epochs} "
            "epochs, but it returned another.",
            hint="Return what model.fit returns.",
        )
    for name in sorted(set(curves) & set(training.curves)):
        if len(training.curves[name]) == training.epochs and not np.allclose(
            curves[name], training.curves[name], atol=1e-3, equal_nan=True
        ):
            raise CheckFailed(
                f"In the training {name} was {_numbers(training.curves[name])}, epoch by epoch, but the History that "
                f"`train` returned has {_numbers(curves[name])}.",
                hint="Return what model.fit returns, unchanged.",
            )


def require_history(training: Training) -> dict[str, list[float]]:
    """Return the curves of the History that `train` returned.

    Raises:
        CheckFailed: If it returned something else.
    """
    if not training.returned["history"]:
        kind = training.returned["kind"]
        what = "None" if kind == "NoneType" else f"a {kind}"
        raise CheckFailed(
            f"`train` should return the History of the training, but it returned {what}.",
            hint="Return what model.fit returns.",
        )
    return training.returned["curves"]


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
