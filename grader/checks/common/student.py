"""A submission in a worker of its own, as the checks call it."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any, Final

from grader.assignment import contract
from grader.assignment.subject import USUAL, Subject
from grader.checks.common.answers import MAX_PICTURE_SIDE, Array, FigureFacts, ModelExport
from grader.checks.common.tools import Tools, use_in
from grader.checks.common.verdict import CheckFailed, Shown, describe, source_of_call
from grader.course import CourseLimits
from grader.sandbox.host.session import SubmissionError, Worker
from grader.sandbox.wire.causes import first_cause, sentence
from grader.sandbox.wire.channel import MAX_FRAME_BYTES
from grader.sandbox.wire.frames import FunctionFound, Handle, Loaded, Raised, TracebackLine
from grader.submissions import Note, Submission

FUNCTION_NAMES: Final = tuple(function.name for function in contract.FUNCTIONS)
_PICTURE_SECONDS: Final = 10.0
_MOST_QUOTED: Final = 100
_FOLDERS: Final = (sys.prefix, sys.base_prefix, str(Path.home()))
"""Folders of this machine, which must not appear in messages."""


class Missing(Exception):
    """The submission does not define a function; `reason` says why, if that is known."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name)
        self.name = name
        self.reason = reason


class StillToWrite(SubmissionError):
    """A function only raises NotImplementedError.  Its text shows that, so this is raised without calling it."""


class TimeLeft:
    """The time that all calls of a submission may take together in one grading, besides the limit of a single call.

    Args:
        seconds: The time in seconds.
        shared: The rest of that time, if several processes share it.
    """

    def __init__(self, seconds: float, shared: Synchronized[float] | None = None) -> None:
        self.seconds = seconds
        self._own = seconds
        self._shared = shared

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return self._own if self._shared is None else self._shared.value

    def allow(self, worker: Worker, seconds: float) -> float:
        """Return how many of `seconds` a call may take.

        Raises:
            WorkerGone: If no time is left; the worker is ended.
        """
        if self.left <= 0:
            raise worker.end("timeout", f"used up the {self.seconds:g} seconds that all its calls may take together")
        return min(seconds, self.left)

    @contextlib.contextmanager
    def spend(self) -> Iterator[None]:
        """Subtract the time that passes inside this context."""
        began = time.monotonic()
        try:
            yield
        finally:
            passed = time.monotonic() - began
            if self._shared is None:
                self._own -= passed
            else:
                with self._shared.get_lock():
                    self._shared.value -= passed


