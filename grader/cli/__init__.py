"""The command `grader`: a module here for each family of commands."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any, NoReturn

import cyclopts

from grader.cli import deciding, exporting, gradebook, grading, machine, similar, speed, timings, validating, watching
from grader.cli.app import app
from grader.ground.errors import GraderError
from grader.ground.notes import say

COMMANDS = (grading, watching, gradebook, deciding, speed, timings, machine, exporting, similar, validating)
"""The modules that add commands to the app as they are imported."""


def _stop(*_: Any) -> None:
    """Being asked to end is as Ctrl-C: what is finished is kept, and what was started is ended."""
    raise KeyboardInterrupt


def _wrong_use(error: cyclopts.CycloptsError) -> str:
    """What is wrong with a command line, and where the right use is shown."""
    command = " ".join(("grader", *(error.command_chain or ())))
    if isinstance(error, cyclopts.UnusedCliTokensError) and error.unused_tokens:
        said = f"{error.unused_tokens[0]}: is one argument too many."
    elif isinstance(error, cyclopts.UnknownCommandError) and error.unused_tokens:
        said = f"{error.unused_tokens[0]}: there is no such command."
    else:
        said = " ".join(str(error).split())
    return said if said.endswith("?") else f"{said.rstrip('.')}; see `{command} --help`."


def main() -> NoReturn:
    """Run the command line: expected faults end in one sentence and an exit status, never in a traceback."""
    signal.signal(signal.SIGTERM, _stop)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # else it is left to `nohup`
        signal.signal(signal.SIGHUP, _stop)  # the terminal was closed
    # Otherwise a Python that is started looks for modules in the current folder, where submissions may lie.
    os.environ["PYTHONSAFEPATH"] = "1"
    # Hypothesis keeps tables that it could compute, in the current folder, unless it cannot write where it is told to.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", os.devnull)
    try:
        status = app(sys.argv[1:], exit_on_error=False, print_error=False)
    except GraderError as error:
        say(str(error))
        sys.exit(error.exit_code)
    except cyclopts.CycloptsError as error:
        say(_wrong_use(error))
        sys.exit(2)
    except KeyboardInterrupt:
        say("stopped.")
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(3)
    sys.exit(status if isinstance(status, int) else 0)
