"""A submission in a fresh worker, as a check calls it."""

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
"""Folders of this machine, which no message is to name."""


class Missing(Exception):
    """The submission does not define a function; `reason` says why, where that is known."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name)
        self.name = name
        self.reason = reason


class StillToWrite(SubmissionError):
    """A function does nothing but say so, which its text tells: what it would raise, without calling it."""


class TimeLeft:
    """The time that everything a submission does for one grading may take together, whatever one call may.

    Args:
        seconds: The time.
        shared: What is left of it, where several processes take from it.
    """

    def __init__(self, seconds: float, shared: Synchronized[float] | None = None) -> None:
        self.seconds = seconds
        self._own = seconds
        self._shared = shared

    @property
    def left(self) -> float:
        """What is left of it."""
        return self._own if self._shared is None else self._shared.value

    def allow(self, worker: Worker, seconds: float) -> float:
        """How much of `seconds` a call may take.

        Raises:
            WorkerGone: There is nothing left; the worker is ended.
        """
        if self.left <= 0:
            raise worker.end("timeout", f"used up the {self.seconds:g} seconds that all its calls may take together")
        return min(seconds, self.left)

    @contextlib.contextmanager
    def spend(self) -> Iterator[None]:
        """Take off what passes inside this context."""
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
        submission: What is loaded into it.
        limits: How long a call may take.
        whole: Whether it is loaded as Python would import it.
        real_sizes: Whether what it loads as data has as many images as the data set.
        by_statement: Whether an error in the whole of it costs the statement alone, and the rest still runs.
        budget: What is left of the time for all calls; shared by the workers of one grading.
        seed: What its checks draw their cases from.
        subject: What the course is about.

    Attributes:
        worker: The worker.
        loaded: What loading gave.
        example: The last call of one of the submission's functions, as source.
        seed: What its checks draw their cases from.
        subject: What the course is about.
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
        """Whether the submission has a function of that name."""
        return any(function.name == name for function in self.loaded.functions)

    def call(self, name: str, *args: Any, seconds: float | None = None, **kwargs: Any) -> Any:
        """Call one of the submission's functions; the call becomes the example.

        Args:
            name: One of the contract's functions.
            args: Data, arrays, handles, and `Shown` values.
            seconds: How long it may take, beside the budget; the course's limit for a call unless given.
            kwargs: Likewise, by name.

        Raises:
            Missing: There is no such function.
            SubmissionError: It raised.
            WorkerGone: It did not come to an end.
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
        """The grader's own tools in this worker: each may take as long as a call, and all take from the same time.

        A tool raises `SubmissionError` if code of the submission that it runs does, and `WorkerGone` if it does not
        come to an end, or if the worker's answer is none that the tool gives.
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
        """A Keras model as data; see `toolbox.export_model`.

        Raises:
            CheckFailed: It is none any more.
        """
        export = self.tools.export_model(model)
        if not export["model"]:
            raise CheckFailed("The model that was given should stay a Keras model, but it is none any more.")
        return export

    def weights(self, model: Handle, *, like: list[Array] | None = None) -> list[Array]:
        """The weights of a Keras model, as many and of the shapes of those in `like`.

        Raises:
            CheckFailed: They are others.
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
        """Call a function that returns a figure; gives it with what `toolbox.describe_figure` says of it.

        Raises:
            CheckFailed: It returned something else.
        """
        figure, facts, returned = self.drawn(name, *args, **kwargs)
        require_figure(name, returned)
        return figure, facts

    def drawn(self, name: str, *args: Any, **kwargs: Any) -> tuple[Handle, FigureFacts, str]:
        """The same, whatever was returned, where a figure was drawn; with what was returned instead, in words.

        Raises:
            CheckFailed: There is no figure.
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
        """The pixels of a figure that was drawn before, uint8 of shape (height, width, 4); `None` where it has none.

        Raises:
            SubmissionError: Drawing it raised.
            WorkerGone: It did not come to an end, or the answer is no picture.
        """
        seconds = min(_PICTURE_SECONDS, self._limits.call_seconds)
        tools = self.tools.within(seconds=seconds, max_bytes=4 * MAX_PICTURE_SIDE**2 + 1000)
        return tools.render_figure(figure, MAX_PICTURE_SIDE)

    def explain(self, error: SubmissionError | Missing) -> str:
        """What became of a call, in a sentence's tail."""
        if isinstance(error, Missing):
            return f"`{error.name}` is not defined"
        return raised_text(self._submission, error)

    def _why_missing(self, name: str) -> str:
        for error in self.loaded.errors:
            if name in error.message:
                return describe_error(self._submission, error.type_name, error.message, error.frames)
        return ""


