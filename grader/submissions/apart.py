"""Parse submissions in a separate process with limits of time and memory.

Some texts keep Python's parser busy for an hour, or fill the memory.  Such a submission counts as one that cannot be
read, and the rest of the class is graded.
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
"""The time limit.  Most submissions are read in less than half a second, so this suffices on a busy machine too."""

_MEMORY_BYTES: Final = 2 * 2**30  # of address space
_NO_MEMORY: Final = 3
"""The exit status of the process if the memory is not enough."""

_PACKAGE: Final = Path(__file__).parents[2]
_CODE: Final = "import sys; sys.path.insert(0, {!r}); from {} import main; main()"


class GivenUp(Exception):
    """The process reached its limit of time or memory; the text completes a sentence about the submission."""


def read_apart(file: SubmissionFile, *, seconds: float = READ_SECONDS) -> Submission:
    """Read a submission as `read_submission` does, but parse it in a separate process."""
    return parse_apart(fetch(file), seconds=seconds)


def parse_apart(handed_in: SubmissionBytes, *, seconds: float = READ_SECONDS) -> Submission:
    """Parse a submission as `parse_submission` does, in a process that is ended if it takes too long.

    Args:
        handed_in: The submission.
        seconds: The time limit.

    Returns:
        The submission.  If the process reached a limit, its `problem` says so.

    Raises:
        GraderError: If the process failed for a reason that is not the submission's fault.
    """
    try:
        return decode(work_apart("grader.submissions.apart", encode(handed_in), seconds=seconds), Submission)
    except GivenUp as given_up:
        file = handed_in.file
        kind = "notebook" if file.path.suffix.lower() == ".ipynb" else "py"
        problem = f"{printable(file.path.name)} {given_up}; hand in code only, and no data written as code."
        return Submission(file.id, file.path, "", kind, problem)


def work_apart(module: str, content: bytes, *, seconds: float) -> bytes:
    """Run the `main` of a module in a separate process, and return what it writes to its standard output.

    Args:
        module: The module; its `main` calls `serve`.
        content: The standard input of the process.
        seconds: The time limit.

    Raises:
        GivenUp: If the process reached its limit of time or memory.
        GraderError: If the process failed for a reason that is not the submissions' fault.
    """
    # `-I`: if the working folder holds submissions, they must not shadow modules of the standard library.
    command = [sys.executable, "-I", "-B", "-c", _CODE.format(str(_PACKAGE), module)]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise GivenUp(f"takes more than {seconds:g} seconds to be parsed") from None
    # Python's parser may also overflow the stack, or abort, instead of raising MemoryError.
    if done.returncode in (_NO_MEMORY, -signal.SIGSEGV, -signal.SIGABRT):
        raise GivenUp("cannot be parsed in the memory that there is for it")
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"]
        raise GraderError(f"the process that parses submissions failed ({lines[-1][:200]}); try it again.")
    return done.stdout


def serve(work: Callable[[bytes], bytes]) -> None:
    """Apply a function to the standard input and write its result to the standard output; runs in the new process."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    try:
        sys.stdout.buffer.write(work(sys.stdin.buffer.read()))
    except MemoryError:
        sys.exit(_NO_MEMORY)


def encode(record: object) -> bytes:
    """Encode a record, which may have paths in it, as msgpack."""
    # `os.fsencode`, because a file name on Linux may be any bytes.
    return msgspec.msgpack.encode(record, enc_hook=os.fsencode)


def decode(content: bytes, kind: type[T]) -> T:
    """Decode a record that `encode` encoded."""
    return msgspec.msgpack.decode(content, type=kind, dec_hook=_path)


def _path(_: type, value: Any) -> Path:
    return Path(os.fsdecode(value))


def main() -> None:
    """Parse the submission on the standard input; runs in the new process."""
    serve(lambda content: encode(parse_submission(decode(content, SubmissionBytes))))
