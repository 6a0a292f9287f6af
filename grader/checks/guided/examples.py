"""The images that a program shows before it trains, and whether each has the name of its class."""

from __future__ import annotations

from grader.checks.guided.data import Data, has_other_labels
from grader.checks.guided.observed import Observed
from grader.checks.guided.shown import ShownImage, images_shown, names_of


def shown_before_training(observed: Observed) -> list[ShownImage]:
    """Return the images that are shown before the network is fitted; all images if it never is."""
    first = first_training(observed)
    return [image for image in images_shown(observed) if image.at < first]


def first_training(observed: Observed) -> int:
    """Return the number of notes before the network is fitted."""
    kinds = ("fit", "train_on_batch")
    return next((at for at, note in enumerate(observed.notes) if note.kind in kinds), len(observed.notes))


def pairs_wrongly(observed: Observed, shown: list[ShownImage] | None = None) -> bool:
    """Whether any image shown before training, or any of those given, has the name of another image beside it."""
    shown = shown_before_training(observed) if shown is None else shown
    as_labelled = Data(observed).as_labelled(shown)
    return not _tells_classes(judged(observed, shown)) and not (as_labelled and _tells_classes(as_labelled))


def judged(observed: Observed, shown: list[ShownImage]) -> list[ShownImage]:
    """Return those of the shown images whose names are judged."""
    data = Data(observed)
    images, test = data.training, data.test
    kept = set(data.classes(images)) if images is not None else set()
    # A class that should have been left out, a label that belongs to another image, and a test set whose labels were
    # left as they were are bugs of task 2, and must not cost points here.
    spoilt = any(image.test and image.known not in kept for image in shown) or (
        images is not None and test is not None and has_other_labels(test, images)
    )
    return [each for each in shown if each.known in kept and not (each.test and spoilt)] or shown


def _tells_classes(shown: list[ShownImage]) -> bool:
    names = names_of(shown)
    return len(names) < 2 or all(names.values())
