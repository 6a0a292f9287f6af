"""The values that the observed run reports for each epoch: accuracies and losses whose best epochs all differ.

So it is known exactly where a training should stop and which epoch it should save.  A training that monitors the
training accuracy never stops.  The highest val_loss, the lowest val_accuracy, the best val_accuracy and the best
val_loss are each at an epoch of their own.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

from grader.checks.common.stopping import epochs_until_stop

MOST_EPOCHS: Final = 40
"""The most epochs of a training.  It ends much sooner if its patience cannot run out by then."""

MOST_EPOCHS_OF_OWN: Final = 500
"""The most epochs of a training that a subclass of EarlyStopping is to stop: whether it does so is only seen then."""

_IMPATIENT: Final = 14
"""The number of epochs of a training whose patience would not run out within the most epochs."""

_OWN_WAYS: Final = 20
"""The number of epochs of a training without a patience; any other way of stopping has stopped it by then."""

_SPARE: Final = 4
"""The number of epochs that a training has left after the last one at which its patience may run out."""

_PLACES: Final = {1: (0, 0), 2: (0, 0), 3: (1, 0), 4: (1, 2), 5: (1, 3), 6: (2, 4)}
"""The epochs of the best val_accuracy and of the best val_loss, by the number of epochs of short trainings."""

_FIRST, _LAST = 2, 7
"""The first and the last epoch that may be a best one in longer trainings, which nobody can know beforehand."""

_APART: Final = 2
"""The most epochs between the two best ones, so that a training which stops by one of them reaches the other."""


class Script(msgspec.Struct, frozen=True):
    """The values of each epoch, from the first on.

    Attributes:
        accuracy: The training accuracies, which rise throughout.
        loss: The training losses, which fall throughout.
        val_accuracy: The validation accuracies, which are best at one epoch.
        val_loss: The validation losses, which are best at another epoch.
    """

    accuracy: tuple[float, ...]
    loss: tuple[float, ...]
    val_accuracy: tuple[float, ...]
    val_loss: tuple[float, ...]

    @property
    def length(self) -> int:
        """The number of epochs."""
        return len(self.accuracy)

    @property
    def best_places(self) -> set[int]:
        """The epochs with the best validation accuracy and with the best validation loss."""
        return {self.best(name, self.length) for name in ("val_accuracy", "val_loss")}

    def at(self, epoch: int) -> dict[str, float]:
        """Return the values of an epoch by name."""
        return {name: getattr(self, name)[epoch] for name in ("accuracy", "loss", "val_accuracy", "val_loss")}

    def best(self, quantity: str, epochs: int) -> int:
        """Return the best of the first `epochs` epochs by `val_accuracy`, `val_loss`, `accuracy` or `loss`."""
        values = list(getattr(self, quantity)[:epochs])
        return values.index(max(values) if "acc" in quantity else min(values))

    def worst(self, quantity: str, epochs: int) -> int:
        """Return the worst of the first `epochs` epochs, which is the best one in the wrong direction."""
        values = list(getattr(self, quantity)[:epochs])
        return values.index(min(values) if "acc" in quantity else max(values))

    def stops(
        self, quantity: str, patience: int, *, wrong_way: bool = False, min_delta: float = 0.0, start: int = 0
    ) -> int | None:
        """Return after how many epochs EarlyStopping stops; `None` if it does not stop within the script.

        Args:
            quantity: The quantity that it watches.
            patience: Its patience, in epochs.
            wrong_way: Whether it takes worse values for better ones.
            min_delta: The least change that counts as an improvement.
            start: The first epoch that it takes into account, from 0.
        """
        sign = (1 if "acc" in quantity else -1) * (-1 if wrong_way else 1)
        found = epochs_until_stop(getattr(self, quantity)[start:], patience, sign=sign, min_delta=min_delta)
        return None if found is None else start + found


def write_script(rng: np.random.Generator, epochs: int, patience: int = 0, *, own: bool = False) -> Script:
    """Write the script of a training.

    Both validation quantities improve in small steps up to their best epoch, so that the patience does not run out
    before that.  If the patience is short enough, it runs out before the last epoch.

    Args:
        rng: A generator that is seeded for the submission.
        epochs: How many epochs the program asks for.
        patience: The patience of its EarlyStopping in epochs; 0 if that is not known.
        own: Whether a subclass of EarlyStopping is to stop it, which may wait for longer than its patience.
    """
    count = max(1, min(epochs, MOST_EPOCHS_OF_OWN if own else _watched_epochs(patience)))
    slope = 0.0005 * min(1.0, MOST_EPOCHS / count)
    accuracy_at, loss_at = _PLACES[count] if count in _PLACES else _best_places(rng, count, patience)
    steps = np.arange(count)
    rise = np.cumsum(rng.uniform(0, slope, count))
    accuracy = 0.42 + rng.uniform(0, 0.06) + 0.48 * (1 - np.exp(-(steps + 1) / 9)) + rise
    loss = 1.1 * np.exp(-(steps + 1) / 8) + 0.08 - np.cumsum(rng.uniform(0, slope, count))
    # Values do not improve at each epoch, since a checkpoint is written each time they do.  They only have to with a
    # patience of 1.
    better = steps if patience == 1 else np.where(steps % 2 == 0, steps, steps - 2)
    val_accuracy = np.where(steps < accuracy_at, 0.48 + 0.012 * better, 0.56) + rng.uniform(0, 0.006, count)
    val_accuracy += np.where(steps < accuracy_at, 0, rng.uniform(0, 0.05, count))
    val_loss = np.where(steps < loss_at, 1.12 - 0.024 * better, 0.85) - rng.uniform(0, 0.012, count)
    val_loss += np.where(steps < loss_at, 0, rng.uniform(0.02, 0.15, count))
    val_accuracy[accuracy_at] = 0.70 + rng.uniform(0, 0.05)
    val_loss[loss_at] = 0.50 + rng.uniform(0, 0.05)
    if count > 2:
        low = 0 if accuracy_at != 0 else 2  # the lowest val_accuracy and the highest val_loss
        taken = (low, loss_at, accuracy_at) if count > 3 else (low, loss_at)  # three epochs are too few for all four
        high = next(place for place in range(count) if place not in taken)
        val_accuracy[low], val_loss[high] = 0.40 + rng.uniform(0, 0.03), 1.3 + rng.uniform(0, 0.1)

    def rounded(values: Any) -> tuple[float, ...]:
        return tuple(round(float(value), 4) for value in values)

    return Script(rounded(accuracy), rounded(loss), rounded(val_accuracy), rounded(val_loss))


def _watched_epochs(patience: int) -> int:
    """Return the most epochs of a training with a patience."""
    if not patience:
        return _OWN_WAYS
    until = _LAST + 1 + patience + _SPARE
    return until if until <= MOST_EPOCHS else _IMPATIENT


def _best_places(rng: np.random.Generator, count: int, patience: int) -> tuple[int, int]:
    """Draw the epochs of the best val_accuracy and of the best val_loss, for a training of seven epochs or more."""
    places = [place for place in range(_FIRST, _LAST + 1) if place + 1 + patience < count]
    if len(places) < 2:
        places = [place for place in range(_FIRST, _LAST + 1) if place < count - 2]
    accuracy_at = int(rng.choice(places))
    return accuracy_at, int(rng.choice([p for p in places if p != accuracy_at and abs(p - accuracy_at) <= _APART]))
