"""Writing the code of a class as a folder for Dolos or JPlag, which compare code in many languages and draw graphs.

Notebooks are written as plain Python, since neither tool reads notebooks.  Code that everybody was given is included as
code that the tools ignore.
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

from grader.ground.errors import GraderError, UsageError
from grader.reports.site.files import page_name
from grader.similarity import Code

Tool = Literal["dolos", "jplag"]

_TAUGHT: Final = "taught"


def export_code(tool: Tool, folder: Path, codes: Sequence[Code], taught: Sequence[Code]) -> str:
    """Write a folder for another tool, completely or not at all.

    Args:
        tool: The tool.
        folder: The folder to write; it must not exist, or be empty.
        codes: The code of the class; submissions that cannot be compared are left out.
        taught: Code that everybody was given.

    Returns:
        The command that runs the tool on the folder.

    Raises:
        UsageError: If the folder exists and is not empty.
        GraderError: If it cannot be written.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(f"{folder}: is there already and was left as it is; choose another folder.")
    written = [code for code in codes if not code.problem]
    files, command = _FILES[tool], _COMMANDS[tool]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            for name, text in files(written, "\n".join(code.program for code in taught)):
                path = part / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="")
            part.chmod(0o755)
            part.replace(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise GraderError(f"{folder}: cannot be written ({error.strerror}); choose another place.") from error
    return command.format(folder=folder)


def _stem(code: Code) -> str:
    return page_name(code.id).removesuffix(".html")


def _dolos(codes: Sequence[Code], taught: str) -> Iterator[tuple[str, str]]:
    """Yield the files for Dolos, and an `info.csv` with a row for each; the row marked `ignored` is the taught code."""
    rows = [("filename", "full_name", "ignored"), (f"{_TAUGHT}/{_TAUGHT}.py", "", "true")]
    yield f"{_TAUGHT}/{_TAUGHT}.py", taught
    for code in codes:
        name = f"submissions/{_stem(code)}.py"
        rows.append((name, code.id, "false"))
        yield name, code.program
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(rows)
    yield "info.csv", table.getvalue()


def _jplag(codes: Sequence[Code], taught: str) -> Iterator[tuple[str, str]]:
    """Yield the files for JPlag: a folder for each submission, and beside them one with the taught code."""
    yield f"{_TAUGHT}/{_TAUGHT}.py", taught
    for code in codes:
        yield f"submissions/{_stem(code)}/solution.py", code.program


_FILES: Final[dict[Tool, Callable[[Sequence[Code], str], Iterator[tuple[str, str]]]]] = {
    "dolos": _dolos,
    "jplag": _jplag,
}
_COMMANDS: Final[dict[Tool, str]] = {
    "dolos": "dolos run -f web -l python {folder}/info.csv",
    "jplag": "java -jar jplag.jar -l python3 -bc {folder}/taught {folder}/submissions",
}
