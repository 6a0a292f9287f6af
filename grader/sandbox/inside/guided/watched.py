"""Two callbacks that watch a training in the observed run: one runs before the program's own, and one after them.

Untrusted side.  The first commits to the weights at the end of each epoch, and only then learns the values of that
epoch from the trusted side.  The last sees which files the program's callbacks wrote.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.inside import backend
from grader.sandbox.inside.facts import all_layers, digest_of
from grader.sandbox.inside.guided import legacy
from grader.sandbox.inside.guided.fed import classes_of
from grader.sandbox.inside.guided.kept import KeptFiles
from grader.sandbox.wire.weights import differ

TRAINED_IMAGES: Final = 24
"""The number of images in a shortened training."""

MOST_EPOCHS: Final = 10_000
"""More epochs than any training has: the trusted side says after each epoch whether it was the last."""

_SHIFTS: Final = 50
"""The number of small shifts in which biases are balanced."""

_MOSTLY_RIGHT: Final = 0.4
"""The share of right answers above which a network's outputs are exchanged."""


class Shared:
    """State that the two callbacks share over all trainings of a run.

    Args:
        tell: Sends a commitment to the trusted side and returns the values of that epoch.  `None` if the epochs keep
            their real values.
        program: The text of the program if values may also get the names that older versions used; otherwise empty.
        kept: The files that networks are saved to.

    Attributes:
        values: The accuracies and losses of the last epoch.
        looks_at_steps: Whether it is still to be seen that a training step changes the weights.
        before_step: The trainable weights right before the current training step; empty unless `looks_at_steps`.
        best_weights: The weights of the last training's epoch with the best val_accuracy.
    """

    def __init__(self, tell: Callable[[dict[str, Any]], Any] | None, program: str, kept: KeptFiles) -> None:
        self.tell = tell
        self.program = program
        self.kept = kept
        self.values: dict[str, float] = {}
        self.looks_at_steps = False
        self.before_step: list[Any] = []
        self.best_weights: list[Any] = []


