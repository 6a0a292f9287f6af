"""Convert what a worker answers to a type, whatever it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec


def converted(answer: Any, form: Any, *, dec_hook: Callable[[type, Any], Any] | None = None) -> Any:
    """Return an answer as a value of a type; the arguments are those of `msgspec.convert`.

    Raises:
        msgspec.ValidationError: If it is no such value.
    """
    try:
        return msgspec.convert(answer, form, dec_hook=dec_hook, str_keys=False)
    except (LookupError, TypeError) as error:  # an array may be taken for a mapping, and asked for a key
        raise msgspec.ValidationError(f"a {type(answer).__name__} came where something else was due") from error
