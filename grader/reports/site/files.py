"""Writing a folder of pages, all or none of them, under file names that every file system accepts."""

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
"""A tag in every page that identifies it as the grader's, so that no other file is ever overwritten or removed."""

_LONGEST: Final = 60
_SAFE: Final = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_ENDS_AS_A_DIGEST: Final = re.compile(r"-[0-9a-f]{12}$")
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])")  # by Windows, with any file extension


def page_name(submission: str) -> str:
    """Return the file name of a submission's page: the id if it is a safe name, else its safe part and a digest.

    The name depends only on the id, so a student's page keeps its address whoever else hands in.  Two ids that differ
    only in case, or that look alike, get different names.
    """
    safe = len(submission) <= _LONGEST and _SAFE.fullmatch(submission)
    # An id that ends like a digest could be the same as another id's name with its digest.
    if safe and not _RESERVED.fullmatch(submission) and not _ENDS_AS_A_DIGEST.search(submission):
        return f"{submission}.html"
    plain = unicodedata.normalize("NFKD", submission[: 4 * _LONGEST]).lower()
    words = re.findall("[a-z0-9]+", plain.encode("ascii", "ignore").decode())
    digest = hashlib.sha256(submission.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    stem = "-".join(words)[:_LONGEST].strip("-") or "student"
    return f"{stem}-{digest}.html"


def write_pages(folder: Path, pages: Iterable[tuple[str, str]]) -> None:
    """Write pages into a folder, and remove old pages that an earlier call left in the same subfolders.

    All pages are written to a temporary folder first, so that an error leaves the old pages as they were.

    Args:
        folder: The folder to write to; created if it does not exist.
        pages: Paths below the folder, such as `students/ada.html`, and texts; they are moved into place in this order.

    Raises:
        GraderError: If a file with such a name exists that is not one of the grader's pages.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # In the same folder, and so on the same file system, so that moving a page replaces the old one atomically.
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
