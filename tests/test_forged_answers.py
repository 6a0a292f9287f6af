"""Tests that a submission cannot make the grader fail: whatever a worker answers, the trusted side reaches a verdict.

The answers of an honest worker are recorded once.  They are then played back to the real checks with some of them
changed in one place, as a submission could do that has taken over its own process.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from grader.checks.common.context import Context
from grader.checks.common.student import FUNCTION_NAMES
from grader.course import Course
from grader.grading.judging import grade
from grader.sandbox.host.session import Sandbox, SubmissionError, WorkerGone
from grader.sandbox.wire.frames import Exited, Handle, Loaded, Opaque, Raised, TracebackLine
from grader.submissions import SubmissionFile, read_submission

SLOW = bool(os.environ.get("GRADER_WHOLE_CORPUS"))
ROUNDS = 200 if SLOW else 4
LIES_PER_ANSWER = 0.04

Tape = list[dict[str, list[Any]]]
"""For each worker, the answers to each call and tool by name; all in the order in which they came."""


class Recorder:
    """Wraps a worker, or the sandbox that gives it, and records its answers."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.exits = sandbox.exits
        self.tape: Tape = []

    @contextlib.contextmanager
    def worker(self, **settings: Any) -> Iterator[Any]:
        with self._sandbox.worker(**settings) as worker:
            yield self._recorded(worker)

    def spawn(self, **settings: Any) -> Any:
        return self._recorded(self._sandbox.spawn(**settings))

    def _recorded(self, worker: Any) -> Any:
        answers: dict[str, list[Any]] = {}
        self.tape.append(answers)

        def keep(method: Callable[..., Any], name: str, *args: Any, **kwargs: Any) -> Any:
            answer = method(name, *args, **kwargs)
            answers.setdefault("load" if isinstance(answer, Loaded) else name, []).append(answer)
            return answer

        for method in ("load", "call", "tool"):
            original = getattr(worker, method)
            setattr(worker, method, lambda *args, original=original, **kwargs: keep(original, *args, **kwargs))
        return worker


class Liar:
    """Plays a tape back, and changes some of the answers; the answers of the examiner stay true."""

    def __init__(self, tape: Tape, rng: random.Random) -> None:
        self._tape = tape
        self._rng = rng
        self._count = 0
        self.exits: dict[int, Exited] = {}

    @contextlib.contextmanager
    def worker(self, **_: Any) -> Iterator[Any]:
        yield self.spawn()

    def spawn(self, **_: Any) -> Any:
        answers = self._tape[min(self._count, len(self._tape) - 1)]
        self._count += 1
        return Playback(answers, self._rng)


class Playback:
    """One worker of a `Liar`."""

    gone = False

    def __init__(self, answers: dict[str, list[Any]], rng: random.Random) -> None:
        self._answers = {name: list(each) for name, each in answers.items()}
        self._rng = rng
        self._honest = not {"load"} & set(answers)

    def load(self, *_: Any, **__: Any) -> Any:
        return self.call("load")

    def call(self, name: str, *_: Any, **__: Any) -> Any:
        answers = self._answers.get(name)
        if not answers:
            raise SubmissionError(Raised(0, "NameError", f"{name} is not on the tape"))
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer if self._honest or self._rng.random() > LIES_PER_ANSWER else changed(answer, self._rng)

    tool = call

    def end(self, reason: str, detail: str) -> WorkerGone:
        return WorkerGone(reason, detail)

    def close(self) -> None:
        pass


