"""Tell code that needs a newer Python from code that no Python can parse.

Python's parser knows only the grammar of its own version.  Ruff's parser knows the grammars of all versions, and which
version introduced each piece of syntax.  It is asked about code that Python's parser has refused.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

OWN_PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
_SECONDS: Final = 10.0
_MOST_TEXTS: Final = 200
_TOO_NEW: Final = re.compile(r" on Python [\d.]+ \(syntax was added in Python (\d+)\.(\d+)\)$")


class _Found(msgspec.Struct, frozen=True):
    filename: str
    message: str


def pythons_needed(texts: Sequence[str]) -> list[str]:
    """Return the version of Python that each text needs, such as `3.12`; empty if no version can parse it.

    Args:
        texts: Texts that the running Python does not parse.
    """
    needed = [""] * len(texts)
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts[:_MOST_TEXTS]):
            (Path(folder) / f"{number}.py").write_text(text, encoding="utf-8")
        try:
            found = _syntax_errors(folder)
        except (ImportError, OSError, subprocess.SubprocessError, msgspec.DecodeError):
            return needed  # without Ruff's answer, every text counts as a syntax error
    messages: dict[int, list[str]] = {}
    for each in found:
        messages.setdefault(int(Path(each.filename).stem), []).append(each.message)
    for number, said in messages.items():
        versions = [match for message in said if (match := _TOO_NEW.search(message))]
        # If any error of a text has another cause, a newer Python would not parse it either.
        if len(versions) == len(said):
            needed[number] = ".".join(map(str, max((int(match[1]), int(match[2])) for match in versions)))
    return needed


def _syntax_errors(folder: str) -> list[_Found]:
    from ruff import find_ruff_bin

    # Ruff reports syntax errors whichever rules are selected.  A single rule is, so that it looks for little else.
    options = ["--isolated", "--no-cache", "--quiet", "--select=F632", "--output-format=json"]
    target = f"--target-version=py{OWN_PYTHON.replace('.', '')}"
    command = [find_ruff_bin(), "check", *options, target, "."]
    done = subprocess.run(command, capture_output=True, cwd=folder, timeout=_SECONDS, check=False)
    found = msgspec.json.decode(done.stdout, type=list[dict[str, object]])
    return [
        _Found(str(each["filename"]), str(each["message"]))
        for each in found
        if each.get("code") in ("invalid-syntax", None)
    ]
