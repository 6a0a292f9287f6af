"""What people decided about students, put together from a list that only grows.  Pure functions.

A decision that another one takes back does not stand, and neither does the one that takes it back.  Of what stands
the latest counts: a second extension replaces the first, and where it is taken back, the first holds again.

Several students may share a submission: those that a file of groups names, else those in its name, where the course
goes by names.  What is decided about the submission holds for all of them, unless one of them has its name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from grader.gradebook.layers import Exceptions
from grader.gradebook.records import Decision, Kind

JOINER: Final = "+"
"""Stands between the names of students who share a submission: `ada+ben.py`."""


def standing(decisions: Iterable[Decision]) -> list[Decision]:
    """The decisions that hold, oldest first."""
    every = list(decisions)
    undone = {decision.undoes for decision in every}
    return [decision for decision in every if not decision.undoes and decision.number not in undone]


class People(msgspec.Struct, frozen=True):
    """Who shares which submission, and what holds for whom.

    Attributes:
        recorded: The students of each submission that a file of groups names.
        of_kind: What stands of each kind, by student, the latest decision alone.
        by_names: Whether a submission's name may say whose work it is.
    """

    recorded: dict[str, tuple[str, ...]]
    of_kind: dict[Kind, dict[str, Decision]]
    by_names: bool

    def of(self, submission: str) -> tuple[str, ...]:
        """The students whose work a submission is; its own name where it is of one."""
        if submission in self.recorded:
            return self.recorded[submission]
        names = submission.split(JOINER) if self.by_names else []
        return tuple(dict.fromkeys(names)) if len(names) > 1 and all(names) else (submission,)

    def titles(self, student: str, submission: str) -> tuple[str, ...]:
        """The names under which something is decided that holds for a student of a submission."""
        return (student,) if submission in self.of(submission) else (submission, student)

    def latest(self, kind: Kind, names: Iterable[str]) -> Decision | None:
        """The latest decision of a kind that stands under one of some names; `None` where there is none."""
        found = [decision for name in names if (decision := self.of_kind.get(kind, {}).get(name))]
        return max(found, key=lambda decision: decision.number, default=None)

    def extended_to(self, names: Iterable[str]) -> str:
        """The latest of the deadlines under some names, so that nobody loses by what all were given; or empty."""
        extensions = [self.latest("extension", (name,)) for name in names]
        return max((extension.value for extension in extensions if extension), default="")

    def exceptions(self, student: str, submission: str, late_days_before: int = 0) -> Exceptions:
        """What holds for a student of a submission and not for the class."""
        names = self.titles(student, submission)
        return Exceptions(
            extended_to=self.extended_to(names),
            excused=self.latest("excuse", names) is not None,
            group="" if self.of(submission) == (submission,) else submission,
            late_days_before=late_days_before,
        )


def people_of(decisions: Iterable[Decision], *, by_names: bool) -> People:
    """What stands of some decisions.

    Args:
        decisions: All of them, oldest first.
        by_names: Whether a submission's name may say whose work it is.
    """
    of_kind: dict[Kind, dict[str, Decision]] = {}
    recorded: dict[str, list[str]] = {}
    for decision in standing(decisions):
        of_kind.setdefault(decision.kind, {})[decision.student] = decision
        if decision.kind == "group":
            recorded.setdefault(decision.value, []).append(decision.student)
    return People({name: tuple(students) for name, students in recorded.items()}, of_kind, by_names)


class Roll(msgspec.Struct, frozen=True):
    """Who there is.

    Attributes:
        people: Who shares which submission, and what holds for whom.
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
        """The students of each submission that several share, sorted by its id; also of those not handed in so far."""
        every = sorted({*self.people.recorded, *self.submissions})
        students = {submission: self.people.of(submission) for submission in every}
        return {submission: names for submission, names in students.items() if names != (submission,)}

    def is_known(self, name: str) -> bool:
        """Whether a row or a submission has a name, or something was decided about it."""
        people = self.people
        decided = any(name in students for students in people.of_kind.values())
        return decided or name in people.recorded or name in self.names

    def students(self, name: str) -> tuple[str, ...]:
        """The student of a name, or those who share a submission of that name."""
        names = self.people.of(name) if name in self.submissions else (name,)
        return (name,) if name in names else names

    def titles(self, student: str) -> tuple[str, ...]:
        """The names under which something is decided that holds for a student: the student's, and of what is shared."""
        shared = self.shares.get(student, ())
        of_shared = (title for submission in shared for title in self.people.titles(student, submission))
        return tuple(dict.fromkeys((student, *of_shared)))


def roll_of(people: People, submissions: Iterable[str]) -> Roll:
    """Who there is, from who shares what and the submissions there are."""
    every = tuple(submissions)
    shares: dict[str, tuple[str, ...]] = {}
    for submission in every:
        for student in people.of(submission):
            shares[student] = (*shares.get(student, ()), submission)
    excused = {student for title in people.of_kind.get("excuse", {}) for student in people.of(title)}
    return Roll(people, every, shares, frozenset(excused - set(shares)))