def changed(answer: Any, rng: random.Random) -> Any:
    """Return an answer that differs in one place."""
    if isinstance(answer, Loaded):
        lie = rng.choice(
            [
                Loaded(0, (), ()),
                msgspec.structs.replace(answer, functions=answer.functions[: rng.randrange(len(answer.functions))]),
                msgspec.structs.replace(answer, errors=(Raised(0, "E", "\x1b[2J", (TracebackLine(10**9, "f"),)),)),
                msgspec.structs.replace(answer, trained=(TracebackLine(-(10**9), "f"),)),
            ]
        )
        return msgspec.structs.replace(lie, functions=tuple(f for f in lie.functions if f.name in FUNCTION_NAMES))
    if isinstance(answer, dict) and answer and rng.random() < 0.9:
        key = rng.choice(list(answer))
        if rng.random() < 0.1:
            return {name: value for name, value in answer.items() if name != key}
        return answer | {key: changed(answer[key], rng)}
    if isinstance(answer, (list, tuple)) and answer and rng.random() < 0.8:
        items = list(answer)
        place = rng.randrange(len(items))
        items[place : place + 1] = rng.choice([[], [items[place]] * 3, [changed(items[place], rng)]])
        return type(answer)(items)
    if isinstance(answer, np.ndarray) and rng.random() < 0.9:
        return changed_array(answer, rng)
    if isinstance(answer, str) and answer.startswith("{") and rng.random() < 0.7:
        return changed_json(answer, rng)
    scalars = [None, True, -1, 0, 2**62, float("nan"), float("inf"), -1e308, "", "{}", "[1]", "\x1b[31m\u202e" * 9]
    return rng.choice([*scalars, b"", b"PK", [], {}, (), Handle(10**6, "Sequential"), Opaque("?", "?"), np.zeros(())])


def changed_array(array: Any, rng: random.Random) -> Any:
    """Return an array with another shape or dtype, or with values that break calculations."""
    odd = [np.nan, np.inf, -np.inf, 0.0, -1.0, 1e38, 255.0]
    variants: list[Callable[[], Any]] = [
        lambda: array[:-1] if array.ndim else array.reshape(1),
        lambda: array[..., None],
        lambda: array.reshape(-1),
        lambda: array.reshape(-1)[:0],
        lambda: np.zeros((0, *array.shape), array.dtype),
        lambda: np.full(array.shape, rng.choice(odd), rng.choice(["float16", "float32", "float64"])),
        lambda: array.astype(rng.choice(["bool", "int8", "uint64", "float16", "float64"])),
        lambda: np.concatenate([array, array]) if array.ndim else array,
    ]
    return rng.choice(variants)()


def changed_json(text: str, rng: random.Random) -> str:
    """Return JSON with one node changed, or text that is not JSON."""
    if rng.random() < 0.2:
        return rng.choice(["", "null", "[]", "{", "[" * 100_000, '"text"', "0", '{"config": []}', '{"config": {}}'])
    tree = msgspec.json.decode(text)
    nodes = [(tree, key) for key in tree]
    for node, key in nodes:
        inner = node[key]
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner))) if isinstance(inner, list) else []
        nodes += [(inner, each) for each in keys]
    node, key = rng.choice(nodes)
    node[key] = rng.choice([None, 0, "x", [], {}, [None], {"class_name": 7}, [[[]]], True])
    return msgspec.json.encode(tree).decode()


@pytest.fixture(scope="module")
def tape(sandbox: Sandbox) -> Tape:
    recorder = Recorder(sandbox)
    result = grade(context_of(recorder)).result
    assert result.score == result.max_score
    return recorder.tape


def context_of(sandbox: Any, tasks: frozenset[int] = frozenset()) -> Context:
    submission = read_submission(SubmissionFile("plain", Path(__file__).parent / "wheats" / "plain.py"))
    return Context(submission, Course(), "quick", tasks, sandbox)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_no_answer_makes_the_grader_itself_fail(tape: Tape, seed: int) -> None:
    result = grade(context_of(Liar(tape, random.Random(seed)))).result
    assert result.status == "graded", result.problem


def test_the_recorded_answers_alone_have_full_marks(tape: Tape) -> None:
    honest = random.Random()
    honest.random = lambda: 1.0  # type: ignore[method-assign]
    result = grade(context_of(Liar(tape, honest))).result
    assert [(check.id, check.message) for check in result.checks if check.status != "passed"] == []
