"""The parts of the starter file that differ between courses: data set, points and requirements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from grader.assignment import contract
from grader.assignment.requirements import Requirements
from grader.assignment.subject import USUAL, Subject, in_words


class Brief(msgspec.Struct, frozen=True):
    """The parts of the starter file that differ between courses.

    Attributes:
        subject: The images and classes of the course.
        requirements: What the course asks for beyond the contract.
        points: Points by task number, for tasks whose points differ from the contract.
        own: The course's own checks; the starter shows their titles to students.
    """

    subject: Subject = USUAL
    requirements: Requirements = Requirements()
    points: Mapping[int, float] = msgspec.field(default_factory=dict)
    own: tuple[contract.Check, ...] = ()

    @property
    def title(self) -> str:
        """One sentence that says what the project is."""
        return (
            f"Course project: tell {in_words(len(self.subject.classes))} classes of {self.subject.title} apart with a "
            "small convolutional network in Keras."
        )

    @property
    def functions(self) -> tuple[contract.Function, ...]:
        """The functions of the contract, with the course's defaults, and its requirements in their details."""
        # Requirements and own checks become sentences of the docstring, so that students see what is checked.
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
"""The brief of a course that changes nothing."""
