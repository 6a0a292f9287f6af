"""The modules that submissions may import in addition to the standard library, and which of them are installed."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable
from typing import Final

MODULES: Final = ("keras", "tensorflow", "numpy", "matplotlib", "pandas", "scipy", "sklearn", "PIL", "h5py", "IPython")
"""The default of `modules` in `course.toml`; all of these are dependencies of the grader."""

_PACKAGES: Final = {
    "sklearn": "scikit-learn",
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "skimage": "scikit-image",
}
"""The package that provides a module, where the two have different names."""

_NO_MODULE: Final = re.compile(r"No module named '(?P<module>[\w.]+)\.(?P<name>\w+)'")
_NO_NAME: Final = re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'")


def missing(modules: Iterable[str]) -> list[str]:
    """Return the modules that are not installed, without importing any."""
    # Importing is slow, and the trusted side must import neither Keras nor TensorFlow.
    return [name for name in modules if not _is_there(name)]


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # ValueError for `__main__` and other modules without a spec
        return False


def why_not_gradable(listed: Iterable[str], imported: Iterable[str]) -> str:
    """Say why a submission cannot be graded because of its imports; empty if it can.

    A submission that imports a module of the course's list which is not installed must not lose points: the fault is
    the grader's installation.

    Args:
        listed: The course's list of modules.
        imported: The modules that the submission imports.
    """
    lacking = missing(sorted(set(listed) & set(imported)))
    if not lacking:
        return ""
    packages = " ".join(_PACKAGES.get(name, name) for name in lacking)
    names = " and ".join(f"`{name}`" for name in lacking)
    return f"It imports {names}, which the course lists and the grader's Python lacks: pip install {packages}."


def hint(listed: Iterable[str], said: str) -> str:
    """Return a hint for a student whose import failed.

    Args:
        listed: The course's list of modules.
        said: The text of the exception.
    """
    names = tuple(listed)
    found = _NO_MODULE.search(said) or _NO_NAME.search(said)
    if found and found["module"].partition(".")[0] in names:
        return (
            f"`{found['module']}` is there, and has no `{found['name']}`: look at how it is spelt, and where it is now."
        )
    return f"Import only Python's own modules and those that the course lists: {', '.join(names)}."
