"""The notes of an observed run: what the program did, in which line, and to which network.

Untrusted side.
"""

from __future__ import annotations

import contextlib
import functools
import json
import sys
import types
from collections.abc import Iterator
from typing import Any, Final

import keras

from grader.sandbox.inside import exporting, scaling
from grader.sandbox.inside.facts import all_layers, convolution_types
from grader.sandbox.inside.guided.statements import FILE_NAME

MAX_NOTES: Final = 2000

_MAX_CONFIG: Final = 400_000
_MAX_CONFIGS: Final = 4_000_000
"""Characters of all configurations of networks in a run: a frame holds no more than twice as many."""


class Recorder:
    """Takes notes, and tells what the program does from what Keras does by itself.

    Attributes:
        notes: The notes so far, in the form of `notes.Note` on the trusted side.
        errors: The statements that raised, in the form of `notes.Failure`.
        stand_ins: Networks of the grader's own.
        standing_in: Whether what happens now is the grader's own doing.
        inside: How deep in calls of Keras the program is.
    """

    def __init__(self) -> None:
        self.notes: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []
        self.stand_ins: list[Any] = []
        self.standing_in = False
        self.inside = 0
        self._models: list[Any] = []
        self._frames: dict[int, tuple[int, Any]] = {}
        self._convolutions: dict[int, tuple[Any, list[tuple[str, int]]]] = {}
        self._said = 0

    def note(self, kind: str, **facts: Any) -> dict[str, Any]:
        """Take a note about the line that is running; gives it, for what is only known later."""
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
        """Note that a statement raised.

        Args:
            line: Where, in the program.
            statement: The first line of the statement.
            kind: The type of the exception.
            text: What it says.
            at: How many notes there were by then.
            never_imported: Whether it used a name that no line imports.
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
        """The line of the submission that is running, at the top level where a function was called from there."""
        frame: types.FrameType | None = sys._getframe()
        line = 0
        while frame is not None:
            if frame.f_code.co_filename == FILE_NAME:
                line = line or frame.f_lineno
            frame = frame.f_back
        return line

    def callers(self) -> list[tuple[str, int]]:
        """The functions of the submission that are running, innermost first, each call with a number of its own."""
        frame: types.FrameType | None = sys._getframe()
        found: list[tuple[str, int]] = []
        while frame is not None:
            if frame.f_code.co_filename == FILE_NAME and frame.f_code.co_name != "<module>":
                name = frame.f_code.co_name
                if name not in ("<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>"):
                    # The frame is kept, so that no later call takes its place.
                    number, _ = self._frames.setdefault(id(frame), (len(self._frames), frame))
                    found.append((name[:100], number))
            frame = frame.f_back
        return found[:20]

    def number_of(self, model: Any) -> int:
        """The number of a network, as notes have it."""
        for number, known in enumerate(self._models):
            if known is model:
                return number
        self._models.append(model)
        return len(self._models) - 1

    def export(self, model: Any) -> dict[str, Any]:
        """A network's parts as data, without its weights."""
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
        calls: dict[str, set[int]] = {}
        for layer in all_layers(model):
            for name, number in self._convolutions.get(id(layer), (None, []))[1]:
                calls.setdefault(name, set()).add(number)
        facts["blocks"] = [{"name": name, "calls": len(numbers)} for name, numbers in calls.items()][:50]
        facts["convolutions"] = sum(id(layer) in self._convolutions for layer in all_layers(model))
        return facts

    def wrapped(self, original: Any, instead: Any) -> Any:
        """`original`, which hands over to `instead(original, ...)` where the submission calls it, not Keras itself."""

        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            if self.inside:
                return original(*args, **kwargs)
            return instead(original, *args, **kwargs)

        return call

    @contextlib.contextmanager
    def within(self) -> Iterator[None]:
        """Take no notes of what Keras itself calls meanwhile."""
        self.inside += 1
        try:
            yield
        finally:
            self.inside = max(0, self.inside - 1)

    def watch_convolutions(self) -> None:
        """Note which calls of the submission's functions make each convolution.

        By `__new__`, since Keras reads the arguments that a layer's `__init__` has off the function itself.
        """
        original = keras.layers.Layer.__new__
        kinds = convolution_types()

        def new(cls: Any, *args: Any, **kwargs: Any) -> Any:
            layer = original(cls, *args, **kwargs)
            if issubclass(cls, kinds) and not self.inside:
                self._convolutions[id(layer)] = (layer, self.callers())
            return layer

        keras.layers.Layer.__new__ = staticmethod(new)


def _layer_kinds(model: Any) -> list[str]:
    """The kinds of a network's layers; one of the program's own that only scales goes by `Lambda`.

    Behind any other of its own stand the layers inside of it.
    """
    kinds: list[str] = []
    for layer in getattr(model, "layers", ()):
        own = not type(layer).__module__.startswith("keras.")
        kinds.append("Lambda" if own and scaling.only_scales(layer) else type(layer).__name__[:60])
        if own:
            kinds += [type(part).__name__[:60] for part in all_layers(layer)]
    return kinds