class Student:
    """The submission, loaded in a worker of its own.

    Args:
        worker: The worker.
        submission: The submission to load into it.
        limits: The course's limits, with the time that a call may take.
        whole: Whether to run the whole file, as Python would import it, and not only what its functions need.
        real_sizes: Whether the data that the file loads have as many images as the real data set.
        by_statement: Whether, in a whole file, the statements after one that raises still run.
        budget: The time left for all calls, which the workers of one grading share.
        seed: The seed with which its checks draw their cases.
        subject: The subject of the course.

    Attributes:
        worker: The worker.
        loaded: The functions that were found, and the errors that loading raised.
        example: The last call of one of the submission's functions, as source.
        seed: The seed with which its checks draw their cases.
        subject: The subject of the course.
    """

    def __init__(
        self,
        worker: Worker,
        submission: Submission,
        limits: CourseLimits,
        *,
        whole: bool = False,
        real_sizes: bool = False,
        by_statement: bool = False,
        budget: TimeLeft | None = None,
        seed: int = 0,
        subject: Subject = USUAL,
    ) -> None:
        self.worker = worker
        self.seed = seed
        self.subject = subject
        self._budget = budget or TimeLeft(limits.grading_seconds)
        self._submission = submission
        self._limits = limits
        self.example = ""
        source = submission.as_written if whole else submission.source
        seconds = self._budget.allow(worker, limits.load_seconds)
        with self._budget.spend():
            self.loaded: Loaded = worker.load(
                source, FUNCTION_NAMES, whole=whole and not by_statement, real_sizes=real_sizes, seconds=seconds
            )

    def defines(self, name: str) -> bool:
        """Whether the submission defines a function of that name."""
        return any(function.name == name for function in self.loaded.functions)

    def call(self, name: str, *args: Any, seconds: float | None = None, **kwargs: Any) -> Any:
        """Call one of the submission's functions, and keep the call as the example.

        Args:
            name: One of the contract's functions.
            args: Positional arguments: data, arrays, handles, and `Shown` values.
            seconds: How long the call may take.  If given, the call does not count against the time for all calls;
                otherwise it may take as long as the course allows a call.
            kwargs: Keyword arguments of the same kinds.

        Raises:
            Missing: If there is no such function.
            SubmissionError: If the function raised.
            WorkerGone: If the call did not come to an end.
        """
        parameters = tuple(parameter.name for parameter in contract.function(name).parameters)
        self.example = source_of_call(name, parameters, args, kwargs)
        if not self.defines(name):
            raise Missing(name, self._why_missing(name))
        allowed = self._budget.allow(self.worker, self._limits.call_seconds) if seconds is None else seconds
        with self._budget.spend() if seconds is None else contextlib.nullcontext():
            found = next(function for function in self.loaded.functions if function.name == name)
            function = next(each for each in contract.functions_for(self.subject) if each.name == name)
            fitted, named = fitted_call(function, found, args, kwargs)
            return self.worker.call(
                name,
                *(_plain(value) for value in fitted),
                seconds=allowed,
                **{key: _plain(value) for key, value in named.items()},
            )

    @property
    def tools(self) -> Tools:
        """The grader's own tools in this worker, with the same limits of time as calls of the submission.

        A tool raises `SubmissionError` if it fails, as when code of the submission that it runs raises, and
        `WorkerGone` if it does not come to an end, or if the worker's answer does not have the tool's form.
        """
        return Tools(self._use)

    def _use(
        self,
        tool: str,
        args: tuple[Any, ...],
        read: Callable[[Any], Any],
        *,
        seconds: float | None = None,
        max_bytes: int = MAX_FRAME_BYTES,
    ) -> Any:
        allowed = self._budget.allow(self.worker, self._limits.call_seconds if seconds is None else seconds)
        with self._budget.spend():
            return use_in(self.worker, tool, args, read, seconds=allowed, max_bytes=max_bytes)

    def export(self, model: Handle) -> ModelExport:
        """Return a Keras model as data; see `toolbox.export_model`.

        Raises:
            CheckFailed: If the object is no longer a Keras model.
        """
        export = self.tools.export_model(model)
        if not export["model"]:
            raise CheckFailed("The model that was given should stay a Keras model, but it is none any more.")
        return export

    def weights(self, model: Handle, *, like: list[Array] | None = None) -> list[Array]:
        """Return the weights of a Keras model.

        Args:
            model: The model.
            like: Weights that the model had before, if those now must have the same shapes.

        Raises:
            CheckFailed: If the shapes of the weights are not those in `like`.
        """
        weights = self.export(model)["weights"]
        if like is not None and [weight.shape for weight in weights] != [weight.shape for weight in like]:
            raise CheckFailed(
                "The layers of the model that was given should stay as they are, but its weights have other shapes "
                "after the call.",
                hint="Change a model in build_model and add_conv_block alone.",
            )
        return weights

    def figure(self, name: str, *args: Any, **kwargs: Any) -> tuple[Handle, FigureFacts]:
        """Call a function that returns a figure, and return the figure and what `toolbox.describe_figure` says of it.

        Raises:
            CheckFailed: If the function returned something other than a figure.
        """
        figure, facts, returned = self.drawn(name, *args, **kwargs)
        require_figure(name, returned)
        return figure, facts

    def drawn(self, name: str, *args: Any, **kwargs: Any) -> tuple[Handle, FigureFacts, str]:
        """Call a function that draws a figure, even if it does not return the figure.

        Returns:
            The figure, what `toolbox.describe_figure` says of it, and what the function returned instead of the
            figure, in words; "" if it returned the figure.

        Raises:
            CheckFailed: If no figure was returned or drawn.
        """
        returned = self.call(name, *args, **kwargs)
        if isinstance(returned, Handle):
            facts = self.tools.describe_figure(returned)
            if facts is not None:
                return returned, facts, ""
        what = describe(returned)
        several = isinstance(returned, (list, tuple)) and all(isinstance(value, Handle) for value in returned)
        figure = self.tools.drawn_figure(returned if several or isinstance(returned, Handle) else None)
        facts = None if figure is None else self.tools.describe_figure(figure)
        if figure is None or facts is None:
            raise no_figure(name, what)
        return figure, facts, what

    def picture(self, figure: Handle) -> Array | None:
        """Return the pixels of a figure that was drawn before, uint8 of shape (height, width, 4).

        Returns:
            The pixels, or `None` if the object is not a figure.

        Raises:
            SubmissionError: If drawing raised.
            WorkerGone: If drawing did not come to an end, or the answer is not a picture.
        """
        seconds = min(_PICTURE_SECONDS, self._limits.call_seconds)
        tools = self.tools.within(seconds=seconds, max_bytes=4 * MAX_PICTURE_SIDE**2 + 1000)
        return tools.render_figure(figure, MAX_PICTURE_SIDE)

    def explain(self, error: SubmissionError | Missing) -> str:
        """Say why a call failed, in words that can end a sentence."""
        if isinstance(error, Missing):
            return f"`{error.name}` is not defined"
        return raised_text(self._submission, error)

    def _why_missing(self, name: str) -> str:
        for error in self.loaded.errors:
            if name in error.message:
                return describe_error(self._submission, error.type_name, error.message, error.frames)
        return ""


