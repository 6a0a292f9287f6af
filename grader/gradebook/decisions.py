"""Which decisions about students hold, derived from a list of decisions that only grows.  Pure functions.

A decision that was taken back by another one does not stand, and neither does the one that took it back.  Among those
that stand, the latest counts: a second extension replaces the first, and if it is taken back, the first holds again.

Several students may share a submission: those that a groups file names or, if the course goes by names, those in the
submission's own name.  A decision about the submission holds for all of them, unless one of them has the same name as
the submission: then it is about that student alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from grader.gradebook.layers import Exceptions
from grader.gradebook.records import Decision, Kind

JOINER: Final = "+"
"""The character between the names of students who share a submission, as in `ada+ben.py`."""


def standing(decisions: Iterable[Decision]) -> list[Decision]:
    """Return the decisions that stand, oldest first."""
    every = list(decisions)
    undone = {decision.undoes for decision in every}
    return [decision for decision in every if not decision.undoes and decision.number not in undone]


class People(msgspec.Struct, frozen=True):
    """Who shares which submission, and which decisions hold for whom.

    Attributes:
        recorded: The students of each submission that a groups file names.
        of_kind: For each kind of decision, the latest one that stands about each student or submission.
        by_names: Whether a submission's name tells who its students are.
    """

    recorded: dict[str, tuple[str, ...]]
    of_kind: dict[Kind, dict[str, Decision]]
    by_names: bool

    def of(self, submission: str) -> tuple[str, ...]:
        """Return the students of a submission; for a submission of one student, the submission's own name."""
        if submission in self.recorded:
            return self.recorded[submission]
        names = submission.split(JOINER) if self.by_names else []
        return tuple(dict.fromkeys(names)) if len(names) > 1 and all(names) else (submission,)

    def titles(self, student: str, submission: str) -> tuple[str, ...]:
        """Return the names under which decisions hold for a student of a submission."""
        return (student,) if submission in self.of(submission) else (submission, student)

    def latest(self, kind: Kind, names: Iterable[str]) -> Decision | None:
        """Return the latest standing decision of a kind under any of the names, or `None` if there is none."""
        found = [decision for name in names if (decision := self.of_kind.get(kind, {}).get(name))]
        return max(found, key=lambda decision: decision.number, default=None)

    def extended_to(self, names: Iterable[str]) -> str:
        """Return the latest deadline that was given under any of the names; empty if none was.

        The latest deadline is taken so that an extension for a whole group cannot shorten a student's own.
        """
        extensions = [self.latest("extension", (name,)) for name in names]
        return max((extension.value for extension in extensions if extension), default="")

    def exceptions(self, student: str, submission: str, late_days_before: int = 0) -> Exceptions:
        """Return what holds for a student of a submission but not for the whole class."""
        names = self.titles(student, submission)
        return Exceptions(
            extended_to=self.extended_to(names),
            excused=self.latest("excuse", names) is not None,
            group="" if self.of(submission) == (submission,) else submission,
            late_days_before=late_days_before,
        )


def people_of(decisions: Iterable[Decision], *, by_names: bool) -> People:
    """Derive from all decisions who shares which submission and what holds for whom.

    Args:
        decisions: All decisions, oldest first.
        by_names: Whether a submission's name tells who its students are.
    """
    of_kind: dict[Kind, dict[str, Decision]] = {}
    recorded: dict[str, list[str]] = {}
    for decision in standing(decisions):
        of_kind.setdefault(decision.kind, {})[decision.student] = decision
        if decision.kind == "group":
            recorded.setdefault(decision.value, []).append(decision.student)
    return People({name: tuple(students) for name, students in recorded.items()}, of_kind, by_names)


class Roll(msgspec.Struct, frozen=True):
    """All students and submissions of a gradebook.

    Attributes:
        people: Who shares which submission, and which decisions hold for whom.
        submissions: The ids of all submissions.
        shares: The submissions of each student.
        only_excused: The students who are excused and handed in nothing.
    """

    people: People
    submissions: tuple[str, ...]
    shares: dict[str, tuple[str, ...]]
    only_excused: frozenset[str]

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that a row or a submission has."""
        return tuple(dict.fromkeys((*self.submissions, *self.shares, *sorted(self.only_excused))))

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """The students of each shared submission, sorted by its id, including submissions not handed in so far."""
        every = sorted({*self.people.recorded, *self.submissions})
        students = {submission: self.people.of(submission) for submission in every}
        return {submission: names for submission, names in students.items() if names != (submission,)}

    def is_known(self, name: str) -> bool:
        """Whether a name is that of a row or a submission, or something was decided about it."""
        people = self.people
        decided = any(name in students for students in people.of_kind.values())
        return decided or name in people.recorded or name in self.names

    def students(self, name: str) -> tuple[str, ...]:
        """Return the student with a name, or the students who share the submission with that name."""
        names = self.people.of(name) if name in self.submissions else (name,)
        return (name,) if name in names else names

    def titles(self, student: str) -> tuple[str, ...]:
        """Return the names under which decisions hold for a student: the student's, and those of shared submissions."""
        shared = self.shares.get(student, ())
        of_shared = (title for submission in shared for title in self.people.titles(student, submission))
        return tuple(dict.fromkeys((student, *of_shared)))


def roll_of(people: People, submissions: Iterable[str]) -> Roll:
    """Return the roll for the submissions that were handed in and the students who share them."""
    every = tuple(submissions)
    shares: dict[str, tuple[str, ...]] = {}
    for submission in every:
        for student in people.of(submission):
            shares[student] = (*shares.get(student, ()), submission)
    excused = {student for title in people.of_kind.get("excuse", {}) for student in people.of(title)}
    return Roll(people, every, shares, frozenset(excused - set(shares)))
