"""What the starter of a course says in its own way: its data, its points, and what it requires."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from grader.assignment import contract
from grader.assignment.requirements import Requirements
from grader.assignment.subject import USUAL, Subject, in_words


class Brief(msgspec.Struct, frozen=True):
    """What the starter of a course says in its own way.

    Attributes:
        subject: What the course is about.
        requirements: What it asks for beyond the contract.
        points: What each task is worth, by its number, where that differs from the contract.
        own: The checks of the course's own, whose titles its students are told.
    """

    subject: Subject = USUAL
    requirements: Requirements = Requirements()
    points: Mapping[int, float] = msgspec.field(default_factory=dict)
    own: tuple[contract.Check, ...] = ()

    @property
    def title(self) -> str:
        """What the project is, in a sentence."""
        return (
            f"Course project: tell {in_words(len(self.subject.classes))} classes of {self.subject.title} apart with a "
            "small convolutional network in Keras."
        )

    @property
    def functions(self) -> tuple[contract.Function, ...]:
        """The functions, with the course's defaults, and with what it requires of them."""
        return tuple(
            msgspec.structs.replace(
                each,
                details=" ".join(
                    [each.details, *self.requirements.sentences(each.name), *self._own_sentences(each.name)]
                ).strip(),
            )
            for each in contract.functions_for(self.subject, self.requirements.patience)
        )

    def _own_sentences(self, function: str) -> list[str]:
        return [f"Also checked: {check.title}." for check in self.own if check.function == function]


USUAL_BRIEF: Final = Brief()
"""The brief of a course that sets nothing."""
