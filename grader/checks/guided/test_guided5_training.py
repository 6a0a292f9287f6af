"""Task 5: the program fits the network on the subset, stops early, and saves the best epoch."""

from __future__ import annotations

import contextlib
import re

import numpy as np

from grader.checks.common.verdict import CheckFailed, NotRun, check, count_of
from grader.checks.guided.best_epochs import QUANTITIES, best_of_all, quantity_of
from grader.checks.guided.data import SURE, Data, Images, are_rows, scales_differ
from grader.checks.guided.network import described_network
from grader.checks.guided.notes import Callback, Note, layers_of
from grader.checks.guided.observed import Observed, Told
from grader.checks.guided.pictures import ENOUGH
from grader.checks.guided.scaling import RAW, TINY, largest_within, normalising_layers, scaled_wrongly, scaling_layers
from grader.checks.guided.script import Script

_MOST_GAIN = 0.1
"""The largest `min_delta` that can be meant for an accuracy: 0.001 to 0.01 is usual, and 1 is meant as one percent."""

_MOST_FALL = 0.5
"""The largest `min_delta` that can be meant for a loss, which begins at about 1.1 for three classes."""

_SIZES = ("filters", "units", "kernel_size", "strides", "pool_size")
"""The settings that distinguish layers of the same kind."""


def _fit(observed: Observed) -> tuple[Note, Told]:
    """Return the training that is judged.

    Raises:
        NotRun: If there is none, which the first check of this task reports.
    """
    judged = observed.fit()
    if judged is None:
        raise NotRun("fit is never called.")
    return judged


@check("training/fits")
def test_fits(observed: Observed) -> None:
    judged = observed.fit()
    if judged is None:
        steps = observed.of_kind("train_on_batch")
        what = "it is trained step by step" if steps else f"fit is never called{observed.because('fit')}"
        raise CheckFailed(
            f"The network should be trained with fit, but {what}.",
            hint="Call model.fit with the training set, validation data, and the callbacks.",
            line=steps[0].line if steps else 0,
        )
    note, told = judged
    if note.error and not note.repaired:
        raise CheckFailed(
            f"fit should train the network, but it ended in {note.error}.",
            hint="Compare the shapes of images and labels with what the network takes and gives.",
            line=note.line,
        )
    if note.repaired and not _told_elsewhere(observed, note):
        raise CheckFailed(
            f"fit should train the network on the three classes, but it ended in {note.error}.",
            hint="Compare the number of label columns with the units of the last layer.",
            line=note.line,
        )
    _require_training_set(observed, note)
    _require_network_looked_at(observed, note)
    if note.replaced:
        raise CheckFailed(
            f"fit should train the network as Keras does, but `{note.replaced[0]}` of this network was replaced.",
            hint="Leave the methods of the network as they are.",
            line=note.line,
        )
    if told.digests and not note.moved:
        raise CheckFailed(
            "Training should change the network's weights, but they stay as they are.",
            hint="Leave the layers trainable and the learning rate above zero.",
            line=note.line,
        )


def _require_training_set(observed: Observed, note: Note) -> None:
    """Raise `CheckFailed` if fit gets images other than the training set, or only a few of it."""
    found = observed.recognise(note.x)
    hint = "Give fit the images of the training set that you cut down in task 2."
    if found.count == 0 or found.of_train + found.of_test < (0.5 if note.augmented else ENOUGH):
        raise CheckFailed(
            "fit should get the images of the training set, but it gets something else.", hint=hint, line=note.line
        )
    if found.of_test > found.of_train:
        raise CheckFailed(
            "fit should train on the training set, but it gets the test images.", hint=hint, line=note.line
        )
    data = Data(observed)
    fitted, ready = data.fitted(), data.training
    if fitted is not None and ready is not None and data.is_part_of(fitted, ready):
        raise CheckFailed(
            f"fit should get all images of the training set, but it gets {len(fitted.numbers())} of "
            f"{len(ready.numbers())}.",
            hint=hint,
            line=note.line,
        )
    if fitted is not None and data.is_more_than(fitted, ready):
        raise CheckFailed(
            "fit should get the images of the three classes, which are there, but it gets those of "
            f"{len(data.classes(fitted))} classes.",
            hint=hint,
            line=note.line,
        )