class UnwrittenStudent(Student):
    """In place of a submission whose function is still to be written: no worker is started, and each call says so.

    Args:
        submission: The submission.
        name: The function.
        seed: What its checks draw their cases from.
        subject: What the course is about.
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
        raise self.error  # what comes before the call is of no use


def is_unwritten(submission: Submission, name: str) -> bool:
    """Whether a function is certainly still to be written."""
    return any(each.name == name for each in submission.unwritten)


def require_figure(name: str, returned: str) -> None:
    """Raise `CheckFailed` where a function returned something else than a figure, which `returned` describes."""
    if returned:
        raise no_figure(name, returned)


def no_figure(name: str, returned: str) -> CheckFailed:
    """What is wrong with a function that returned something else than a figure, which `returned` describes."""
    return CheckFailed(
        f"`{name}` should return a matplotlib Figure, but it returned {returned}.",
        hint="End the function with `return fig`, where `fig` is what `plt.subplots` or `plt.figure` gave.",
    )


def fitted_call(
    function: contract.Function, found: FunctionFound, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The same call as a function takes it whose header is not quite that of the contract.

    A check of its own is about headers, and whatever else the function does is to be seen all the same.  An argument
    goes to the parameter of its name, else to the one in its place, where that has a name of its own, else nowhere;
    and a parameter that should have a default gets it.

    Args:
        function: The contract.
        found: The function that is called.
        args: The arguments by position, in the contract's order.
        kwargs: The arguments by the contract's names.
    """
    header = found.parameters
    kinds = {parameter.kind for parameter in header or ()}
    if header is None or "VAR_POSITIONAL" in kinds:
        return args, kwargs
    known = [parameter.name for parameter in function.parameters]
    own = {parameter.name: parameter for parameter in header if not parameter.kind.startswith("VAR")}
    # Where there are more or fewer, nobody knows what the others stand for, beside those that are given by position.
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
    """Code cell (`None` in a `.py`) and line of the innermost frame; `None` where there is none to be told."""
    if not frames:
        return None
    try:
        return submission.locate(frames[-1].line)
    except IndexError:
        return None


def finds_no_device(submission: Submission, error: Raised | SubmissionError) -> bool:
    """Whether the submission looked for a GPU and raised since there is none here."""
    return bool(error.frames) and submission.finds_no_device(error.frames[-1].line)


def where(submission: Submission, frames: tuple[TracebackLine, ...]) -> str:
    """The place of the innermost frame in the student's own terms: `code cell 3, line 5: the line`."""
    found = locate(submission, frames)
    if found is None:
        return ""
    cell, line = found
    quoted = submission.quote(cell, line).strip()
    place = Note(cell, line, "").place
    return f"{place}: {_one_line(quoted)}" if quoted else place


def _one_line(quoted: str) -> str:
    """A line of code, with an ellipsis where it goes on."""
    opened = sum(map(quoted.count, "([{")) > sum(map(quoted.count, ")]}"))
    return f"{quoted[:_MOST_QUOTED]}{' …' if opened or len(quoted) > _MOST_QUOTED else ''}"


def describe_error(submission: Submission, type_name: str, text: str, frames: tuple[TracebackLine, ...]) -> str:
    """An exception in a sentence, with its place."""
    place = where(submission, frames)
    said = told(type_name, text)
    return f"{said} ({place})" if place else said


def told(type_name: str, text: str) -> str:
    """An exception in one or two sentences, without what libraries wrap around it and without paths of the machine."""
    return sentence(*first_cause(type_name, text, _FOLDERS))


def raised_text(submission: Submission, error: SubmissionError | Raised) -> str:
    """`describe_error` of what a call or a load raised."""
    text = error.text if isinstance(error, SubmissionError) else error.message
    return describe_error(submission, error.type_name, text, error.frames)
