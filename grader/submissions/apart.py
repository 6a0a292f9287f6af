"""Reading a submission in a process of its own, with a clock.

Python's parser is given text that somebody else wrote, and some text keeps it busy for hours, or fills the memory:
then the submission cannot be read, and the class is graded all the same.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from grader.ground.errors import GraderError
from grader.submissions.files import printable
from grader.submissions.reading import fetch, parse_submission
from grader.submissions.records import Submission, SubmissionBytes, SubmissionFile

T = TypeVar("T")

READ_SECONDS: Final = 30.0
"""Far more than any course project takes, on a busy machine too: most are read in less than half a second."""

_MEMORY_BYTES: Final = 2 * 2**30
_NO_MEMORY: Final = 3
"""The exit status of the process where that is too little."""

_PACKAGE: Final = Path(__file__).parents[2]
_CODE: Final = "import sys; sys.path.insert(0, {!r}); from {} import main; main()"


class GivenUp(Exception):
    """What a process was to do did not come to an end; its text ends a sentence about the submission."""


def read_apart(file: SubmissionFile, *, seconds: float = READ_SECONDS) -> Submission:
    """Read a submission as `read_submission` does, and parse it apart."""
    return parse_apart(fetch(file), seconds=seconds)


def parse_apart(handed_in: SubmissionBytes, *, seconds: float = READ_SECONDS) -> Submission:
    """Parse a submission as `parse_submission` does, in a process that is ended where it takes too long.

    Args:
        handed_in: The submission.
        seconds: How long that may take.

    Returns:
        The submission.  If parsing it does not come to an end, its `problem` says so.

    Raises:
        GraderError: If the process failed for a reason that is not the submission's.
    """
    try:
        return decode(work_apart("grader.submissions.apart", encode(handed_in), seconds=seconds), Submission)
    except GivenUp as given_up:
        file = handed_in.file
        kind = "notebook" if file.path.suffix.lower() == ".ipynb" else "py"
        problem = f"{printable(file.path.name)} {given_up}; hand in code only, and no data written as code."
        return Submission(file.id, file.path, "", kind, problem)


def work_apart(module: str, content: bytes, *, seconds: float) -> bytes:
    """Have something made of submissions in a process of its own.

    Args:
        module: Where its `main` is, which calls `serve`.
        content: What that is given.
        seconds: How long it may take.

    Raises:
        GivenUp: If it took longer, or more memory than there is for it.
        GraderError: If the process failed for a reason that is not the submissions'.
    """
    # Isolated: a folder of submissions that is the working folder shadows no module of Python's own.
    command = [sys.executable, "-I", "-B", "-c", _CODE.format(str(_PACKAGE), module)]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise GivenUp(f"takes more than {seconds:g} seconds to be parsed") from None
    if done.returncode in (_NO_MEMORY, -signal.SIGSEGV, -signal.SIGABRT):
        raise GivenUp("cannot be parsed in the memory that there is for it")
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"]
        raise GraderError(f"the process that parses submissions failed ({lines[-1][:200]}); try it again.")
    return done.stdout


def serve(work: Callable[[bytes], bytes]) -> None:
    """In the new process: make of the standard input what goes to the standard output."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    try:
        sys.stdout.buffer.write(work(sys.stdin.buffer.read()))
    except MemoryError:
        sys.exit(_NO_MEMORY)


def encode(record: object) -> bytes:
    """A record with paths, to be sent."""
    return msgspec.msgpack.encode(record, enc_hook=os.fsencode)


def decode(content: bytes, kind: type[T]) -> T:
    """The record that was sent."""
    return msgspec.msgpack.decode(content, type=kind, dec_hook=_path)


def _path(_: type, value: Any) -> Path:
    return Path(os.fsdecode(value))


def main() -> None:
    """In the new process: parse the submission on the standard input."""
    serve(lambda content: encode(parse_submission(decode(content, SubmissionBytes))))