def _require_network_looked_at(observed: Observed, note: Note) -> None:
    """Raise `CheckFailed` if no summary is of a network that is built like one that is trained."""
    looked_at = {_build(other) for other in observed.of_kind("summary") if other.config and not other.of_stand_in}
    trained = {_build(other) for other in observed.of_kind("fit") if not other.of_stand_in}
    if looked_at and trained and () not in looked_at | trained and not looked_at & trained:
        raise CheckFailed(
            "fit should train the network that was built for this, but the summary is that of another one.",
            hint="Call fit on the network whose summary you print.",
            line=note.line,
        )


def _build(note: Note) -> tuple[tuple[str, ...], ...]:
    """Return a network's layers with their sizes but without names; empty if its configuration cannot be read.

    A network that is given no input shape has no `InputLayer` until it is trained.
    """
    layers = [(kind, settings) for kind, settings in layers_of(note.config) if kind != "InputLayer"]
    return tuple((kind, *(str(settings.get(size)) for size in _SIZES)) for kind, settings in layers)


def _told_elsewhere(observed: Observed, note: Note) -> bool:
    """Whether fit did not train because of a bug of another task, which that task reports.

    In task 2 that is a wrong number of classes, or a test set that was left whole.  In task 4 it is a network that was
    never compiled, or a loss or a number of outputs that does not fit the labels.
    """
    found, held = observed.recognise(note.x), observed.recognise(note.val_x)
    labels = observed.album.train_labels[found.train[found.train >= 0]]
    held_labels = observed.album.test_labels[held.test[held.test >= 0]]
    wrong_train = len(labels) > 0 and len(np.unique(labels)) != 3
    wrong_test = len(held_labels) > 0 and len(np.unique(held_labels)) != 3
    odd_labels = any(y is not None and (y.ndim != 2 or y.shape[1] != 3) for y in (note.y, note.val_y))
    sparse_for_rows = "sparse" in note.loss.lower() and note.y is not None and are_rows(note.y)
    compiled = any(other.model == note.model for other in observed.of_kind("compile"))
    odd = odd_labels or sparse_for_rows or _has_odd_outputs(observed)
    return wrong_train or wrong_test or odd or not compiled


def _has_odd_outputs(observed: Observed) -> bool:
    """Whether the network has more or fewer outputs than there are classes."""
    with contextlib.suppress(CheckFailed, NotRun):
        return tuple(described_network(observed)[2]["output_shape"]) != (3,)
    return False


@check("training/scaled")
def test_scaled(observed: Observed) -> None:
    note, _ = _fit(observed)
    if note.x is None or not note.x.size:
        raise NotRun("the images that fit gets are not known.")
    largest = float(np.nanmax(np.abs(note.x)))
    inside = scaling_layers(note)
    if "Rescaling" in inside and largest <= 1.5:
        raise CheckFailed(
            "The images should be scaled once, but the network divides them again, by its Rescaling layer.",
            hint="Scale the images before fit or inside the network, not both.",
            line=note.line,
        )
    _require_whole_labels(observed, note)
    if normalising_layers(note):
        return
    largest = largest_within(note)
    if largest < TINY:
        raise CheckFailed(
            f"The images should be divided by 255 once, but the largest value that fit gets is {largest:.4f}.",
            hint="Divide them in one place only.",
            line=note.line,
        )
    if largest > RAW:
        raise CheckFailed(
            f"The images should be scaled before they reach the network, but fit gets values up to {largest:.0f}.",
            hint="Divide the images by 255, in fit and in predict alike.",
            line=note.line,
        )


def _require_whole_labels(observed: Observed, note: Note) -> None:
    """Raise `CheckFailed` if proper one-hot rows are divided on their way to fit."""
    own = Data(observed).own_labels(test=False)
    if own is None or own.labels is None or note.y is None or note.y.ndim != 2 or own.labels.ndim != 2:
        return
    top = float(np.max(note.y)) if note.y.size else 0.0
    if 0 < top < 0.5 and float(np.max(own.labels)) == 1:
        raise CheckFailed(
            "Only the images should be divided, but the labels are too: fit gets rows whose largest value is "
            f"{top:.3g}.",
            hint="Divide the images by 255, and leave the labels as they are.",
            line=note.line,
        )


