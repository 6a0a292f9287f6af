"""Take the notes of an observed run: what the program did, in which line, and with which network.

Untrusted side.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import json
import sys
import types
from collections.abc import Iterator
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.inside import exporting, rescaling
from grader.sandbox.inside.facts import all_layers, convolution_types
from grader.sandbox.inside.guided.statements import FILE_NAME

MAX_NOTES: Final = 2000

_MAX_CALLS: Final = 50
_LARGE: Final = 10**6
_MAX_CONFIG: Final = 400_000
_MAX_CONFIGS: Final = 4_000_000
"""The most characters in all network configurations of a run; a frame holds no more than twice as many."""


class Recorder:
    """Takes notes, and distinguishes calls that the program makes from calls that Keras makes itself.

    Attributes:
        notes: The notes so far, in the form of `notes.Note` on the trusted side.
        errors: The statements that raised an exception, in the form of `notes.Failure`.
        stand_ins: The grader's own networks, which stand in for missing ones.
        standing_in: Whether the grader itself, not the program, makes the current calls.
        inside: The depth of nested calls of Keras; nothing is recorded while it is above 0.
    """

    def __init__(self) -> None:
        self.notes: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []
        self.stand_ins: list[Any] = []
        self.standing_in = False
        self.inside = 0
        self._models: list[Any] = []
        self._frames: dict[int, tuple[int, Any]] = {}
        self._given: list[list[int]] = []  # to each call that `callers` has numbered
        self._convolutions: dict[int, tuple[Any, list[tuple[str, int, int]]]] = {}
        self._said = 0

    def note(self, kind: str, **facts: Any) -> dict[str, Any]:
        """Take a note about the line that is running, and return it, so that facts can be added later."""
        note = {"kind": kind, "line": self._line(), "stand_in": self.standing_in} | facts
        note["of_stand_in"] = (
            any(model is self._models[facts["model"]] for model in self.stand_ins)
            if facts.get("model", -1) >= 0
            else False
        )
        if len(self.notes) < MAX_NOTES:
            self.notes.append(note)
        return note

    def failed(self, line: int, statement: int, kind: str, text: str, at: int, *, never_imported: bool = False) -> None:
        """Record that a statement raised an exception.

        Args:
            line: The line of the program that raised it.
            statement: The first line of the statement.
            kind: The type of the exception.
            text: Its message.
            at: The number of notes at that time.
            never_imported: Whether the cause is a name that the program uses and never imports.
        """
        self.errors.append(
            {
                "line": line,
                "statement": statement,
                "kind": kind,
                "text": text,
                "at": at,
                "never_imported": never_imported,
            }
        )

    def _line(self) -> int:
        """Return the line of the submission that is running now, in its innermost function; 0 if there is none."""
        frame: types.FrameType | None = sys._getframe()
        line = 0
        while frame is not None:
            if frame.f_code.co_filename == FILE_NAME:
                line = line or frame.f_lineno
            frame = frame.f_back
        return line

    def callers(self) -> list[tuple[str, int, int]]:
        """Return the functions of the submission that are running, innermost first, each with a number for the call."""
        frame: types.FrameType | None = sys._getframe()
        found: list[tuple[str, int, int]] = []
        while frame is not None:
            if frame.f_code.co_filename == FILE_NAME and frame.f_code.co_name != "<module>":
                name = frame.f_code.co_name
                if name not in ("<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>"):
                    if id(frame) not in self._frames:
                        # The frame is kept alive, so that no later frame can have the same id.
                        self._frames[id(frame)] = (len(self._frames), frame)
                        self._given.append(_numbers_given(frame))
                    found.append((name[:100], id(frame.f_code), self._frames[id(frame)][0]))
            frame = frame.f_back
        return found[:20]

    def number_of(self, model: Any) -> int:
        """Return the number by which notes refer to a network."""
        for number, known in enumerate(self._models):
            if known is model:
                return number
        self._models.append(model)
        return len(self._models) - 1

    def export(self, model: Any) -> dict[str, Any]:
        """Return a network's configuration and layers as data, without its weights."""
        facts: dict[str, Any] = {
            "sequential": isinstance(model, keras.Sequential),
            "built": bool(getattr(model, "built", False)),
            "config": "",
            "layers": _layer_kinds(model)[:400],
            "blocks": [],
        }
        with contextlib.suppress(Exception):
            with self.within():
                config = json.dumps(exporting.tree_of(model))
            if len(config) < _MAX_CONFIG and self._said + len(config) < _MAX_CONFIGS:
                facts["config"] = config
                self._said += len(config)
        calls: dict[tuple[str, int], dict[int, list[int]]] = {}
        for layer in all_layers(model):
            for name, code, number in self._convolutions.get(id(layer), (None, []))[1]:
                of_call = calls.setdefault((name, code), {}).setdefault(number, [])
                filters = getattr(layer, "filters", None)
                of_call.append(int(filters) if isinstance(filters, (int, float, np.number)) else 0)
        facts["blocks"] = [
            {
                "name": name,
                "given": [self._given[number] for number in made][:_MAX_CALLS],
                "filters": [each[:_MAX_CALLS] for each in made.values()][:_MAX_CALLS],
            }
            for (name, _), made in calls.items()
        ][:50]
        facts["convolutions"] = sum(id(layer) in self._convolutions for layer in all_layers(model))
        return facts

    def wrapped(self, original: Any, instead: Any) -> Any:
        """Wrap a function of Keras so that the submission's calls of it go to `instead(original, ...)`.

        Calls that Keras makes itself still go to `original`.
        """

        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            if self.inside:
                return original(*args, **kwargs)
            return instead(original, *args, **kwargs)

        return call

    @contextlib.contextmanager
    def within(self) -> Iterator[None]:
        """Take no notes inside a `with` block, in which Keras makes calls of its own."""
        self.inside += 1
        try:
            yield
        finally:
            self.inside = max(0, self.inside - 1)

    def watch_convolutions(self) -> None:
        """Record for each convolution layer the calls of the submission's functions that make it.

        This replaces `__new__` rather than `__init__`, since Keras inspects the signature of a layer's `__init__`.
        """
        original = keras.layers.Layer.__new__
        kinds = convolution_types()

        def new(cls: Any, *args: Any, **kwargs: Any) -> Any:
            layer = original(cls, *args, **kwargs)
            if issubclass(cls, kinds) and not self.inside:
                self._convolutions[id(layer)] = (layer, self.callers())
            return layer

        keras.layers.Layer.__new__ = staticmethod(new)


def _numbers_given(frame: types.FrameType) -> list[int]:
    """Return the whole numbers among the arguments of a call that has just begun."""
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    values = [frame.f_locals.get(name) for name in code.co_varnames[:count]]
    if code.co_flags & inspect.CO_VARARGS:
        more = frame.f_locals.get(code.co_varnames[count])
        values += more if isinstance(more, tuple) else ()  # the function may have bound the name to something else
    return [value for value in values if type(value) is int and 0 <= value < _LARGE][:_MAX_CALLS]


def _layer_kinds(model: Any) -> list[str]:
    """Return the class names of a network's layers.

    A custom layer that only scales images is listed as `Lambda`.  Every custom layer is followed by the layers inside
    it.
    """
    kinds: list[str] = []
    for layer in getattr(model, "layers", ()):
        own = not type(layer).__module__.startswith("keras.")
        kinds.append("Lambda" if own and rescaling.only_scales(layer) else type(layer).__name__[:60])
        if own:
            kinds += [type(part).__name__[:60] for part in all_layers(layer)]
    return kinds
