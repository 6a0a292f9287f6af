"""The worker: loads a submission and answers calls with plain data.

Untrusted side.  A submission can rewrite the objects of this module in its own process, so the trusted side treats all
that a worker sends as the submission's word.  Rewriting them gains a submission nothing that it could not get by
answering calls.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import contextlib
import functools
import inspect
import linecache
import sys
import traceback
import types
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import keras
import msgspec

from grader.sandbox.inside import backend, paths, raising, surroundings, toolbox
from grader.sandbox.inside.guided.fitting import RunOptions, Stop
from grader.sandbox.inside.guided.observing import Observer
from grader.sandbox.inside.guided.statements import FILE_NAME
from grader.sandbox.wire.channel import Channel, WireClosed
from grader.sandbox.wire.frames import (
    ArrayData,
    Call,
    FunctionFound,
    Handle,
    Load,
    Loaded,
    Opaque,
    ParameterFound,
    Raised,
    Returned,
    Started,
    ToWorker,
    TracebackLine,
    Value,
    from_wire,
    to_wire,
)

MODULE_NAME: Final = "solution"
_MAX_TEXT: Final = 2000
_MAX_FRAMES: Final = 20


class WorkerService:
    """Serves the trusted side until it closes the wire.

    Args:
        sock: The socket to the trusted side.
        seed: The seed of the global random generators of Python, NumPy and the backend.
    """

    def __init__(self, sock: Any, *, seed: int) -> None:
        self._channel = Channel(sock, ToWorker)
        self._objects: list[Any] = []
        self._module = types.ModuleType(MODULE_NAME)
        self._future = 0
        self._observer: Observer | None = None
        self._number = 0
        backend.seed_everything(seed)

    def serve(self) -> None:
        """Report that the worker is ready, then answer orders one at a time."""
        self._channel.send(Started())
        while True:
            try:
                order = self._channel.receive()
            except WireClosed:
                return
            self._answer(self._load(order) if isinstance(order, Load) else self._call(order))

    def _answer(self, answer: Loaded | Raised | Returned) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._channel.send(answer)

    def _observe(self, source: str, starts: list[int], images: dict[str, Any], settings: dict[str, Any]) -> Any:
        """Run a whole program and record what it does; see `guided.observing`."""
        _write(source)
        self._observer = Observer(self._ask, source, images, RunOptions(**settings))
        return {"kind": "end"} | self._observer.run(list(starts))

    def _ask(self, event: Any) -> Any:
        """Answer the current call with an event, and return what the trusted side sends with the next call, `resume`.

        The functions that run longest (an observed run, a timed training) use this to consult the trusted side midway.

        Raises:
            Stop: If the next order is not a call of `resume`.
        """
        self._answer(Returned(self._number, to_wire(event, self._keep)))
        order = self._channel.receive()
        if not isinstance(order, Call) or order.name != "resume":
            raise Stop
        self._number = order.number
        return from_wire(order.args[0], self._resolve)

    def _load(self, order: Load) -> Loaded:
        _write(order.source)
        self._module = types.ModuleType(MODULE_NAME)
        self._module.__file__ = FILE_NAME
        sys.modules[MODULE_NAME] = self._module
        surroundings.install(self._module)
        paths.redirect_paths()
        paths.redirect_saving()
        errors: list[Raised] = []
        if order.real_sizes:
            backend.offer_stand_ins(real_sizes=True)
        with training_refused() as refused:
            try:
                tree = ast.parse(order.source, FILE_NAME)
                parts = [tree] if order.whole else [ast.Module([node], []) for node in tree.body]
                for part in parts:
                    error = self._attempt(order.number, lambda part=part: self._execute(part))  # type: ignore[misc]
                    if isinstance(error, Raised):
                        errors.append(error)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                errors.append(_raised(order.number, error))
        found = [self._find(name) for name in order.names]
        trained = tuple(frame for stack in refused for frame in stack[-1:])
        return Loaded(order.number, tuple(f for f in found if f is not None), tuple(errors[:50]), trained)

    def _execute(self, tree: ast.Module) -> None:
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                self._future |= sum(_future_flag(alias.name) for alias in node.names)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            code = compile(tree, FILE_NAME, "exec", flags=self._future, dont_inherit=True)
        exec(code, self._module.__dict__)

    def _find(self, name: str) -> FunctionFound | None:
        value = self._module.__dict__.get(name)
        if not callable(value):
            return None
        try:
            parameters = tuple(
                ParameterFound(str(p.name), p.kind.name, p.default is not p.empty)
                for p in inspect.signature(value).parameters.values()
            )
        except (TypeError, ValueError):
            return FunctionFound(name, None)
        return FunctionFound(name, parameters)

    def _call(self, order: Call) -> Raised | Returned:
        def run() -> Value:
            args = [self._argument(value) for value in order.args]
            kwargs = {key: self._argument(value) for key, value in order.kwargs.items()}
            return to_wire(self._function(order)(*args, **kwargs), self._keep)

        self._number = order.number
        result = self._attempt(order.number, run)
        if isinstance(result, Raised):
            return msgspec.structs.replace(result, number=self._number)
        # Not `order.number`: an observed run answers the last `resume`, and not the call that began it.
        return Returned(self._number, result)

    def _argument(self, value: Value) -> Any:
        """Convert an argument from the wire for the callee: arrays become writable, handles the objects themselves."""
        argument = from_wire(value, self._resolve)
        return argument.copy() if isinstance(value, ArrayData) else argument

    def _function(self, order: Call) -> Callable[..., Any]:
        if order.toolbox and order.name == "observe":
            return self._observe
        if order.toolbox and order.name == "file" and self._observer is not None:
            return self._observer.file
        if order.toolbox and order.name in ("start_clock", "start_trial"):
            return functools.partial(toolbox.TOOLS[order.name], ask=self._ask)
        if order.toolbox and order.name == "weights_predicting" and self._observer is not None:
            return self._observer.weights_predicting
        if order.toolbox and order.name == "weights_in" and self._observer is not None:
            return self._observer.weights_in
        if order.toolbox:
            return toolbox.TOOLS[order.name]
        function = self._module.__dict__.get(order.name)
        if function is None:
            raise builtins.NameError(f"name '{order.name}' is not defined")
        return function  # type: ignore[no-any-return]

    def _attempt(self, number: int, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except BaseException as error:  # a submission may raise anything, SystemExit included
            return _raised(number, error)

    def _resolve(self, handle: Handle) -> Any:
        value = self._objects[handle.number]
        return value.value if isinstance(value, toolbox.Box) else value

    def _keep(self, value: Any) -> Value:
        """Keep an object that is not data, and return its handle; the same object always gets the same handle."""
        if backend.is_tensor(value):
            return to_wire(backend.to_numpy(value), self._keep)
        # Objects are compared by identity, since those of a submission may not be hashable, or equal to anything.
        for number, kept in enumerate(self._objects):
            if kept is value:
                return Handle(number, type(value).__name__[:100])
        if len(self._objects) >= 1000:
            return Opaque(type(value).__name__[:100], "one object too many")
        self._objects.append(value)
        return Handle(len(self._objects) - 1, type(value).__name__[:100])


def _write(source: str) -> None:
    """Write a program to its file, and put its lines into `linecache` for tracebacks."""
    with open(FILE_NAME, "w", encoding="utf-8", errors="replace") as file:
        file.write(source)
    linecache.cache[FILE_NAME] = (len(source), None, source.splitlines(keepends=True), FILE_NAME)


def _future_flag(name: str) -> int:
    feature = getattr(__future__, name, None)
    return getattr(feature, "compiler_flag", 0)


class TrainingRefusedError(RuntimeError):
    """A submission tried to train a model while it was being loaded."""


@contextlib.contextmanager
def training_refused() -> Iterator[list[tuple[TracebackLine, ...]]]:
    """Refuse to train models inside a `with` block.

    Yields:
        A list that grows by one stack for each attempt to train: its entries in the submission's source, outermost
        first.
    """
    attempts: list[tuple[TracebackLine, ...]] = []

    def refuse(*_args: Any, **_kwargs: Any) -> None:
        attempts.append(_frames(reversed(list(traceback.walk_stack(sys._getframe())))))
        raise TrainingRefusedError("training does not run while the file is loaded")

    originals = [
        (kind, name, vars(kind)[name])
        for kind in keras.Model.__mro__  # a program may also call what `keras.Model` inherits
        for name in ("fit", "train_on_batch")
        if name in vars(kind)
    ]
    for kind, name, _ in originals:
        setattr(kind, name, refuse)
    try:
        yield attempts
    finally:
        for kind, name, original in originals:
            setattr(kind, name, original)


def _raised(number: int, error: BaseException) -> Raised:
    frames = _frames(traceback.walk_tb(error.__traceback__))
    frames = (*frames, *(TracebackLine(line, name[:100]) for line, name in raising.places_of(error, FILE_NAME)))
    if isinstance(error, SyntaxError) and error.filename == FILE_NAME and error.lineno:
        frames = (*frames, TracebackLine(error.lineno, "<module>"))
    kind, text = raising.told(error, FILE_NAME)
    return Raised(number, kind[:100], text[:_MAX_TEXT], frames[-_MAX_FRAMES:])


def _frames(stack: Iterable[tuple[types.FrameType, int]]) -> tuple[TracebackLine, ...]:
    """Return the last entries of a stack or traceback that lie in the submission's own source."""
    found = [
        TracebackLine(line, frame.f_code.co_name[:100])
        for frame, line in stack
        if frame.f_code.co_filename == FILE_NAME
    ]
    return tuple(found[-_MAX_FRAMES:])
