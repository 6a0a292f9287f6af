"""The command line `grader`, with one module for each family of commands."""

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
"""The modules whose import adds commands to the app."""


def _stop(*_: Any) -> None:
    """Handle a signal that asks the program to end like Ctrl-C: keep finished results, end child processes."""
    raise KeyboardInterrupt


def _wrong_use(error: cyclopts.CycloptsError) -> str:
    """Return a sentence that says what is wrong with a command line and which help to read."""
    command = " ".join(("grader", *(error.command_chain or ())))
    if isinstance(error, cyclopts.UnusedCliTokensError) and error.unused_tokens:
        said = f"{error.unused_tokens[0]}: is one argument too many."
    elif isinstance(error, cyclopts.UnknownCommandError) and error.unused_tokens:
        said = f"{error.unused_tokens[0]}: there is no such command."
    else:
        said = " ".join(str(error).split())
    return said if said.endswith("?") else f"{said.rstrip('.')}; see `{command} --help`."


def main() -> NoReturn:
    """Run the command line; an expected error ends in one sentence and an exit status, never in a traceback."""
    signal.signal(signal.SIGTERM, _stop)
    # SIGHUP means that the terminal was closed.  Under `nohup` it is ignored, and must stay so.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _stop)
    # Otherwise Python child processes would import modules from the current folder, which may hold submissions.
    os.environ["PYTHONSAFEPATH"] = "1"
    # Hypothesis caches tables in the current folder unless it is given a place that it cannot write to.
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
