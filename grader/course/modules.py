"""The modules that submissions may import beside Python's own: one list, in the course, and what of it is installed."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable
from typing import Final

MODULES: Final = ("keras", "tensorflow", "numpy", "matplotlib", "pandas", "scipy", "sklearn", "PIL", "h5py", "IPython")
"""The list where a course has none of its own: all of it comes with the grader, however that is installed."""

_PACKAGES: Final = {
    "sklearn": "scikit-learn",
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "skimage": "scikit-image",
}
"""What is installed for a module that has another name."""

_NO_MODULE: Final = re.compile(r"No module named '(?P<module>[\w.]+)\.(?P<name>\w+)'")
_NO_NAME: Final = re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'")


def missing(modules: Iterable[str]) -> list[str]:
    """Which of some modules are not installed; nothing is imported."""
    return [name for name in modules if not _is_there(name)]


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # `__main__` and the like
        return False


def why_not_gradable(listed: Iterable[str], imported: Iterable[str]) -> str:
    """Why a submission cannot be judged by what it imports, a sentence; empty where it can.

    A module of the course's list that is missing is missing from the grader, and no fault of the submission.
    """
    lacking = missing(sorted(set(listed) & set(imported)))
    if not lacking:
        return ""
    packages = " ".join(_PACKAGES.get(name, name) for name in lacking)
    names = " and ".join(f"`{name}`" for name in lacking)
    return f"It imports {names}, which the course lists and the grader's Python lacks: pip install {packages}."


def hint(listed: Iterable[str], said: str) -> str:
    """What to look at where an import failed.

    Args:
        listed: The course's list.
        said: What the exception says.
    """
    names = tuple(listed)
    found = _NO_MODULE.search(said) or _NO_NAME.search(said)
    if found and found["module"].partition(".")[0] in names:
        return (
            f"`{found['module']}` is there, and has no `{found['name']}`: look at how it is spelt, and where it is now."
        )
    return f"Import only Python's own modules and those that the course lists: {', '.join(names)}."
