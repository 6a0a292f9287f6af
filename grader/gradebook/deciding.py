"""Writing people's decisions into the gradebook: extensions, excuses, groups, comments, and taking them back.

Each call is one transaction.  Each decision is a row of its own, which is never changed.  A call that is refused raises
a `UsageError` with one sentence, and has written nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from grader.gradebook.decisions import standing
from grader.gradebook.lists import Share, Wording
from grader.gradebook.records import Adjustment, Comment, Decision, Kind
from grader.gradebook.store import Gradebook
from grader.ground.errors import UsageError, nearest
from grader.ground.text import moment, utc


class Signed(msgspec.Struct, frozen=True):
    """The signature under a decision: who made it, why and when.

    Attributes:
        by: The person's name.
        reason: The reason.
        at: The time: see `grader.ground.text.utc`.
    """

    by: str
    reason: str
    at: str

    def refuse_blank(self) -> None:
        """Make sure that there is a name and a reason.

        Raises:
            UsageError: If either is blank.
        """
        if not self.reason.strip():
            raise UsageError("give a reason: somebody will ask for it.")
        if not self.by.strip():
            raise UsageError("give a name: somebody has to answer for it.")


def extend(book: Gradebook, name: str, deadline: datetime, signed: Signed, *, ahead: bool = False) -> Decision:
    """Give a later deadline to a student, or to all students who share a submission.

    Args:
        book: The gradebook.
        name: The student or the submission.
        deadline: The later deadline.
        signed: Who decides, why and when.
        ahead: Whether to accept a student who has not handed in anything yet.

    Raises:
        UsageError: If there is no such student, the course has no deadline, the new deadline is not later than the
            course's, or the student has it already.
    """
    signed.refuse_blank()
    due = book.course.late.deadline
    if due is None:
        raise UsageError("late.deadline: is not set in the course file, so there is nothing to extend.")
    value = utc(deadline)
    if deadline <= due:
        raise UsageError(f"{moment(value)}: is not after the course's deadline, {moment(utc(due))}.")
    with book.writing():
        if not ahead:
            _refuse_unknown(book, name)
        before = book.roll().people.latest("extension", (name,))
        if before is not None and before.value == value:
            raise UsageError(f"{name}: has that deadline already, {_signature(before)}.")
        return _decide(book, name, "extension", value, signed)


def excuse(book: Gradebook, name: str, signed: Signed, *, ahead: bool = False) -> Decision:
    """Excuse a student, or all students who share a submission, so that nothing counts for them.

    Args:
        book: The gradebook.
        name: The student or the submission.
        signed: Who decides, why and when.
        ahead: Whether to accept a student who has not handed in anything yet.

    Raises:
        UsageError: If there is no such student, or the student is already excused.
    """
    signed.refuse_blank()
    with book.writing():
        if not ahead:
            _refuse_unknown(book, name)
        before = book.roll().people.latest("excuse", book.roll().titles(name))
        if before is not None:
            with_others = "" if before.student == name else f" with {before.student}"
            raise UsageError(f"{name}: is excused already{with_others}, {_signature(before)}.")
        return _decide(book, name, "excuse", "", signed)


def undo(book: Gradebook, name: str, kind: Kind, signed: Signed) -> Decision:
    """Take back the latest decision of a kind about a student; the decision that it had replaced holds again.

    Returns:
        The decision that was taken back.

    Raises:
        UsageError: If there is no decision of this kind under exactly this name.
    """
    signed.refuse_blank()
    what = {"extension": "no extension", "excuse": "no excuse"}[kind]
    with book.writing():
        people = book.roll().people
        before = people.latest(kind, (name,))
        if before is None:
            shared = people.latest(kind, book.roll().titles(name))
            if shared is not None:
                raise UsageError(f"{name}: has {what} alone; take back that of {shared.student}, which holds for all.")
            raise UsageError(
                f"{name}: has {what} that could be taken back{_meant(name, list(people.of_kind.get(kind, ())))}"
            )
        _decide(book, name, kind, before.value, signed, undoes=before.number)
    return before


class Groups(msgspec.Struct, frozen=True):
    """What loading a groups file changed.

    Attributes:
        joined: The students who joined a group, each with the submission.
        left: The students who left a group, each with the submission.
        unknown: The submissions in the file that nobody has handed in so far.
    """

    joined: tuple[tuple[str, str], ...]
    left: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]


def put_groups(book: Gradebook, shares: Sequence[Share], signed: Signed) -> Groups:
    """Record the students of each submission that a groups file names; other submissions are left as they are.

    A student who was in another group before leaves it.

    Raises:
        UsageError: If the name of the person who decides, or the reason, is missing.
    """
    signed.refuse_blank()
    wanted = {share.student: share.submission for share in shares}
    with book.writing():
        now = [decision for decision in standing(book.decisions()) if decision.kind == "group"]
        kept, left = set(), []
        for decision in now:
            new = wanted.get(decision.student)
            if new == decision.value:
                kept.add(decision.student)
            elif new is not None or decision.value in wanted.values():
                _decide(book, decision.student, "group", decision.value, signed, undoes=decision.number)
                left.append((decision.student, decision.value))
        joined = [(student, submission) for student, submission in wanted.items() if student not in kept]
        for student, submission in joined:
            _decide(book, student, "group", submission, signed)
        known = book.roll().submissions
        unknown = sorted({submission for submission in wanted.values() if submission not in known})
    return Groups(tuple(joined), tuple(left), tuple(unknown))


def put_comments(book: Gradebook, wordings: Sequence[Wording], signed: Signed) -> list[Comment]:
    """Add comments to the library, as new comments or as new versions of those whose text, points or check differ.

    Returns:
        The comments that were added, without those that have not changed.

    Raises:
        UsageError: If the name of the person who decides, or the reason, is missing.
    """
    signed.refuse_blank()
    added = []
    with book.writing():
        latest = {comment.id: comment for comment in book.comments()}
        for wording in wordings:
            before = latest.get(wording.id)
            same = before and (before.text, before.points, before.check) == (
                wording.text,
                wording.points,
                wording.check,
            )
            if not same:
                row = {"id": wording.id, "text": wording.text, "points": wording.points, "check_id": wording.check}
                number = book.insert(
                    "comments", {**row, "reason": signed.reason, "made_by": signed.by, "made_at": signed.at}
                )
                wrote = (signed.reason, signed.by, signed.at)
                added.append(Comment(number, wording.id, wording.text, wording.points, wording.check, *wrote))
    return added


def comment(book: Gradebook, name: str, comment_id: str, *, by: str, at: str) -> Adjustment:
    """Give a comment from the library, with its points, to a student or to all students who share a submission.

    Raises:
        UsageError: If there is no such student or comment, the student has the comment already, no attempt has the
            check that it is for, or nobody's name is given.
    """
    if not by.strip():
        raise UsageError("give a name: somebody has to answer for the points.")
    with book.writing():
        latest = {each.id: each for each in book.comments()}
        if comment_id not in latest:
            known = nearest(comment_id, list(latest)) if latest else "; `grader gradebook comments FILE` adds some."
            raise UsageError(f"{comment_id}: is no comment of the library{known}")
        for student in (name, *(entry.student for entry in book.rows(name))):
            for each in book.adjustments(student):
                if each.comment == comment_id and not each.withdrawn_at:
                    raise UsageError(f"{student}: has {comment_id} already, as adjustment {each.number}.")
        wording = latest[comment_id]
        checks = list({line.id: None for attempt in book.attempts(name) for line in attempt.result.checks})
        if wording.check and wording.check not in checks:
            raise UsageError(f"{wording.check}: no attempt of {name} has such a check{nearest(wording.check, checks)}")
        row = {"submission": name, "check_id": wording.check, "points": wording.points, "reason": wording.text}
        number = book.insert(
            "adjustments", {**row, "made_by": by, "made_at": at, "withdrawn_at": "", "comment": comment_id}
        )
    return Adjustment(number, name, wording.check, wording.points, wording.text, by, at, "", comment_id)


def used_as(book: Gradebook, name: str, comment_id: str) -> int:
    """Return the number of the adjustment through which a student was given a comment from the library.

    Raises:
        UsageError: If the student does not have the comment, or has it only through a shared submission.
    """
    book.refuse_unknown_name(name)
    used = {each.comment: each for each in book.adjustments(name) if each.comment and not each.withdrawn_at}
    if comment_id not in used:
        raise UsageError(f"{name}: does not have {comment_id}{nearest(comment_id, list(used)) if used else '.'}")
    given_to = used[comment_id].submission
    if given_to != name:
        raise UsageError(f"{name}: has {comment_id} with others; take back that of {given_to}, which holds for all.")
    return used[comment_id].number


def _decide(book: Gradebook, name: str, kind: Kind, value: str, signed: Signed, *, undoes: int = 0) -> Decision:
    row = {"student": name, "kind": kind, "value": value, "reason": signed.reason, "made_by": signed.by}
    # NULL and not 0, since the unique index on `undoes` lets each decision be taken back only once.
    number = book.insert("decisions", {**row, "made_at": signed.at, "undoes": undoes or None})
    return Decision(number, name, kind, value, signed.reason, signed.by, signed.at, undoes)


def _refuse_unknown(book: Gradebook, name: str) -> None:
    try:
        book.refuse_unknown_name(name)
    except UsageError as error:
        more = " A student who has handed in nothing so far is taken with --ahead."
        raise UsageError(f"{error}{more}") from None


def _meant(name: str, known: Sequence[str]) -> str:
    return nearest(name, known) if known else "."


def _signature(decision: Decision) -> str:
    return f"by {decision.by} on {decision.at[:10]}"