class Commit(keras.callbacks.Callback):  # type: ignore[misc]
    """The callback that runs first: commits to the weights, and replaces the epoch's values by those of the script.

    The values are revealed only after the epoch's weights are fixed.  So a program cannot know in advance which epoch
    will be the best, and pretend to have kept it.

    In a scripted run only the first epoch trains, or the first few until the weights have changed.  An error in the
    data, the labels or the loss shows there, and each later epoch only needs weights that differ from the others', so
    it gets those of the one before with a little noise.

    Args:
        shared: The state that the callbacks share.
        note: The note about this call of `fit`, to which the digests are added.
        number: The number of this call of `fit`, from 0.
        images: The training images, for balancing the network's answers.
        labels: Their labels, one-hot or as numbers.

    Attributes:
        validated: The epochs that Keras is to validate, from 1: all while epochs train, and none afterwards.
    """

    def __init__(self, shared: Shared, note: dict[str, Any], number: int, images: Any, labels: Any) -> None:
        super().__init__()
        self._shared = shared
        self._note = note
        self._number = number
        self._finite: list[Any] = []
        self._trained_logs: dict[str, Any] = {}
        self._last_logs: dict[str, Any] = {}
        self.validated: list[int] = []
        self._sample: Any = None
        self._columns: Any = None
        if shared.tell and isinstance(images, np.ndarray) and images.ndim == 4:
            rows = spread(len(images), TRAINED_IMAGES)
            self._sample = images[rows].astype(np.float32)
            if isinstance(labels, np.ndarray) and labels.ndim and len(labels) == len(images):
                self._columns = classes_of(labels[rows])

    def on_train_begin(self, logs: Any = None) -> None:
        """Remember the weights before the training."""
        self._finite = self.model.get_weights()
        self._shared.looks_at_steps = True
        self.validated[:] = range(1, MOST_EPOCHS + 1)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Note whether the step itself changed the weights; callbacks may change them between the steps."""
        if self._shared.looks_at_steps:
            self._note["moved"] |= differ(_trainable_weights(self.model), self._shared.before_step)
            self._shared.looks_at_steps = not self._note["moved"]

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Commit to the weights, and put the revealed values into the logs."""
        shared, note = self._shared, self._note
        logs = logs if logs is not None else {}
        if self.validated:
            self._make_judgeable()
            if shared.tell and note["moved"]:
                self._train_no_more(logs)
        else:
            logs |= self._trained_logs
            _add_noise(self.model, seed=len(note["digests"]))
        note["digests"].append(digest_of(self.model))
        legacy.add_old_names(logs, shared.program)
        note["names"] = [str(name)[:60] for name in logs][:30]
        if shared.tell is None:
            shared.values = {str(name): float(value) for name, value in logs.items() if isinstance(value, (int, float))}
            return
        stoppers = [callback for callback in note["callbacks"] if callback["kind"] == "EarlyStopping"]
        told = shared.tell(
            {
                "kind": "epoch",
                "fit": self._number,
                "epochs": note["epochs"],
                "patience": max(
                    (c["patience"] + c["start"] for c in note["callbacks"] if c["kind"] == "EarlyStopping"), default=0
                ),
                "own": any(stopper["own"] for stopper in stoppers),
                "epoch": len(note["digests"]) - 1,
                "digest": note["digests"][-1],
            }
        )
        shared.values = dict(told["values"])
        self._put_in(logs, shared.values)
        if told["last"]:
            self.model.stop_training = True
        self._last_logs = logs

    def on_train_end(self, logs: Any = None) -> None:
        """Give the callbacks that come after this one the logs of the last epoch."""
        if logs is not None:
            logs |= self._last_logs

    def _make_judgeable(self) -> None:
        """Change the weights so that the answers can be judged."""
        self._keep_finite(self.model.get_weights())
        if self._sample is not None:
            with contextlib.suppress(Exception):  # not every network is of the kind that task 4 asks for
                _balance(self.model, self._sample, self._columns)
                self._finite = self.model.get_weights()

    def _train_no_more(self, logs: dict[str, Any]) -> None:
        """Let the epochs to come neither train nor validate, but have the logs of this one."""
        self._trained_logs = dict(logs)
        self.validated.clear()
        of_training = {name: value for name, value in logs.items() if not name.startswith("val_")}
        backend.skip_steps(self.model, of_training)

    def _put_in(self, logs: dict[str, Any], values: dict[str, float]) -> None:
        for name in list(logs):
            kind = "accuracy" if "acc" in name else "loss" if name in ("loss", "val_loss") else ""
            if kind:
                logs[name] = values[("val_" if name.startswith("val_") else "") + kind]
        for name in ("accuracy", "val_accuracy"):
            if not any("acc" in known and known.startswith("val_") == name.startswith("val_") for known in logs):
                # The program does not track accuracy, which costs points in task 4; its later plots should work anyway.
                logs[name] = values[name]
        legacy.add_old_names(logs, self._shared.program)  # of an accuracy that is only in the logs since then

    def _keep_finite(self, weights: list[Any]) -> None:
        """Replace weights that became NaN or infinite by the last finite ones, slightly changed.

        Without the change, these epochs would have the same digest, and could not be told apart.
        """
        if all(np.all(np.isfinite(weight)) for weight in weights):
            self._finite = weights
            return
        random = np.random.default_rng(len(self._note["digests"]))
        changed = [
            weight + random.normal(0, 1e-6, weight.shape).astype(weight.dtype) if weight.dtype.kind == "f" else weight
            for weight in self._finite
        ]
        self.model.set_weights(changed)