@check("training/validates")
def test_validates(observed: Observed) -> None:
    note, _ = _fit(observed)
    if note.val_x is None and not note.validation_split:
        raise CheckFailed(
            "fit should validate on images that it does not train on, but it gets no validation data.",
            hint="Give fit validation_data=(…, …), or validation_split on a shuffled set.",
            line=note.line,
        )
    if note.val_x is None:
        return
    found, trained = observed.recognise(note.val_x), observed.recognise(note.x)
    shared = set(found.train[found.train >= 0].tolist()) & set(trained.train[trained.train >= 0].tolist())
    if ENOUGH > found.of_test > 0.2 and found.of_train > 0.2:
        return  # a test set with training images in it, which task 2 reports
    if len(shared) > found.count / 20:
        raise CheckFailed(
            "fit should validate on images that it does not train on, but "
            f"{'all' if len(shared) >= 0.95 * found.count else 'some'} of the validation images are training images.",
            hint="Validate on the test set, or on a part that is held back.",
            line=note.line,
        )
    data = Data(observed)
    images = Images(found, note.val_y, note.line, test=found.of_test > found.of_train)
    left_whole = images.test and len(data.classes(images)) > 3  # which task 2 reports, whatever labels it has
    if images.labels is not None and len(images.labels) == found.count and len(images.numbers()) and not left_whole:
        agreed = data.agreement(images)
        if agreed < SURE and data.own_labels(test=images.test) is not None:
            raise CheckFailed(
                f"The validation images should come with their own labels, but {1 - agreed:.0%} of the labels belong "
                "to other images.",
                hint="Give fit validation_data=(images, labels) of the same set.",
                line=note.line,
            )
    training, test = data.training, data.test
    moved = data.moved_columns(images, training) if training is not None else []
    if moved and training is not None and (test is None or not data.moved_columns(test, training)):
        raise CheckFailed(  # in other cases task 2 reports it
            "The validation images should come with their own labels, but they have those of other classes.",
            hint="Give fit validation_data=(images, labels) of the same set.",
            line=note.line,
        )
    if note.x is not None and note.x.size and scaled_wrongly(note):
        return  # the check about scaling reports that
    if scales_differ(found.scale, trained.scale):
        raise CheckFailed(
            "The validation images should be scaled as the training images are, but their values are "
            f"{_times(found.scale / trained.scale)}.",
            hint="Divide both by 255.",
            line=note.line,
        )


def _times(factor: float) -> str:
    return f"{factor:.3g} times as large" if factor >= 1 else f"{1 / factor:.3g} times smaller"


@check("training/early-stopping")
def test_early_stopping(observed: Observed) -> None:
    note, told = _fit(observed)
    stoppers = [callback for callback in note.callbacks if callback.kind == "EarlyStopping"]
    epochs = len(told.digests)
    script = told.script
    stopped = epochs < script.length
    _require_time(observed, note)
    if not stoppers:
        if epochs and stopped and _waited(told) and _stops_by_the_same_rule(observed, told):
            return  # a callback of the program's own stopped it
        raise CheckFailed(
            "Training should stop early, but fit gets no EarlyStopping.",
            hint='Add keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=3) to the callbacks of fit.',
            line=note.line,
        )
    callback = stoppers[0]
    _require_right_watch(callback, "EarlyStopping", note)
    if callback.patience >= note.epochs > 1:
        raise CheckFailed(
            f"EarlyStopping should be able to stop training, but its patience of {callback.patience} is no less than "
            f"the {note.epochs} epochs that fit may take.",
            hint="Give it a patience of a few epochs, or fit more epochs.",
            line=note.line,
        )
    if callback.start and callback.start + callback.patience >= note.epochs > 1:
        raise CheckFailed(
            f"EarlyStopping should be able to stop training, but with start_from_epoch={callback.start} and a patience "
            f"of {callback.patience} it cannot do so within the {note.epochs} epochs that fit may take.",
            hint="Leave start_from_epoch out, or fit more epochs.",
            line=note.line,
        )
    for each in stoppers:
        _require_small_delta(each, note)
    if not told.digests:
        return
    if _ended_by_itself(note, told):
        raise CheckFailed(
            "Training should stop where validation no longer gets better, but it ended after "
            f"{count_of(epochs, 'epoch')}, whatever validation was.",
            hint=f"Ask for more epochs, and leave it to the EarlyStopping, watching {callback.monitor}, to end them.",
            line=note.line,
        )
    wanted = _stops(script, callback)
    if wanted is None or wanted > script.length or epochs in _ends(note, told):
        return
    if _stops_otherwise(told, callback, epochs) or not _stops_by_the_same_rule(observed, told):
        raise CheckFailed(
            f"With patience {callback.patience} training should stop after {wanted} epochs of the watched run, "
            f"but it went on for {epochs}.",
            hint=f"Give fit the EarlyStopping, watching {callback.monitor}, and nothing that ends training otherwise.",
            line=note.line,
        )


