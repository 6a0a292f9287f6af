"""Names of files that any file system takes, and a folder of pages that is written whole or not at all."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from grader.ground.errors import GraderError

MARK: Final = '<meta name="generator" content="keras-course-grader">'
"""Stands in every page, so that no other file is ever overwritten or taken away."""

_LONGEST: Final = 60
_SAFE: Final = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_ENDS_AS_A_DIGEST: Final = re.compile(r"-[0-9a-f]{12}$")
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])")  # by Windows, whatever the ending


def page_name(submission: str) -> str:
    """The name of a submission's page: the id where that is a safe name, else what is left of it and a digest.

    It depends on the id alone, so a student's page stays where it is whoever else hands in.  Two ids that differ
    only in case, or look alike, have different names.
    """
    safe = len(submission) <= _LONGEST and _SAFE.fullmatch(submission)
    if safe and not _RESERVED.fullmatch(submission) and not _ENDS_AS_A_DIGEST.search(submission):
        return f"{submission}.html"
    plain = unicodedata.normalize("NFKD", submission[: 4 * _LONGEST]).lower()
    words = re.findall("[a-z0-9]+", plain.encode("ascii", "ignore").decode())
    digest = hashlib.sha256(submission.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    stem = "-".join(words)[:_LONGEST].strip("-") or "student"
    return f"{stem}-{digest}.html"


def write_pages(folder: Path, pages: Iterable[tuple[str, str]]) -> None:
    """Write pages into a folder, and take away those that an earlier call left in the same sub-folders.

    All are written beside their places first, so that a fault leaves the former pages as they were.

    Args:
        folder: Where to; made where it is not there.
        pages: Paths below the folder, `students/ada.html`, with text; moved into place in this order.

    Raises:
        GraderError: A file of that name is there that is no page of the grader's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=".pages-", dir=folder))
    try:
        names: list[str] = []
        for name, text in pages:
            (new / name).parent.mkdir(exist_ok=True)
            (new / name).write_text(text, encoding="utf-8")
            names.append(name)
        for name in names:
            if (folder / name).exists() and not _is_ours(folder / name):
                raise GraderError(
                    f"{folder / name}: is there already and is no page of the grader's; choose another folder."
                )
        for name in names:
            (folder / name).parent.mkdir(exist_ok=True)
            (new / name).replace(folder / name)
        for below in {(folder / name).parent for name in names} - {folder}:
            for page in below.glob("*.html"):
                if f"{below.name}/{page.name}" not in names and _is_ours(page):
                    page.unlink()
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _is_ours(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return MARK.encode() in file.read(1000)
