"""What a course may ask for beyond the contract: `[requirements]` in `course.toml`.

What is stated has a check of its own and a sentence in the starter; what is not stated changes nothing.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from grader.assignment.contract import Check

Positive = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class Bands(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The accuracies that earn points, in place of those that `grader calibrate` measures.

    Attributes:
        full: All points from this share of right answers on.
        none: None up to this one; in between they rise evenly.
    """

    full: Share
    none: Share

    @property
    def full_credit(self) -> float:
        """The accuracy from which all points are earned."""
        return self.full

    def share(self, accuracy: float) -> float:
        """The share of the points that an accuracy earns."""
        return min(1.0, max(0.0, (accuracy - self.none) / (self.full - self.none)))


class Requirements(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a course asks for beyond the contract, and which checks it does without.

    Attributes:
        min_blocks: The fewest convolution blocks of the network; a block is convolutions up to where height and width
            are at least halved.
        required_layers: Keras' names of layers that the network must have.
        forbidden_layers: Likewise, of layers that it must not have.
        max_weights: The most weights that the network may have, trained or not.
        optimizers: Keras' names of the optimizers that the network may be compiled with.
        patience: The patience that `train` has by default.
        accuracy: The accuracies that earn points.
        skip: The ids of checks that are not made, and count for nothing.
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
        """The checks of what is stated."""
        return tuple(check for key, check in REQUIREMENT_CHECKS.items() if getattr(self, key))

    def sentences(self, function: str) -> tuple[str, ...]:
        """What the starter says of the requirements in the docstring of a function."""
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
"""The check of each requirement, by its key; `accuracy` is judged by the check that is there for it."""


def listed(names: tuple[str, ...], word: str) -> str:
    """Names as a sentence has them: `A, B and C`."""
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else names[0]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
