"""Read submissions and prepare their code for the comparison, in a separate process with a time limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from grader.assignment.starter import guided_notebook, guided_source, starter_notebook, starter_source
from grader.similarity.normal import pieces_of
from grader.similarity.records import Code, Piece
from grader.submissions import Submission, SubmissionBytes, SubmissionFile, fetch, parse_submission
from grader.submissions.apart import READ_SECONDS, GivenUp, decode, encode, serve, work_apart
from grader.submissions.files import printable
from grader.submissions.parsing import ParseError, parse

_AT_ONCE: Final = 50
"""The number of submissions that one process reads; starting a process takes about as long as reading ten."""

_BYTES_AT_ONCE: Final = 50_000_000
"""The number of bytes after which one process gets no more submissions, because its memory is limited.

A notebook with pictures has a few megabytes.
"""


def read_all(files: Iterable[SubmissionFile], *, seconds: float = READ_SECONDS) -> Iterator[Code]:
    """Read submissions, and split their code into pieces.

    Args:
        files: The submissions.
        seconds: The time limit for one submission.

    Yields:
        The code of each submission, in order; if it cannot be read, its `problem` says why.

    Raises:
        GraderError: If the process that reads them failed for a reason that is not their fault.
    """
    waiting: list[SubmissionBytes] = []
    for file in files:
        waiting.append(fetch(file))
        if len(waiting) == _AT_ONCE or sum(len(one.data) for one in waiting) > _BYTES_AT_ONCE:
            yield from _read(waiting, seconds)
            waiting = []
    if waiting:
        yield from _read(waiting, seconds)


def _read(handed_in: Sequence[SubmissionBytes], seconds: float) -> Iterator[Code]:
    """Read some submissions in one process; if that reaches a limit, read each of them in a process of its own."""
    # Twice the time for a batch, so that a busy machine alone does not cause all of them to be read again.
    together = seconds if len(handed_in) == 1 else 2 * seconds
    try:
        done = work_apart("grader.similarity.reading", encode(handed_in), seconds=together)
        yield from decode(done, tuple[Code, ...])
    except GivenUp as given_up:
        if len(handed_in) == 1:
            name = printable(handed_in[0].file.path.name)
            yield Code(handed_in[0].file.id, name, f"{name} {given_up}.")
            return
        for one in handed_in:
            yield from _read([one], seconds)


def starters() -> list[Code]:
    """Return the code of the starter files, which everybody is given: both forms, as Python and as a notebook."""
    given = {
        "starter.py": starter_source(),
        "starter.ipynb": starter_notebook(),
        "guided.py": guided_source(),
        "guided.ipynb": guided_notebook(),
    }
    return [code_of(SubmissionBytes(SubmissionFile(name, Path(name)), text.encode())) for name, text in given.items()]


def code_of(handed_in: SubmissionBytes) -> Code:
    """Return the code of a submission; runs in the process that reads them."""
    submission = parse_submission(handed_in)
    name = printable(handed_in.file.path.name)
    problem = submission.problem or submission.too_new
    if problem:
        return Code(submission.id, name, problem)
    try:
        return Code(submission.id, name, "", _pieces(submission), submission.cells, submission.program)
    except (ParseError, RecursionError):
        return Code(submission.id, name, f"{name} has code that is nested too deeply to be compared.")


def _pieces(submission: Submission) -> tuple[Piece, ...]:
    pieces = []
    for found in pieces_of(parse(submission.program)):
        (cell, first), (_, last) = submission.locate(found.first), submission.locate(found.last)
        pieces.append(Piece(cell, first, max(first, last), found.features))
    return tuple(pieces)


def main() -> None:
    """Read the submissions on the standard input; runs in the new process."""
    serve(lambda content: encode([code_of(one) for one in decode(content, tuple[SubmissionBytes, ...])]))