def _require_small_delta(callback: Callback, note: Note) -> None:
    """Raise `CheckFailed` if hardly any epoch can count as better than one before it."""
    delta = callback.min_delta
    if delta > _MOST_GAIN and quantity_of(callback.monitor).endswith("accuracy"):
        raise CheckFailed(
            f"An accuracy should count as better if it is a little higher, but with min_delta={delta:g} it has to rise "
            f"by {delta:.0%} from one epoch to a later one.",
            hint="Leave min_delta out, or give it as a share of 1, such as 0.001.",
            line=note.line,
        )
    if delta > _MOST_FALL and quantity_of(callback.monitor).endswith("loss"):
        raise CheckFailed(
            f"A loss should count as better if it is a little lower, but with min_delta={delta:g} it has to fall by "
            f"{delta:g} from one epoch to a later one, and it begins at about 1.1.",
            hint="Leave min_delta out, or make it small, such as 0.001.",
            line=note.line,
        )


def _require_time(observed: Observed, note: Note) -> None:
    """Raise `NotRun` if a training took so long that it was ended, which task 1 reports."""
    if not note.ended and any(error.kind == "TookTooLong" for error in observed.errors):
        raise NotRun("fit took too long to be watched to its end.")


def _ended_by_itself(note: Note, told: Told) -> bool:
    """Whether training ended before any EarlyStopping would have ended it, or after its only epoch."""
    epochs = len(told.digests)
    if note.error or not epochs:
        return False
    if epochs == 1:
        return True
    if epochs == told.script.length:
        return False
    ends = [end or told.script.length for end in _ends(note, told)]
    return bool(ends) and epochs < max(ends) and epochs not in ends


def _ends(note: Note, told: Told) -> list[int | None]:
    """Return after how many epochs each EarlyStopping ends the training; `None` for one that does not."""
    stoppers = [callback for callback in note.callbacks if callback.kind == "EarlyStopping"]
    return [_stops(told.script, each) for each in stoppers if quantity_of(each.monitor).startswith("val_")]


def _stops(script: Script, callback: Callback) -> int | None:
    quantity = quantity_of(callback.monitor)
    return script.stops(quantity, callback.patience, min_delta=callback.min_delta, start=callback.start)


def _stops_otherwise(told: Told, callback: Callback, epochs: int) -> bool:
    """Whether training stopped where it would by another quantity, or did not stop at all."""
    if epochs == told.script.length:
        return True
    others = [(name, wrong) for name in QUANTITIES for wrong in (False, True)]
    own = quantity_of(callback.monitor)
    return any(
        told.script.stops(name, callback.patience, wrong_way=wrong) == epochs
        for name, wrong in others
        if name != own or wrong
    )


def _waited(told: Told) -> dict[str, int]:
    """Return how many epochs came after the best one, for each validation quantity that was not best at the end."""
    epochs = len(told.digests)
    after = {name: epochs - 1 - told.script.best(name, epochs) for name in ("val_accuracy", "val_loss")}
    return {name: count for name, count in after.items() if count > 0}


def _stops_by_the_same_rule(observed: Observed, told: Told) -> bool:
    """Whether training stops just as long after the best epoch in another run, in which other epochs are the best."""
    with observed.once_more() as other:
        judged = other.fit()
        if judged is None or not judged[1].digests or len(judged[1].digests) == judged[1].script.length:
            return False
        again = _waited(judged[1])
    return any(again.get(name) == count for name, count in _waited(told).items())