class UnwrittenStudent(Student):
    """Stands for a submission in the checks of a function that is still to be written.

    No worker is started for it.  Each call, and each use of a tool, raises `StillToWrite`.

    Args:
        submission: The submission.
        name: The function.
        seed: The seed with which its checks draw their cases.
        subject: The subject of the course.
    """

    def __init__(self, submission: Submission, name: str, *, seed: int, subject: Subject = USUAL) -> None:
        told = next(each for each in submission.unwritten if each.name == name)
        raised = Raised(0, "NotImplementedError", told.text, (TracebackLine(told.line, name),))
        self.error = StillToWrite(raised)
        self.seed = seed
        self.subject = subject
        self.example = ""

    def call(self, name: str, *args: Any, seconds: float | None = None, **kwargs: Any) -> Any:
        """Raise `StillToWrite`."""
        raise self.error

    def _use(self, tool: str, args: tuple[Any, ...], read: Callable[[Any], Any], **limits: Any) -> Any:
        raise self.error  # tools only prepare a call, or look at what came of it


def is_unwritten(submission: Submission, name: str) -> bool:
    """Whether the text of a function shows that it is still to be written."""
    return any(each.name == name for each in submission.unwritten)


def require_figure(name: str, returned: str) -> None:
    """Raise `CheckFailed` if a function returned something other than a figure.

    Args:
        name: The function.
        returned: What it returned instead, in words; "" if it returned the figure.
    """
    if returned:
        raise no_figure(name, returned)


def no_figure(name: str, returned: str) -> CheckFailed:
    """Return the failure of a function that returned something other than a figure, described by `returned`."""
    return CheckFailed(
        f"`{name}` should return a matplotlib Figure, but it returned {returned}.",
        hint="End the function with `return fig`, where `fig` is what `plt.subplots` or `plt.figure` gave.",
    )


