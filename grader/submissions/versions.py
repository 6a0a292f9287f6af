"""Code that is right for a newer Python than this one: told from code that is wrong in any.

Python's own parser knows its own grammar alone.  Ruff's knows those of all versions, with the one that each piece of
syntax came with, and is asked where Python's own has refused a text.
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
    """For each text that this Python does not parse, the Python that does, such as `3.12`; empty where none does."""
    needed = [""] * len(texts)
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts[:_MOST_TEXTS]):
            (Path(folder) / f"{number}.py").write_text(text, encoding="utf-8")
        try:
            found = _syntax_errors(folder)
        except (ImportError, OSError, subprocess.SubprocessError, msgspec.DecodeError):
            return needed  # then it is a syntax error as it is to this Python
    messages: dict[int, list[str]] = {}
    for each in found:
        messages.setdefault(int(Path(each.filename).stem), []).append(each.message)
    for number, said in messages.items():
        versions = [match for message in said if (match := _TOO_NEW.search(message))]
        if len(versions) == len(said):
            needed[number] = ".".join(map(str, max((int(match[1]), int(match[2])) for match in versions)))
    return needed


def _syntax_errors(folder: str) -> list[_Found]:
    from ruff import find_ruff_bin

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