def _require_right_watch(callback: Callback, what: str, note: Note) -> None:
    """Raise `CheckFailed` if a callback monitors no validation quantity, or monitors it in the wrong direction."""
    quantity = quantity_of(callback.monitor)
    if not quantity.startswith("val_"):
        known = (
            f"the training {'accuracy' if quantity == 'accuracy' else 'loss'}" if quantity else f"`{callback.monitor}`"
        )
        raise CheckFailed(
            f"{what} should watch how validation goes, but it watches {known}.",
            hint='Give it monitor="val_accuracy" or monitor="val_loss".',
            line=note.line,
        )
    right = "max" if "acc" in quantity else "min"
    if callback.mode in ("min", "max") and callback.mode != right:
        raise CheckFailed(
            f"{what} watches {callback.monitor} in the wrong direction: it looks for the "
            f"{'lowest' if callback.mode == 'min' else 'highest'} value.",
            hint=f'Leave mode out, or give mode="{right}".',
            line=note.line,
        )
    names = [name.lower() for name in note.names]
    if "acc" in quantity and not any("acc" in name for name in names):
        return  # accuracy is not tracked, which task 4 reports
    if names and callback.monitor.lower() not in names:
        raise CheckFailed(
            f"{what} watches `{callback.monitor}`, but the epochs of this training have no such value.",
            hint=f"They have {', '.join(f'`{name}`' for name in note.names[:6])}.",
            line=note.line,
        )


@check("training/checkpoint")
def test_checkpoint(observed: Observed) -> None:
    note, told = _fit(observed)
    keepers = [callback for callback in note.callbacks if callback.kind == "ModelCheckpoint"]
    epochs = len(told.digests)
    files = observed.observation.run.files
    if not keepers and not files:
        raise CheckFailed(
            "The best epoch should be kept in a checkpoint, but fit gets no ModelCheckpoint.",
            hint="Add keras.callbacks.ModelCheckpoint with save_best_only=True to the callbacks of fit.",
            line=note.line,
        )
    for callback in keepers[:1]:
        if re.search(r"\((val_)?(acc|accuracy|loss)\s*:[^)]*\)", callback.path):
            raise CheckFailed(
                f"The name of the checkpoint should hold the value of the epoch, but `{callback.path}` stays as it is: "
                "the value goes in braces.",
                hint="Write {val_accuracy:.3f} in the name, with braces.",
                line=note.line,
            )
        if callback.best_only:
            _require_right_watch(callback, "ModelCheckpoint", note)
    if not told.digests:
        raise NotRun(f"fit did not get through its first epoch{': ' + note.error if note.error else ''}.")
    if _best_is_kept(observed, note, told):
        if any(callback.best_only for callback in keepers):
            return
        # The program chose in a way of its own, and may have guessed the best epoch: it has to find it in another run.
        with observed.once_more() as other:
            if _best_is_kept(other, *_fit(other)):
                return
    kept = {saved.digest for saved in files}
    last = told.digests[-1] in kept
    what = "it is the last epoch" if last else "it is another epoch"
    for quantity, wording in (("val_accuracy", "lowest val_accuracy"), ("val_loss", "highest val_loss")):
        if not last and told.digests[told.script.worst(quantity, epochs)] in kept:
            what = f"it is the epoch with the {wording}"
    if not kept:
        what = "no file was written"
    elif not keepers:
        what = f"fit gets no ModelCheckpoint, and what is saved beside it holds another: {what}"
    unknown = [f"`{name}`" for callback in keepers for name in callback.unknown]
    ignored = f" It has no argument {unknown[0]}, which older versions passed over in silence." if unknown else ""
    raise CheckFailed(
        f"The checkpoint should hold the epoch with the best validation, but {what}.",
        hint=f'Give ModelCheckpoint save_best_only=True and monitor="val_accuracy".{ignored}',
        line=note.line,
    )


def _best_is_kept(observed: Observed, note: Note, told: Told) -> bool:
    """Whether a file holds the best epoch, which the program had to choose among several."""
    # Where the program had kept nothing, the grader loaded something in its place; that does not count as kept.
    best = best_of_all(observed) - {load.digest for load in observed.of_kind("load") if load.stand_in}
    keepers = any(callback.kind == "ModelCheckpoint" for callback in note.callbacks)
    if len(told.digests) == 1 or (not keepers and _ended_by_itself(note, told)):
        best -= {told.digests[-1]}
    return bool(observed.saved_with(best, note.config))
