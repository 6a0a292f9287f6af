"""Reading a submission in a process of its own, with a clock.

Python's parser is given text that somebody else wrote, and some text keeps it busy for hours, or fills the memory:
then the submission cannot be read, and the class is graded all the same.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from grader.ground.errors import GraderError
from grader.submissions.files import printable
from grader.submissions.reading import fetch, parse_submission
from grader.submissions.records import Submission, SubmissionBytes, SubmissionFile

READ_SECONDS: Final = 30.0
"""Far more than any course project takes, on a busy machine too: most are read in less than half a second."""

_MEMORY_BYTES: Final = 2 * 2**30
_NO_MEMORY: Final = 3
"""The exit status of the process where that is too little."""

_PACKAGE: Final = Path(__file__).parents[2]
_CODE: Final = "import sys; sys.path.insert(0, {!r}); from grader.submissions.apart import main; main()"


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
        GraderError: The process failed for a reason that is not the submission's.
    """
    # Isolated: a folder of submissions that is the working folder shadows no module of Python's own.
    command = [sys.executable, "-I", "-B", "-c", _CODE.format(str(_PACKAGE))]
    content = msgspec.msgpack.encode(handed_in, enc_hook=os.fsencode)
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return _given_up(handed_in.file, f"takes more than {seconds:g} seconds to be parsed")
    if done.returncode in (_NO_MEMORY, -signal.SIGSEGV, -signal.SIGABRT):
        return _given_up(handed_in.file, "cannot be parsed in the memory that there is for it")
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"]
        raise GraderError(f"the process that parses submissions failed ({lines[-1][:200]}); grade it again.")
    return msgspec.msgpack.decode(done.stdout, type=Submission, dec_hook=_path)


def _given_up(file: SubmissionFile, why: str) -> Submission:
    kind = "notebook" if file.path.suffix.lower() == ".ipynb" else "py"
    problem = f"{printable(file.path.name)} {why}; hand in code only, and no data written as code."
    return Submission(file.id, file.path, "", kind, problem)


def _path(_: type, value: Any) -> Path:
    return Path(os.fsdecode(value))


def main() -> None:
    """In the new process: parse the submission on the standard input, and write it to the standard output."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    handed_in = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=SubmissionBytes, dec_hook=_path)
    try:
        sys.stdout.buffer.write(msgspec.msgpack.encode(parse_submission(handed_in), enc_hook=os.fsencode))
    except MemoryError:
        sys.exit(_NO_MEMORY)
