"""The names that Keras has for layers and optimizers, read from its files: the trusted side does not import it."""

from __future__ import annotations

import functools
import importlib.util
import re
from pathlib import Path
from typing import Final

_EXPORTED: Final = re.compile(r"\bimport (?:\(\s*)?\w+ as ([A-Z]\w*)|^\s+\w+ as ([A-Z]\w*),", re.MULTILINE)


@functools.cache
def keras_names(module: str) -> tuple[str, ...]:
    """The classes that a public module of Keras exports; none where Keras is not installed.

    Args:
        module: `layers` or `optimizers`.
    """
    spec = importlib.util.find_spec("keras")
    if spec is None or spec.origin is None:
        return ()
    try:
        text = (Path(spec.origin).parent / module / "__init__.py").read_text(encoding="utf-8")
    except OSError:
        return ()
    return tuple(sorted({first or second for first, second in _EXPORTED.findall(text)}))
