"""What a course may ask for beyond the contract: the table `[requirements]` in `course.toml`.

A requirement about the network or about `train` adds a check, and a sentence in the starter file.  A key that is not
set changes nothing.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from grader.assignment.contract import Check

Positive = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class Bands(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The accuracies that earn points, instead of the thresholds that `grader calibrate` measures.

    Between the two accuracies the points rise linearly.

    Attributes:
        full: The lowest accuracy that earns all points, 0 to 1.
        none: The highest accuracy that earns no points, 0 to 1.
    """

    full: Share
    none: Share

    @property
    def full_credit(self) -> float:
        """The lowest accuracy that earns all points."""
        return self.full

    def share(self, accuracy: float) -> float:
        """Return the share of the points that an accuracy earns, 0 to 1."""
        return min(1.0, max(0.0, (accuracy - self.none) / (self.full - self.none)))


class Requirements(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a course asks for beyond the contract, and which checks it skips.

    Attributes:
        min_blocks: The minimum number of convolution blocks in the network.  A block is a run of convolutions up to the
            layer that at least halves height and width.
        required_layers: Layers that the network must have, by their names in Keras.
        forbidden_layers: Layers that the network must not have, by their names in Keras.
        max_weights: The maximum number of weights of the network, trainable or not.
        optimizers: Optimizers that the network may be compiled with, by their names in Keras.
        patience: The default patience of `train`.
        accuracy: The accuracies that earn points.
        skip: Ids of checks that are not run and count for nothing.
    """

    min_blocks: Positive | None = None
    required_layers: tuple[Name, ...] = ()
    forbidden_layers: tuple[Name, ...] = ()
    max_weights: Positive | None = None
    optimizers: tuple[Name, ...] = ()
    patience: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None
    accuracy: Bands | None = None
    skip: tuple[str, ...] = ()

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks of the requirements that are set."""
        return tuple(check for key, check in REQUIREMENT_CHECKS.items() if getattr(self, key))

    def sentences(self, function: str) -> tuple[str, ...]:
        """Return the sentences about the requirements for the docstring of a function in the starter file."""
        if function == "train":
            return (f"By default it waits {_count(self.patience, 'epoch')}.",) if self.patience else ()
        if function != "build_model":
            return ()
        said = []
        if self.min_blocks:
            said.append(f"It has at least {_count(self.min_blocks, 'convolution block')}.")
        if self.required_layers:
            verb = "is" if len(self.required_layers) == 1 else "are"
            said.append(f"Among its layers {verb} {listed(self.required_layers, 'and')}.")
        if self.forbidden_layers:
            said.append(f"It does without {listed(self.forbidden_layers, 'and')}.")
        if self.max_weights:
            said.append(f"It has at most {_count(self.max_weights, 'weight')}.")
        if self.optimizers:
            said.append(f"It is compiled with the optimizer {listed(self.optimizers, 'or')}.")
        return tuple(said)


REQUIREMENT_CHECKS: Final = {
    "min_blocks": Check("build_model/enough-blocks", 4, "build_model", 1, "Has enough convolution blocks"),
    "required_layers": Check("build_model/required-layers", 4, "build_model", 1, "Has the layers that are asked for"),
    "forbidden_layers": Check("build_model/forbidden-layers", 4, "build_model", 1, "Has no layers that are ruled out"),
    "max_weights": Check("build_model/few-weights", 4, "build_model", 1, "Has no more weights than allowed"),
    "optimizers": Check("build_model/optimizer", 4, "build_model", 1, "Is compiled with an optimizer that is allowed"),
    "patience": Check("train/default-patience", 5, "train", 1, "Has the patience that is asked for by default"),
}
"""The check of each requirement by its key.  `accuracy` has none here: the contract's own check judges it."""


def listed(names: tuple[str, ...], word: str) -> str:
    """Join names for a sentence: `A, B and C`.

    Args:
        names: One name or more.
        word: The word before the last one, `and` or `or`.
    """
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else names[0]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
