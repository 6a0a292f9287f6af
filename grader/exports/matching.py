"""Which row of another system's file belongs to which submission: what is said in so many words, and no guesses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from grader.exports.tables import listed

# The names that Canvas and Moodle give to what is downloaded from them hold the number of the person:
# doejane_LATE_1234_5678_solution, which `submissions_in` makes doejane_canvas1234, and
# Jane Doe_12345_assignsubmission_file.
_NUMBERS: Final = (
    re.compile(r"[^_]+_(?:late_)?(\d+)_\d+_.+", re.IGNORECASE),
    re.compile(r"[^_]+_canvas(\d+)"),
    re.compile(r".+_(\d+)_assignsubmission_(?:file|onlinetext)_?", re.IGNORECASE),
)


class Matches(msgspec.Struct, frozen=True):
    """Who is who.

    Attributes:
        rows: The row of each submission that has one.
        notes: Who was found on one side only, or more than once.
    """

    rows: dict[str, int]
    notes: tuple[str, ...]


def match(submissions: Sequence[str], people: Mapping[int, Sequence[str]]) -> Matches:
    """Find the row of each submission.

    Args:
        submissions: Their ids.
        people: For each row what may name its person, in order of weight: number, login, name.  What comes
            earlier decides.

    Returns:
        Rows for those submissions that name exactly one person whom no other submission names.
    """
    found: dict[str, int] = {}
    doubtful: list[str] = []
    width = max((len(names) for names in people.values()), default=0)
    for submission in submissions:
        names = _names(submission)
        candidates: list[int] = []
        for column in range(width):
            candidates = [row for row, own in people.items() if column < len(own) and _key(own[column]) in names]
            if candidates:
                break
        if len(candidates) == 1:
            found[submission] = candidates[0]
        elif candidates:
            doubtful.append(submission)
    taken = list(found.values())
    doubtful += [submission for submission, row in found.items() if taken.count(row) > 1]
    rows = {submission: row for submission, row in found.items() if submission not in doubtful}
    nobody = [name for name in submissions if name not in rows and name not in doubtful]
    left = [_called(people[row]) for row in people if row not in rows.values()]
    notes = (
        (f"In no row, so left out: {listed(nobody)}.", nobody),
        (
            f"In doubt, since several rows or submissions have that name, so left out: {listed(sorted(doubtful))}.",
            doubtful,
        ),
        (f"Rows without a submission, left as they were: {listed(left)}.", left),
    )
    return Matches(rows, tuple(text for text, names in notes if names))


def _key(name: str) -> str:
    """A name as it is compared: `Doe, Jane` is `jane doe`."""
    last, comma, first = name.partition(",")
    text = f"{first} {last}" if comma else name
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _names(submission: str) -> set[str]:
    """What a submission's id says of its person; never the empty name."""
    numbers = {matched[1] for pattern in _NUMBERS if (matched := pattern.fullmatch(submission))}
    return ({_key(submission)} | numbers) - {""}


def _called(names: Sequence[str]) -> str:
    return next((name for name in reversed(names) if name.strip()), "nameless")
