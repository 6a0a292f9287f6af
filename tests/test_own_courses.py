"""Tests of courses with their own data: a sound solution gets all points, and bugs cost points in their task."""

from __future__ import annotations

import os
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pytest

from grader.assignment import contract
from grader.checks.common.context import Context
from grader.checks.common.hidden import draw_split, seeded_generator
from grader.course import Course, load_course
from grader.course.datasets import load_dataset
from grader.course.thresholds import calibration_file, load_calibrations
from grader.grading.judging import grade
from grader.grading.own_checks import require_sound
from grader.results.artefacts import Confusion, Example, decoded
from grader.results.scoring import CheckResult, Result
from grader.sandbox.host.session import Sandbox
from grader.speed.measuring import Pairs
from grader.submissions import SubmissionFile, read_submission
from grader.submissions.reference import write_reference
from grader.validation.calibrate import measure, store
from grader.validation.corpus import read_chaffs
from tests.own_courses import course_of_twelve, grey_course, solution, tall_course

WHOLE: Final = bool(os.environ.get("GRADER_WHOLE_CORPUS"))
COURSES: Final = {"grey": grey_course, "tall": tall_course, "twelve": course_of_twelve}

SIGNS: Final = Path(__file__).parents[1] / "docs" / "examples" / "signs"

Judge = Callable[..., Result]


@pytest.fixture
def judge(sandbox: Sandbox, tmp_path: Path) -> Judge:
    """Grades a source in the profile `quick`, for some tasks."""

    def judged(course: Course, text: str, *tasks: int) -> Result:
        path = tmp_path / "solution.py"
        path.write_text(text, encoding="utf-8")
        submission = read_submission(SubmissionFile("solution", path))
        return grade(Context(submission, course, "quick", frozenset(tasks), sandbox)).result

    return judged


def failed(result: Result) -> dict[str, CheckResult]:
    """Return the checks that did not pass, by their ids."""
    return {check.id: check for check in result.checks if check.status != "passed"}


@pytest.mark.parametrize("name", COURSES if WHOLE else ("twelve",))
def test_a_sound_solution_has_all_points(name: str, judge: Judge, tmp_path: Path) -> None:
    course = COURSES[name](tmp_path)
    result = judge(course, solution(course))
    assert {check.id: check.message for check in failed(result).values()} == {}
    assert result.score == result.max_score == 93


BUGS: Final = {
    "usual classes": (
        2,
        ("np.isin(labels, classes)", "np.isin(labels, (0, 1, 2))"),
        "subset_data/keeps-only-requested-classes",
    ),
    "sixteen columns": (
        2,
        ("np.zeros((len(keep), len(classes))", "np.zeros((len(keep), 16)"),
        "subset_data/columns-follow-classes",
    ),
    "wrong titles": (3, ("class_names[int(np.argmax(y[i]))]", "class_names[0]"), "show_examples/titles-name-the-class"),
    "the first images": (
        3,
        (".choice(len(x), size=count, replace=False)", ".permutation(count)"),
        "show_examples/chosen-at-random",
    ),
    "fixed number of classes": (
        4,
        ("layers.Dense(num_classes,", "layers.Dense(5,"),
        "build_model/honours-arguments",
    ),
    "fixed shape": (
        4,
        ("keras.Input(shape=input_shape)", "keras.Input(shape=(32, 32, 3))"),
        "build_model/honours-arguments",
    ),
    "swapped sets": (
        5,
        ("        x_train,\n        y_train,\n        epochs", "        x_val,\n        y_val,\n        epochs"),
        "train/training-set-only",
    ),
    "mirrored": (5, ("validation_data=(x_val, y_val)", "validation_data=(x_val[:, ::-1], y_val)"), "train/validates"),
    "divides": (
        6,
        ("model.predict(x, verbose=0)", "model.predict(x / 255, verbose=0)"),
        "predict/scales-as-train-does",
    ),
    "backwards": (6, ("model.predict(x, verbose=0)", "model.predict(x, verbose=0)[::-1]"), "predict/in-order"),
}


CASES: Final = [
    *(("grey", bug) for bug in BUGS),
    *(("tall", bug) for bug in ("usual classes", "fixed shape", "divides")),
    *(("twelve", bug) for bug in ("sixteen columns", "fixed number of classes", "mirrored")),
]
CHOSEN: Final = CASES[:: 1 if WHOLE else 8]


@pytest.mark.parametrize(("course", "bug"), CHOSEN)
def test_a_bug_costs_points_in_its_task(course: str, bug: str, judge: Judge, tmp_path: Path) -> None:
    task, change, check = BUGS[bug]
    chosen = COURSES[course](tmp_path)
    lost = failed(judge(chosen, solution(chosen, change), *((5, 6) if "scales" in check else (task,))))
    assert check in lost, list(lost)
    assert {each.task for each in lost.values()} == {task}


BUDGET: Final = "[accuracy]\ntrain_images = 160\nepochs = 6\nbatch_size = 8\n"


def test_the_accuracy_check_follows_the_course(sandbox: Sandbox, tmp_path: Path) -> None:
    course = grey_course(tmp_path, more=f"{BUDGET}[requirements.accuracy]\nfull = 0.6\nnone = 0.3\n", each=60)
    path = tmp_path / "solution.py"
    # With the momentum of 0.99, validation would lag behind for hundreds of steps.
    path.write_text(solution(course, ("BatchNormalization()", "BatchNormalization(momentum=0.5)")))
    context = Context(
        read_submission(SubmissionFile("solution", path)),
        *(course, "standard", frozenset({6}), sandbox, load_dataset(course.dataset)),
        only=frozenset({"accuracy/unseen-images"}),
    )
    graded = grade(context)
    (check,) = graded.result.checks
    assert (check.status, check.points, check.message) == ("passed", 7, "")
    confusion = decoded(graded.artefacts, "confusion", Confusion)
    examples = decoded(graded.artefacts, "examples", tuple[Example, ...])
    assert confusion is not None and examples is not None
    assert confusion.classes == ("apple", "pear", "plum", "lemon")
    assert {example.true for example in examples} <= set(confusion.classes)


