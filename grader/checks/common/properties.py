"""Hypothesis, as the checks use it: repeatable, quiet, and with an end to shrinking."""

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
    """Shrinking has gone on for long enough."""


Cases = strategies.SearchStrategy[Any] | Callable[[Subject], strategies.SearchStrategy[Any]]
"""Where cases are drawn from, the same for each course or by what it is about."""


def for_all(
    cases: Cases, *, examples: int = 15, shrinks: int = _MAX_SHRINKS
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test for many values of its argument `case`, and report the smallest that fails.

    Every test draws the same cases from the same strategy, so that evidence about a case can be shared.  They are drawn
    once and kept; only where one of them fails does Hypothesis run, which draws them again and makes that one smaller.
    When `shrinks` calls have been spent on that, the smallest so far is reported: counting calls, not seconds, keeps
    two gradings alike.

    Args:
        cases: What `case` is drawn from.
        examples: How many cases are tried.
        shrinks: Calls spent on shrinking.
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
                raise first  # nothing to make smaller, and nobody waits for a second time-out
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
                    if not failures:  # nothing to make smaller, and while shrinking nothing to learn
                        failures.append(error)
                        raise _EnoughError from None
                except WorkerGone as gone:  # nobody waits for a second time-out
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
            raise first  # what fails once alone has failed all the same

        parameters = [p for name, p in inspect.signature(test).parameters.items() if name != "case"]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        del run.__wrapped__
        return run

    return decorate


@functools.cache
def drawn(cases: strategies.SearchStrategy[Any], examples: int, seed: int) -> tuple[Any, ...]:
    """The cases that Hypothesis draws from a strategy, as long as none of them fails.

    Drawing one costs a few milliseconds, which is more than many a check takes to judge it.
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
    """What the first case that fails raises; `None` where all hold."""
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
    """The course's seed, so that nobody who does not know it can work out beforehand what will be asked."""
    return next((value.seed for value in fixtures.values() if hasattr(value, "seed")), 0)


def _subject_of(fixtures: dict[str, Any]) -> Subject:
    """What the course is about."""
    return next((value.subject for value in fixtures.values() if hasattr(value, "subject")), USUAL)


def _note_example(error: CheckFailed | SubmissionError, fixtures: dict[str, Any]) -> None:
    """Remember with the error which call it is about: later calls will have overwritten the student's last one."""
    if not getattr(error, "example", ""):
        examples = [value.example for value in fixtures.values() if hasattr(value, "example")]
        error.example = examples[0] if examples else ""  # type: ignore[union-attr]
