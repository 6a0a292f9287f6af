"""The names of Keras' layers and optimizers, read from its source, because the trusted side must not import Keras."""

from __future__ import annotations

import functools
import importlib.util
import re
from pathlib import Path
from typing import Final

_EXPORTED: Final = re.compile(r"\bimport (?:\(\s*)?\w+ as ([A-Z]\w*)|^\s+\w+ as ([A-Z]\w*),", re.MULTILINE)


@functools.cache
def keras_names(module: str) -> tuple[str, ...]:
    """Return the names of the classes that a public module of Keras exports; empty if Keras is not installed.

    Args:
        module: `layers` or `optimizers`.
    """
    # The public modules of Keras consist of imports only, so a regular expression is enough.
    spec = importlib.util.find_spec("keras")
    if spec is None or spec.origin is None:
        return ()
    try:
        text = (Path(spec.origin).parent / module / "__init__.py").read_text(encoding="utf-8")
    except OSError:
        return ()
    return tuple(sorted({first or second for first, second in _EXPORTED.findall(text)}))