class Keeper(keras.callbacks.Callback):  # type: ignore[misc]
    """The callback that runs last: remembers which files each epoch wrote, and the best weights so far."""

    def __init__(self, shared: Shared) -> None:
        super().__init__()
        self._shared = shared
        self._seen: dict[str, tuple[int, int]] = {}
        self._best = -np.inf

    def on_train_begin(self, logs: Any = None) -> None:
        """Remember the files that are there already, so that only those of this training count."""
        self._seen = dict(self._files())

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Remember the weights before the step, after all other callbacks."""
        if self._shared.looks_at_steps:
            self._shared.before_step = _trainable_weights(self.model)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Look for files that this epoch has created or overwritten."""
        shared = self._shared
        if shared.values.get("val_accuracy", -np.inf) > self._best:
            self._best = shared.values["val_accuracy"]
            shared.best_weights = self.model.get_weights()
        for path, stamp in self._files():
            if self._seen.get(path) != stamp:
                self._seen[path] = stamp
                shared.kept.wrote(path, self.model, shared.values)

    def _files(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """Find the files of networks below the working folder and below each folder that checkpoints are written to.

        Yields:
            The path of each, and a pair of its modification time in nanoseconds and its size in bytes.
        """
        folders = {os.path.dirname(pattern) for pattern in self._shared.kept.patterns} - {""}
        for folder, _, names in (entry for top in (".", *sorted(folders)) for entry in os.walk(top)):
            for name in names:
                if name.endswith((".keras", ".h5", ".hdf5")):
                    path = os.path.normpath(os.path.join(folder, name))
                    with contextlib.suppress(OSError):
                        state = os.stat(path)
                        yield path, (state.st_mtime_ns, state.st_size)


def _balance(model: Any, images: Any, columns: Any) -> None:
    """Change a network's last layer so that a label beside the wrong image shows.

    After so few steps most networks give every image the same class, above all those with batch normalisation, so the
    biases are shifted so that each class is the answer for about as many images.  If a network gives most images their
    own class, its outputs are exchanged, since otherwise true labels could not be told from predicted ones: one that is
    right about three images in four is right about all of the six that a figure shows in one run of six.

    Args:
        model: The network.
        images: Some of the training images.
        columns: The output that stands for the class of each; `None` if it is not known.
    """
    layer = next(layer for layer in reversed(list(all_layers(model))) if getattr(layer, "units", 0))
    answers = backend.to_numpy(model(images, training=False))
    if answers.shape != (len(images), layer.units):
        return
    if layer.bias is not None:
        if np.all(answers >= 0) and np.allclose(answers.sum(axis=1), 1, atol=1e-3):
            answers = np.log(answers + 1e-9)
        shift = answers.mean(axis=0)
        width = (answers - shift).std()
        for _ in range(_SHIFTS):
            shares = np.bincount((answers - shift).argmax(axis=1), minlength=layer.units) / len(answers)
            shift += 0.2 * width * (shares - 1 / layer.units)
        layer.bias.assign(backend.to_numpy(layer.bias) - shift)
        answers = answers - shift
    if columns is not None and np.mean(answers.argmax(axis=1) == columns) > _MOSTLY_RIGHT:
        for weight in layer.weights:
            weight.assign(np.roll(backend.to_numpy(weight), 1, axis=-1))


def _trainable_weights(model: Any) -> list[Any]:
    return [backend.to_numpy(weight) for weight in model.trainable_variables]


def _add_noise(model: Any, seed: int) -> None:
    """Change the last trainable weights of a network by about a thousandth, which hardly changes its answers."""
    rng = np.random.default_rng(seed)
    for weight in model.trainable_variables[-2:]:
        values = backend.to_numpy(weight)
        weight.assign(values + rng.normal(0, 0.001 * (values.std() or 0.1), values.shape))


def spread(count: int, most: int) -> Any:
    """Return up to `most` of the indices below `count`, evenly spread.

    They include images of every class even if the set is sorted by class.
    """
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int)) if count > 0 else np.zeros(0, int)
