"""Validation of the table `[requirements]` in a course file.

msgspec checks the types.  This module checks what needs Keras' names or the ids of the checks, and its messages
suggest the name that was probably meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from grader.assignment.requirements import REQUIREMENT_CHECKS
from grader.course.keras_names import keras_names
from grader.ground.errors import UsageError, nearest

_MODULES: Final = {"required_layers": "layers", "forbidden_layers": "layers", "optimizers": "optimizers"}


def check_requirements(stated: Any, checks: Sequence[str], form: Any, where: str) -> None:
    """Refuse names that do not exist in Keras or in the grader, and requirements that no submission can meet.

    Args:
        stated: The table as it was read from TOML; it may be of any type.
        checks: The ids of all checks.
        form: The value of `form` in the course file.
        where: The course file, for messages.

    Raises:
        UsageError: If a name is unknown, or a requirement cannot be met.
    """
    if not isinstance(stated, dict):
        return  # of the wrong type: msgspec reports it later
    of_functions = [key for key in REQUIREMENT_CHECKS if key in stated]
    if form == "guided" and of_functions:
        raise UsageError(
            f"{where}: requirements.{of_functions[0]}: is checked where submissions define functions, and this course "
            'asks for guided notebooks; take it out, or choose form = "functions".'
        )
    for key, module in _MODULES.items():
        known = keras_names(module)
        for name in _texts(stated.get(key)):
            if known and name not in known:
                kind = "layer" if module == "layers" else "optimizer"
                same = [each for each in known if each.lower() == name.lower()]
                raise UsageError(
                    f"{where}: requirements.{key}: Keras has no {kind} {name!r}{nearest(name, same or known)}"
                )
    both = set(_texts(stated.get("required_layers"))) & set(_texts(stated.get("forbidden_layers")))
    if both:
        raise UsageError(f"{where}: requirements.forbidden_layers: {min(both)!r} is among required_layers as well.")
    for name in _texts(stated.get("skip")):
        if name not in checks:
            raise UsageError(f"{where}: requirements.skip: {name}: unknown check{nearest(name, checks)}")
    bands = stated.get("accuracy")
    full, none = (bands.get(key) if isinstance(bands, dict) else None for key in ("full", "none"))
    if isinstance(full, int | float) and isinstance(none, int | float) and full <= none:
        raise UsageError(
            f"{where}: requirements.accuracy.full: must be more than requirements.accuracy.none, {none:g}."
        )


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
