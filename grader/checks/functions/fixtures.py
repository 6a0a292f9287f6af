"""The fixtures of the checks: the submission in fresh workers, and evidence that is gathered once.

If a fixture that several checks use raises, pytest raises the same exception again for each of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from grader.checks.common.context import Context
from grader.checks.common.evidence import Aside, Examiner
from grader.checks.common.fixtures import artefacts, budget, context, examiner
from grader.checks.common.student import Student, TimeLeft, UnwrittenStudent, finds_no_device, is_unwritten
from grader.checks.functions.task2.evidence import Subsets
from grader.checks.functions.task3.evidence import ExampleFigures, example_images
from grader.checks.functions.task4.evidence import Blocks, Networks
from grader.checks.functions.task5.evidence import Trainings
from grader.checks.functions.task6.evidence import HistoryFigures, Predictions
from grader.results.artefacts import Artefacts
from grader.sandbox.host.session import WorkerGone

__all__ = ["artefacts", "budget", "context", "examiner"]  # fixtures, which pytest finds by their names


def _fresh(context: Context, budget: TimeLeft, **how: bool) -> Iterator[Student]:
    with context.sandbox.worker(limits=context.limits) as worker:
        course = context.course
        subject, seed = course.subject, course.seed
        yield Student(worker, context.submission, course.limits, budget=budget, seed=seed, subject=subject, **how)


def _for(function: str, context: Context, budget: TimeLeft) -> Iterator[Student]:
    """The submission in a fresh worker for calls of one function; no worker if that is still to be written."""
    if is_unwritten(context.submission, function):
        yield UnwrittenStudent(context.submission, function, seed=context.course.seed, subject=context.course.subject)
    else:
        yield from _fresh(context, budget)


@pytest.fixture
def student(request: pytest.FixtureRequest, context: Context, budget: TimeLeft) -> Iterator[Student]:
    """The submission in a fresh worker, for one check."""
    mark = request.node.get_closest_marker("check")
    function = next((check.function for check in context.checks if mark is not None and check.id == mark.args[0]), "")
    yield from _for(function, context, budget)


@pytest.fixture(scope="session")
def student_as_written(context: Context, budget: TimeLeft) -> Iterator[Student]:
    """The submission loaded as Python would import it, top-level code included."""
    whole = context.submission.kind == "py"
    opened = contextlib.contextmanager(_fresh)
    with contextlib.ExitStack() as stack:
        student = stack.enter_context(opened(context, budget, whole=whole))
        failed = any(error.type_name != "TrainingRefusedError" for error in student.loaded.errors)
        if whole and failed and "load_data" in context.submission.as_written:
            # The file may rely on the number of images.  The full number takes time and memory, so it comes second.
            with contextlib.suppress(WorkerGone):
                again = stack.enter_context(opened(context, budget, whole=True, real_sizes=True))
                student = student if again.loaded.errors else again
        if whole and any(finds_no_device(context.submission, error) for error in student.loaded.errors):
            # It is not the submission's fault that there is no GPU here, so the statements after that are run as well.
            student = stack.enter_context(opened(context, budget, whole=True, by_statement=True))
        yield student


@pytest.fixture(scope="session")
def subsets(context: Context, budget: TimeLeft) -> Iterator[Subsets]:
    """What the submission's `subset_data` returns for the cases."""
    yield from (Subsets(student) for student in _for("subset_data", context, budget))


@pytest.fixture(scope="session")
def aside(context: Context, budget: TimeLeft) -> Iterator[Aside]:
    """The submission in a separate worker, for calls that may be too much for one or must leave no traces elsewhere."""
    opened = contextlib.contextmanager(_fresh)
    with contextlib.ExitStack() as stack:
        yield Aside(
            lambda: stack.enter_context(opened(context, budget)),
            context.submission,
            context.course.seed,
            context.course.subject,
        )


@pytest.fixture(scope="session")
def subsets_of_many(aside: Aside) -> Subsets:
    """What the submission's `subset_data` returns for very many images."""
    return Subsets(aside.student_for("subset_data"))


@pytest.fixture(scope="session")
def example_figures(context: Context, budget: TimeLeft, artefacts: Artefacts) -> Iterator[ExampleFigures]:
    """The figures of the submission's `show_examples`, of which one is kept as a picture at the end."""
    shown = None if context.dataset is None else example_images(context.dataset, context.course)
    for student in _for("show_examples", context, budget):
        figures = ExampleFigures(student, shown)
        yield figures
        figures.keep_pictures(artefacts)


@pytest.fixture(scope="session")
def history_figures(context: Context, budget: TimeLeft, artefacts: Artefacts) -> Iterator[HistoryFigures]:
    """The figures of the submission's `plot_history`, of which one is kept as a picture at the end.

    They have a worker of their own, so that a fault in one of the two functions does not affect the other.
    """
    for student in _for("plot_history", context, budget):
        figures = HistoryFigures(student)
        yield figures
        figures.keep_pictures(artefacts)


@pytest.fixture(scope="session")
def blocks(context: Context, budget: TimeLeft, examiner: Examiner) -> Iterator[Blocks]:
    """What the submission's `add_conv_block` adds to models."""
    yield from (Blocks(student, examiner) for student in _for("add_conv_block", context, budget))


@pytest.fixture(scope="session")
def networks(context: Context, budget: TimeLeft, examiner: Examiner) -> Iterator[Networks]:
    """The networks that the submission builds."""
    yield from (Networks(student, examiner) for student in _for("build_model", context, budget))


@pytest.fixture(scope="session")
def trainings(context: Context, budget: TimeLeft, examiner: Examiner) -> Iterator[Trainings]:
    """What the submission's `train` does with known models."""
    yield from (Trainings(student, examiner) for student in _for("train", context, budget))


@pytest.fixture(scope="session")
def trainings_of_many(aside: Aside, examiner: Examiner) -> Trainings:
    """What the submission's `train` does with very many images."""
    return Trainings(aside.student_for("train"), examiner)


@pytest.fixture(scope="session")
def predictions(context: Context, budget: TimeLeft) -> Iterator[Predictions]:
    """What the submission's `predict` answers with known models."""
    yield from (Predictions(student) for student in _for("predict", context, budget))
