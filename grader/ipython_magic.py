"""The `%grade` magic, which checks a notebook from inside it; `%load_ext grader` loads it.

This module is the only part of the grader that runs in the kernel.  The checks run in a separate process, which uses
the strongest isolation level that the machine offers and is kept for the next call of `%grade`.  That process ends with
`%grade --stop`, or when the kernel ends for any reason, because its standard input is then closed.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, NoReturn

# The process is isolated (`-I`, in `_start`), so that files next to the notebook shadow no module.  That also ignores
# PYTHONPATH, hence the explicit path of the package.
_PACKAGE: Final = Path(__file__).parents[1]
_CODE: Final = "import sys; sys.path.insert(0, {!r}); from grader.cli.serving import main; main()"
_SECONDS_TO_END: Final = 15

HELP: Final = """%grade              all tasks
%grade 2            one task, or several: %grade 2 3
%grade subset_data  one function, or several
%grade --file NAME  the file as it was saved, in place of what was executed
%grade --stop       end the sandbox, which otherwise ends with the kernel"""


class _WrongUse(Exception):
    """An invalid line after `%grade`; the text says what is wrong with it."""


class _Parser(argparse.ArgumentParser):
    # argparse would exit, which in a kernel shows as a `SystemExit` and a warning.
    def error(self, message: str) -> NoReturn:
        raise _WrongUse(f"{message}; `%grade --help` shows what there is.")


def _parser() -> _Parser:
    parser = _Parser("%grade", add_help=False, allow_abbrev=False)
    parser.add_argument("wanted", nargs="*")
    parser.add_argument("--help", "-h", action="store_true")
    parser.add_argument("--stop", action="store_true")
    parser.add_argument("--file", default="")
    parser.add_argument("--profile", choices=("quick", "standard", "full"))
    parser.add_argument("--form", choices=("auto", "functions", "guided"))
    parser.add_argument("--course")
    parser.add_argument("--dataset")
    return parser


class Grading:
    """The state of `%grade` in one kernel: the process that checks, and the ids of the cells that were run.

    Args:
        shell: The kernel's IPython shell.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._process: subprocess.Popen[str] | None = None
        self._number = 0
        self._cells: dict[int, str] = {}
        self._parser = _parser()

    def note_cell(self, info: Any) -> None:
        """Remember the id of the cell that is about to run, if the front end sends one."""
        if info is not None and info.store_history and getattr(info, "cell_id", None):
            self._cells[self._shell.execution_count] = str(info.cell_id)

    def magic(self, line: str) -> None:
        """Handle a line `%grade ...`.

        Args:
            line: What follows `%grade`.
        """
        try:
            asked = self._parser.parse_args(shlex.split(line, comments=True))
        except (_WrongUse, ValueError) as error:
            print(f"%grade: {error}")
            return
        if asked.help:
            print(HELP)
        elif asked.stop:
            print("The sandbox was ended." if self.stop() else "There is no sandbox.")
        else:
            self._grade(vars(asked))

    def stop(self) -> bool:
        """End the process that checks, and its sandbox with it.

        Returns:
            Whether there was such a process.
        """
        process, self._process = self._process, None
        if process is None:
            return False
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        return True

    def _grade(self, asked: dict[str, Any]) -> None:
        self._number += 1
        request = {
            "number": self._number,
            "name": self._name(),
            "inputs": [] if asked["file"] else self._inputs(),
            **{name: asked[name] for name in ("wanted", "file", "profile", "form", "course", "dataset")},
        }
        shown = _display("Starting the grader…")
        try:
            answer = self._answer(request, shown)
        except KeyboardInterrupt:
            # The process keeps its sandbox; only the checks in progress are stopped.
            self._number += 1
            with contextlib.suppress(OSError):
                self._send({"number": self._number, "stop": True})
            answer = {"problem": "stopped."}
        except OSError:
            self.stop()
            answer = {"problem": "the grader ended unexpectedly; try again."}
        notes = "".join(f"{note}\n" for note in answer.get("notes", ()))
        if "problem" in answer:
            shown.update({"text/plain": f"{notes}%grade: {answer['problem']}"}, raw=True)
        else:
            # A front end that shows HTML leaves out the plain text, so the notes are printed above the result.
            if notes:
                print(notes, end="")
            shown.update({"text/html": answer["html"], "text/plain": answer["text"]}, raw=True)

    def _answer(self, request: dict[str, Any], shown: Any) -> dict[str, Any]:
        """Send a request, and show the progress until the answer arrives.

        Args:
            request: What to check.
            shown: The display to update.

        Raises:
            OSError: If the process has ended.
        """
        self._send(request)
        assert self._process is not None and self._process.stdout is not None
        for line in self._process.stdout:
            answer: dict[str, Any] = json.loads(line)
            if answer["number"] != request["number"]:
                continue  # a late line of a request that was interrupted
            if answer.get("done"):
                return answer
            count = f", {answer['made']} of {answer['due']}" if answer.get("due") else ""
            shown.update({"text/plain": f"{answer['progress']}{count}…"}, raw=True)
        raise OSError("ended")

    def _send(self, request: dict[str, Any]) -> None:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._process = _start()
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()

    def _inputs(self) -> list[dict[str, Any]]:
        """Return what was executed in this kernel: number, text and cell id of each input."""
        # The raw inputs, not those that IPython has transformed: magics are then handled as in a notebook file.
        history = self._shell.history_manager.input_hist_raw
        return [
            {"number": number, "text": text, "cell": self._cells.get(number, "")}
            for number, text in enumerate(history)
            if number and text.strip()
        ]

    def _name(self) -> str:
        """Return the notebook's name if VS Code or Jupyter provides it, else `notebook`."""
        # A kernel does not know its notebook: VS Code sets this variable, Jupyter Server the session name.
        known = self._shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", "")
        return Path(str(known)).stem or "notebook"


def _display(text: str) -> Any:
    """Display a text and return a handle that can replace it."""
    from IPython.display import display

    return display({"text/plain": text}, raw=True, display_id=True)  # type: ignore[no-untyped-call]


def _start() -> subprocess.Popen[str]:
    """Start the process that checks; it ends when its standard input is closed."""
    command = [sys.executable, "-I", "-B", "-c", _CODE.format(str(_PACKAGE))]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Nobody reads it, and a full pipe would block the process.
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        # Interrupting a kernel signals its whole process group; in a session of its own the process is not hit.
        start_new_session=True,
    )


_loaded: dict[int, Grading] = {}


def load(shell: Any) -> None:
    """Add the magic to an IPython shell; does nothing if it is there already."""
    if id(shell) in _loaded:
        return
    grading = _loaded[id(shell)] = Grading(shell)
    shell.register_magic_function(grading.magic, "line", "grade")
    shell.events.register("pre_run_cell", grading.note_cell)
    # If the kernel is killed this does not run; then the closed pipe ends the process.
    atexit.register(grading.stop)


def unload(shell: Any) -> None:
    """Remove the magic from an IPython shell, and end the sandbox."""
    grading = _loaded.pop(id(shell), None)
    if grading is not None:
        shell.magics_manager.magics["line"].pop("grade", None)
        shell.events.unregister("pre_run_cell", grading.note_cell)
        atexit.unregister(grading.stop)
        grading.stop()
