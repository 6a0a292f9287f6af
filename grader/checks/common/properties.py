"""Property-based testing with Hypothesis, made repeatable and quiet, and with limited shrinking."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Final

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, strategies
from hypothesis.errors import Flaky

from grader.assignment.subject import USUAL, Subject
from grader.checks.common.student import Missing, StillToWrite
from grader.checks.common.verdict import CheckFailed, NotRun
from grader.sandbox.host.session import SubmissionError, WorkerGone

_SEED: Final = 20_240_229
_MAX_SHRINKS: Final = 150


class _EnoughError(BaseException):
    """Raised to end shrinking."""


Cases = strategies.SearchStrategy[Any] | Callable[[Subject], strategies.SearchStrategy[Any]]
"""A strategy to draw cases from, or a function that returns one for the subject of a course."""


def for_all(
    cases: Cases, *, examples: int = 15, shrinks: int = _MAX_SHRINKS
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test for many values of its argument `case`, and report the smallest that fails.

    All tests with the same strategy get the same cases, so that they can share the evidence about a case.  The cases
    are drawn once and kept.  Only if one of them fails does Hypothesis run: it draws the cases again and shrinks the
    one that fails.  After `shrinks` calls of the test, the smallest case so far is reported.  Calls are counted, not
    seconds, so that two gradings give the same report.

    Args:
        cases: The strategy to draw `case` from.
        examples: How many cases to try.
        shrinks: How many calls to spend on shrinking.
    """

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def run(**fixtures: Any) -> None:
            seed = _SEED + _seed_of(fixtures)
            strategy = cases if isinstance(cases, strategies.SearchStrategy) else cases(_subject_of(fixtures))
            first = _first_failure(test, drawn(strategy, examples, seed), fixtures)
            if first is None:
                return
            if isinstance(first, (NotRun, Missing, StillToWrite, WorkerGone)):
                raise first  # these cannot be shrunk, and a second time-out would only cost time
            failures: list[Exception] = []
            calls_left = shrinks

            @hypothesis.seed(seed)
            @_settings(examples)
            @hypothesis.given(strategy)
            def try_case(case: Any) -> None:
                nonlocal calls_left
                if failures:
                    calls_left -= 1
                    if calls_left < 0:
                        raise _EnoughError
                try:
                    test(case=case, **fixtures)
                except (NotRun, Missing) as error:
                    if not failures:  # cannot be shrunk, and means nothing while shrinking
                        failures.append(error)
                        raise _EnoughError from None
                except WorkerGone as gone:  # do not wait for a second time-out
                    failures[:] = failures or [gone]
                    raise _EnoughError from None
                except (CheckFailed, SubmissionError) as error:
                    _note_example(error, fixtures)
                    failures.append(error)
                    raise

            try:
                try_case()
            except (_EnoughError, Flaky, CheckFailed, SubmissionError):
                raise failures[-1] from None
            raise first  # a failure counts even if it does not happen again

        parameters = [p for name, p in inspect.signature(test).parameters.items() if name != "case"]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        del run.__wrapped__
        return run

    return decorate


@functools.cache
def drawn(cases: strategies.SearchStrategy[Any], examples: int, seed: int) -> tuple[Any, ...]:
    """Return the cases that Hypothesis draws from a strategy if none of them fails.

    They are cached, since drawing a case takes a few milliseconds, which is more than many checks take to judge it.
    """
    found: list[Any] = []

    @hypothesis.seed(seed)
    @_settings(examples)
    @hypothesis.given(cases)
    def keep(case: Any) -> None:
        found.append(case)

    keep()
    return tuple(found)


def _settings(examples: int) -> hypothesis.settings:
    return hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
    )


def _first_failure(test: Callable[..., None], cases: Sequence[Any], fixtures: dict[str, Any]) -> Exception | None:
    """Return the exception of the first case that fails, or `None` if all pass."""
    for case in cases:
        try:
            test(case=case, **fixtures)
        except (NotRun, Missing, WorkerGone) as failure:
            return failure
        except (CheckFailed, SubmissionError) as failure:
            _note_example(failure, fixtures)
            return failure
    return None


def _seed_of(fixtures: dict[str, Any]) -> int:
    """Return the course's seed; nobody who does not know it can work out beforehand which cases will be tried."""
    return next((value.seed for value in fixtures.values() if hasattr(value, "seed")), 0)


def _subject_of(fixtures: dict[str, Any]) -> Subject:
    """Return the subject of the course."""
    return next((value.subject for value in fixtures.values() if hasattr(value, "subject")), USUAL)


def _note_example(error: CheckFailed | SubmissionError, fixtures: dict[str, Any]) -> None:
    """Attach the call that an error is about to it, before later calls overwrite the example of the fixtures."""
    if not getattr(error, "example", ""):
        examples = [value.example for value in fixtures.values() if hasattr(value, "example")]
        error.example = examples[0] if examples else ""  # type: ignore[union-attr]
