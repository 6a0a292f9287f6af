"""Make the networks of `keras.applications` work without their pretrained weights, which would have to be downloaded.

Untrusted side.  The sandbox has no network access.  A program that asks for pretrained weights is sound, so here its
network begins with random ones.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any, Final

_WHERE: Final = ("keras.applications", "keras._tf_keras.keras.applications", "keras.src.applications")
_DOWNLOADED: Final = ("imagenet", "noisy-student")


def offer_untrained() -> None:
    """Make every network of `keras.applications` begin with random weights if downloaded ones are asked for."""
    wrapped: dict[Any, Any] = {}
    for name, module in list(sys.modules.items()):
        if not name.startswith(_WHERE):
            continue
        for attribute, value in list(vars(module).items()):
            if inspect.isfunction(value) and "weights" in inspect.signature(value).parameters:
                if value not in wrapped:
                    wrapped[value] = _untrained(value)
                setattr(module, attribute, wrapped[value])


def _untrained(build: Callable[..., Any]) -> Callable[..., Any]:
    places = list(inspect.signature(build).parameters)

    @functools.wraps(build)
    def build_untrained(*args: Any, **kwargs: Any) -> Any:
        given = dict(zip(places, args, strict=False)) | kwargs
        if given.get("weights", "imagenet") in _DOWNLOADED:
            given["weights"] = None
        return build(**given)

    return build_untrained
