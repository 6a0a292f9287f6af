"""Finding the row of each submission in another system's file, by exact names and numbers only, without guessing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from grader.exports.tables import listed

# Files downloaded from Canvas and Moodle have the person's number in their names, as in
# doejane_LATE_1234_5678_solution, which `submissions_in` turns into doejane_canvas1234, and in
# Jane Doe_12345_assignsubmission_file.
_NUMBERS: Final = (
    re.compile(r"[^_]+_(?:late_)?(\d+)_\d+_.+", re.IGNORECASE),
    re.compile(r"[^_]+_canvas(\d+)"),
    re.compile(r".+_(\d+)_assignsubmission_(?:file|onlinetext)_?", re.IGNORECASE),
)


class Matches(msgspec.Struct, frozen=True):
    """The result of matching submissions with rows.

    Attributes:
        rows: The row of each submission for which exactly one was found.
        notes: Sentences about submissions and rows that have no counterpart, or more than one.
    """

    rows: dict[str, int]
    notes: tuple[str, ...]


def match(submissions: Sequence[str], people: Mapping[int, Sequence[str]]) -> Matches:
    """Find the row of each submission.

    Args:
        submissions: The ids of the submissions.
        people: For each row the texts that identify its person, the most reliable first: number, login, name.  An
            earlier text takes precedence over later ones.

    Returns:
        The rows of those submissions that match exactly one person whom no other submission matches.
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
    """Normalise a name for comparison: `Doe, Jane` becomes `jane doe`."""
    last, comma, first = name.partition(",")
    text = f"{first} {last}" if comma else name
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _names(submission: str) -> set[str]:
    """Return the normalised names and numbers by which a submission's id identifies its person; none is empty."""
    numbers = {matched[1] for pattern in _NUMBERS if (matched := pattern.fullmatch(submission))}
    return ({_key(submission)} | numbers) - {""}


def _called(names: Sequence[str]) -> str:
    return next((name for name in reversed(names) if name.strip()), "nameless")
