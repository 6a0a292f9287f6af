"""Run the program on the course's images, and measure its best network on images that the program never saw."""

from __future__ import annotations

import contextlib
import time
from typing import Any, Final

import msgspec
import numpy as np

from grader.checks.common.accuracy import examined_accuracy
from grader.checks.common.hidden import Split
from grader.checks.common.verdict import NotRun
from grader.checks.guided.data import Data, naming
from grader.checks.guided.notes import Note, Run
from grader.checks.guided.observed import Observed, opened, weights_in
from grader.checks.guided.pictures import CLASSES, SIDE
from grader.course import Accuracy
from grader.sandbox.host.session import SubmissionError, Worker, WorkerGone
from grader.sandbox.wire.frames import Handle

Array = np.ndarray[Any, Any]

_OTHERS: Final = 20
"""The number of images of each class that the program leaves out; there have to be some to leave out."""


class Columns(msgspec.Struct, frozen=True):
    """Which of the ten classes the program keeps.

    Attributes:
        labels: The three labels, 0 to 9, that it keeps.
        columns: The column of its network for each of them.
    """

    labels: tuple[int, ...]
    columns: tuple[int, ...]


class Unseen(msgspec.Struct, frozen=True):
    """How well the program's best network does on images that the program never saw.

    Attributes:
        accuracy: The share that it predicts right, 0 to 1.
        seconds: The wall time of the program with its training, by the clock of the trusted side.
    """

    accuracy: float
    seconds: float


def columns_of_program(observed: Observed) -> Columns:
    """Find out from the usual run which classes the program keeps, and which column each of them has.

    Raises:
        NotRun: If it does not keep three classes, or if their labels cannot be recognised.
    """
    data = Data(observed)
    images = data.training
    if images is None or images.labels is None or len(data.classes(images)) < 2:
        raise NotRun("the program trains on no classes that can be told.")
    names = naming(*data.labelled(images))
    labels = tuple(sorted(names))[:3]
    if len(set(names.values())) < len(names) or len(labels) < 3:
        raise NotRun("the program does not tell three classes apart.")
    return Columns(labels, tuple(names[label] for label in labels))


def images_for(split: Split, kept: Columns, rng: np.random.Generator) -> dict[str, Array]:
    """Return the course's images with the labels that the program keeps, and noise with the other labels.

    Args:
        split: The course's images, of three classes.
        kept: The classes that the program keeps.
        rng: The generator for the noise.
    """
    others = [label for label in range(CLASSES) if label not in kept.labels]
    arrays: dict[str, Array] = {}
    for part, x, y in (("train", split.x_train, split.y_train), ("test", split.x_val, split.y_val)):
        labels = np.array(kept.labels)[np.argmax(y, axis=1)]
        noise = rng.integers(0, 256, (_OTHERS * len(others), SIDE, SIDE, 3), np.uint8)
        order = rng.permutation(len(x) + len(noise))
        arrays[f"x_{part}"] = np.concatenate([x, noise])[order]
        arrays[f"y_{part}"] = np.concatenate([labels, np.repeat(others, _OTHERS)]).astype(np.uint8)[order][:, None]
    return arrays


def accuracy_on_unseen(
    observed: Observed, split: Split, kept: Columns, budget: Accuracy, images: dict[str, Array], *, seconds: float
) -> Unseen:
    """Measure on the hidden images how accurate the program's best network is after a training with a budget.

    Args:
        observed: The usual run of the program.
        split: The data, with the hidden images.
        kept: The classes that the program keeps, and their columns.
        budget: The epochs and the batch size.
        images: The images that the program loads.
        seconds: How long the run may take.

    Raises:
        CheckFailed: If there is no network to examine.
        NotRun: If the program does not run to its end.
    """
    began = time.perf_counter()
    try:
        run, worker = observed.train(images, epochs=budget.epochs, batch_size=budget.batch_size, seconds=seconds)
    except WorkerGone as gone:
        raise NotRun(f"trained on the course's images, the program {gone.detail}.") from None
    took = time.perf_counter() - began
    with contextlib.closing(worker):
        fits = [note for note in run.notes if note.kind == "fit" and note.digests and not note.stand_in]
        if not fits:
            raise NotRun("on the course's images fit did not get through an epoch.")
        network = _network(observed, run, worker, fits[-1])
    columns = np.array(kept.columns)[split.hidden_labels]
    hidden = msgspec.structs.replace(split, hidden_labels=columns)
    scale = scale_of(fits[-1].x, images["x_train"], kept, images)
    return Unseen(examined_accuracy(observed.examiner, network, hidden, scale), took)


def _network(observed: Observed, run: Run, worker: Worker, fit: Note) -> Handle:
    """Open the network with which the program predicts, from the file that it is in, or else the last one saved."""
    used = [note.digest for note in run.notes if note.kind in ("predict", "load") and note.digest]
    ordered = sorted(run.files, key=lambda saved: saved.digest in used[-1:])
    for saved in reversed(ordered):
        with contextlib.suppress(SubmissionError):
            data = worker.tool("file", saved.path, seconds=30.0)
            if isinstance(data, bytes):
                return opened(observed.examiner, data, fit.config, weights_in(worker, saved.path, fit.config))
    raise NotRun("no network was kept to be examined.")


def scale_of(fitted: Any, x: Array, kept: Columns, images: dict[str, Array]) -> tuple[float, float] | None:
    """Estimate, from the mean and the spread of all pixels, how the images that `fit` gets were scaled.

    Args:
        fitted: The signatures of these images, shape (n, 4, 4, 3).
        x: The images that were loaded.
        kept: The classes that the program keeps.
        images: The data that were loaded, with the labels `y_train`.

    Returns:
        The factor and the offset; `None` if `fit` got no images.
    """
    if not isinstance(fitted, np.ndarray) or not fitted.size:
        return None
    chosen = x[np.isin(images["y_train"][:, 0], kept.labels)].astype(np.float64)
    given = fitted.astype(np.float64)
    factor = float(given.std() / max(float(chosen[:, 4::8, 4::8].std()), 1e-9))
    for simple in (1.0, 1 / 255, 1 / 127.5, 1 / 256):
        if abs(factor / simple - 1) < 0.03:
            factor = simple
    offset = float(given.mean() - factor * chosen[:, 4::8, 4::8].mean())
    return factor, 0.0 if abs(offset) < 0.02 * max(abs(factor) * 255, 1e-9) else round(offset, 1)