def test_the_reference_is_measured_on_own_data_and_its_thresholds_kept_beside_them(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    course = tall_course(tmp_path, more="[accuracy]\ntrain_images = 16\nepochs = 2\nbatch_size = 8\n")
    reference = tmp_path / "reference.py"
    write_reference(reference)
    measured = measure(sandbox, reference, course, load_dataset(course.dataset), runs=1)
    assert (measured.classes, len(measured.accuracies)) == ((0, 1), 1)
    file = calibration_file(course.dataset)
    store(measured, file)
    assert load_calibrations(file) == (measured,)


def test_speed_is_measured_on_grey_images(sandbox: Sandbox, tmp_path: Path) -> None:
    course = grey_course(tmp_path, more="[speed]\ntrain_images = 32\nepochs = 1\nbatch_size = 16\nrounds = 1\n")
    path, reference = tmp_path / "solution.py", tmp_path / "reference.py"
    path.write_text(solution(course))
    write_reference(reference)
    both = [read_submission(SubmissionFile(each.stem, each)) for each in (path, reference)]
    pairs = Pairs(sandbox, both[0], both[1], course, load_dataset(course.dataset))
    pairs.before()
    pairs.timed()
    pairs.after()
    assert (len(pairs.rounds), len(pairs.reference_rounds)) == (1, 1)


def test_hidden_images_are_balanced_and_not_mirrored_where_the_course_says_so(tmp_path: Path) -> None:
    course = grey_course(tmp_path, each=30)
    dataset = load_dataset(course.dataset)
    split = draw_split(dataset, course, seeded_generator(0, "a"))
    assert (split.x_train.shape[1:], split.y_train.shape[1]) == ((28, 28, 1), 4)
    assert np.bincount(split.hidden_labels).tolist() == [6] * 4
    # The square of class 0 is at the upper left, and of class 1 at the upper right.
    column = split.classes.index(0)
    shown = split.x_hidden[split.hidden_labels == column]
    assert all(image[2:10, 2:10].mean() > image[2:10, 18:26].mean() for image in shown)


def test_a_rare_class_is_no_reason_to_guess_the_others(tmp_path: Path) -> None:
    course = grey_course(tmp_path, each=50)
    dataset = load_dataset(course.dataset)
    rare = np.flatnonzero((dataset.y_test.reshape(-1) != 2) | (np.arange(len(dataset.y_test)) < 12))
    few = msgspec.structs.replace(dataset, x_test=dataset.x_test[rare], y_test=dataset.y_test[rare])
    split = draw_split(few, course, seeded_generator(0, "a"))
    assert np.bincount(split.hidden_labels).tolist() == [3] * 4


def test_grey_images_may_be_mirrored_and_brought_into_form(judge: Judge, tmp_path: Path) -> None:
    course = grey_course(tmp_path)
    turn = "    turned = np.where(np.arange(len(x_train)) % 2, x_train.T, x_train.T[:, :, ::-1]).T"
    fit = "        {0},\n        {1},\n        epochs"
    text = solution(
        course,
        ("    early_stopping =", f"{turn}\n    early_stopping ="),
        (fit.format("x_train", "y_train"), fit.format("turned.reshape(-1, 28, 28, 1)", "y_train")),
        ("ax.imshow(x[i])", 'ax.imshow(x[i].squeeze(), cmap="gray")'),
        ("model.predict(x,", "model.predict(x.reshape(-1, 28, 28, 1),"),
    )
    assert {check.id: check.message for check in failed(judge(course, text, 3, 5, 6)).values()} == {}


def test_the_example_of_the_docs_grades_its_own_solutions(judge: Judge, tmp_path: Path) -> None:
    folder = tmp_path / "signs"
    shutil.copytree(SIGNS, folder, ignore=shutil.ignore_patterns("*.npz", "__pycache__"))
    runpy.run_path(str(folder / "make_signs.py"), run_name="__main__")
    course = load_course(folder / "course.toml")
    assert (course.subject.image_shape, course.subject.class_names) == (
        (28, 28, 1),
        ("plus", "minus", "times", "equals"),
    )
    assert course.own.ids == {"plot_history/epochs-from-one", "predict/single-image"}
    require_sound(course.own)

    checks = folder / "checks"
    chaffs = {chaff.name: chaff for chaff in read_chaffs(checks / "chaffs", checks / "wheats", course.own)}
    stated = {check.id for check in course.checks()} - {check.id for check in contract.CHECKS}
    assert {chaff.caught_by[0] for chaff in chaffs.values()} == stated | {"accuracy/unseen-images"}

    sound = judge(course, (checks / "wheats" / "small.py").read_text(encoding="utf-8"))
    assert {check.id: check.message for check in failed(sound).values()} == {}
    assert sound.score == sound.max_score == 101
    buggy = judge(course, chaffs["task6-plot_history-from-zero"].source(), 6)
    assert {check.id: check.message for check in failed(buggy).values()} == {
        "plot_history/epochs-from-one": "The accuracies of 2 epochs should be at 1 to 2 on the x axis, but there is "
        "a curve at 0, 1."
    }