def fitted_call(
    function: contract.Function, found: FunctionFound, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Adapt a call to a function whose header differs from the contract's.

    Only one check is about headers, so a wrong header must not fail all the others.  Each argument goes to the
    parameter of its name.  If there is none, it goes to the parameter in its place, provided that this has a name which
    the contract does not know; otherwise it is left out.  A parameter that lacks its default is given that value.

    Args:
        function: The function, as the contract states it.
        found: The function that is called.
        args: The positional arguments, in the contract's order.
        kwargs: The keyword arguments, by the contract's names.

    Returns:
        The positional and the keyword arguments for the function that was found.
    """
    header = found.parameters
    kinds = {parameter.kind for parameter in header or ()}
    if header is None or "VAR_POSITIONAL" in kinds:
        return args, kwargs
    known = [parameter.name for parameter in function.parameters]
    own = {parameter.name: parameter for parameter in header if not parameter.kind.startswith("VAR")}
    # If the number of parameters differs, only the places of arguments that are given by position can be told.
    told = known if len(own) == len(known) else known[: len(args)]
    renamed = dict(zip(told, own, strict=False))
    values: dict[str, Any] = {}
    for name, value in [*zip(known, args, strict=False), *kwargs.items()]:
        if name in own or ("VAR_KEYWORD" in kinds and name in kwargs):
            values[name] = value
        elif renamed.get(name, name) not in known:
            values[renamed[name]] = value
    for parameter in function.parameters:
        lacks = parameter.name in own and not own[parameter.name].has_default
        if lacks and parameter.name not in values and parameter.default is not None:
            values[parameter.name] = parameter.value
    by_position: list[Any] = []
    for there in own.values():
        last = len(by_position) >= len(args) and there.kind != "POSITIONAL_ONLY"
        if last or there.kind == "KEYWORD_ONLY" or there.name not in values:
            break
        by_position.append(values.pop(there.name))
    return tuple(by_position), values


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Shown) else value


def locate(submission: Submission, frames: tuple[TracebackLine, ...]) -> tuple[int | None, int] | None:
    """Return the code cell (`None` in a `.py`) and the line of the innermost frame, or `None` if that is not known."""
    if not frames:
        return None
    try:
        return submission.locate(frames[-1].line)
    except IndexError:
        return None


def finds_no_device(submission: Submission, error: Raised | SubmissionError) -> bool:
    """Whether the submission raised because it looked for a GPU and found none."""
    return bool(error.frames) and submission.finds_no_device(error.frames[-1].line)


def where(submission: Submission, frames: tuple[TracebackLine, ...]) -> str:
    """Return the place of the innermost frame as a student sees it: `code cell 3, line 5: the line`."""
    found = locate(submission, frames)
    if found is None:
        return ""
    cell, line = found
    quoted = submission.quote(cell, line).strip()
    place = Note(cell, line, "").place
    return f"{place}: {_one_line(quoted)}" if quoted else place


def _one_line(quoted: str) -> str:
    """Return a line of code, with an ellipsis if it is cut or its statement continues on the next line."""
    opened = sum(map(quoted.count, "([{")) > sum(map(quoted.count, ")]}"))
    return f"{quoted[:_MOST_QUOTED]}{' …' if opened or len(quoted) > _MOST_QUOTED else ''}"


def describe_error(submission: Submission, type_name: str, text: str, frames: tuple[TracebackLine, ...]) -> str:
    """Return an exception as a sentence, with the place where it was raised."""
    place = where(submission, frames)
    said = told(type_name, text)
    return f"{said} ({place})" if place else said


def told(type_name: str, text: str) -> str:
    """Return an exception as one or two sentences, without what libraries wrap around it and without machine paths."""
    return sentence(*first_cause(type_name, text, _FOLDERS))


def raised_text(submission: Submission, error: SubmissionError | Raised) -> str:
    """Return `describe_error` of an exception that a call or loading raised."""
    text = error.text if isinstance(error, SubmissionError) else error.message
    return describe_error(submission, error.type_name, text, error.frames)
