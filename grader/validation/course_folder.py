"""Write the folder of a new course: the course file, an example of a check of its own, and the starter file."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import Final, Literal

from grader.assignment.starter import write_starter
from grader.course.own_checks import FOLDER, WHEATS
from grader.ground.errors import UsageError
from grader.submissions.reference import write_reference

_TEMPLATE: Final = Path(__file__).parent / "new_course"


def write_course(folder: Path, *, form: Literal["functions", "guided"] = "functions") -> None:
    """Write the folder of a new course, with the reference as the sound solution for its example of a check.

    Args:
        folder: The folder to write; it must not exist yet.
        form: The form of the assignment that the starter file has.

    Raises:
        UsageError: If the folder exists already, or cannot be written.
    """
    try:
        shutil.copytree(_TEMPLATE, folder, ignore=shutil.ignore_patterns("__pycache__"))
        settings = folder / "course.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(text.replace("seed = 0 ", f"seed = {secrets.randbits(53)} ", 1), encoding="utf-8")
        wheats, submissions = folder / FOLDER / WHEATS, folder / "submissions"
        wheats.mkdir()
        submissions.mkdir()
        # Written and not kept in the template, so that it is always the reference of this version.
        write_reference(wheats / "reference.py")
    except FileExistsError:
        raise UsageError(f"{folder}: is there already and was left as it is; choose another name.") from None
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written ({error.strerror}); choose another place.") from None
    write_starter(submissions / ("starter.py" if form == "functions" else "starter.ipynb"), form=form)
