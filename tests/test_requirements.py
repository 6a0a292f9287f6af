"""Tests of a course's additional requirements: each one that is stated has a check and a sentence in the starter."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from grader.assignment import contract
from grader.assignment.brief import Brief
from grader.assignment.requirements import REQUIREMENT_CHECKS, Bands, Requirements
from grader.assignment.starter import starter_source
from grader.checks.common.answers import LayerFacts
from grader.checks.common.context import Context
from grader.checks.functions.task4.test_required import blocks_in, optimizer_name
from grader.cli.machine import new
from grader.course import Course, parse_course
from grader.course.keras_names import keras_names
from grader.grading.judging import grade
from grader.ground.errors import UsageError
from grader.results.scoring import CheckResult
from grader.sandbox.host.session import Sandbox
from grader.submissions import SubmissionFile, read_submission
from tests.own_courses import grey_course, solution

EVERY: Final = """
[requirements]
min_blocks = 3
required_layers = ["Dropout", "BatchNormalization"]
forbidden_layers = ["GlobalMaxPooling2D"]
max_weights = 200_000
optimizers = ["Adam", "SGD"]
patience = 5
skip = ["train/extra-callbacks"]
"""
IDS: Final = frozenset(check.id for check in REQUIREMENT_CHECKS.values())


def test_what_is_not_stated_changes_nothing() -> None:
    for course in (Course(), parse_course("[requirements]")):
        assert course.checks() == contract.CHECKS
        assert course.functions == contract.FUNCTIONS
        assert course.total() == 100
        assert starter_source(course.brief) == starter_source()


def test_what_is_stated_has_a_check_and_what_is_skipped_has_none() -> None:
    course = parse_course(EVERY)
    ids = [check.id for check in course.checks()]
    assert set(ids) == ({check.id for check in contract.CHECKS} | IDS) - {"train/extra-callbacks"}
    assert [check.task for check in course.checks()] == sorted(check.task for check in course.checks())
    assert (course.task_points(4), course.task_points(5), course.total()) == (25, 25, 105)


def test_points_of_a_requirement_can_be_set() -> None:
    course = parse_course('[points]\n"build_model/few-weights" = 4\n[requirements]\nmax_weights = 1000')
    assert course.task_points(4) == 24


def test_the_starter_says_which_checks_of_its_own_a_course_makes() -> None:
    check = contract.Check("predict/single-image", 6, "predict", 1, "Takes a single image, too")
    text = starter_source(Brief(own=(check,)))
    assert "Row i depends on image i alone. Also checked: Takes a single image, too." in text
    assert text.count("Also checked") == 1


def test_the_starter_says_what_is_required() -> None:
    text = " ".join(starter_source(parse_course(EVERY).brief).split())
    for sentence in (
        "It has at least 3 convolution blocks.",
        "Among its layers are Dropout and BatchNormalization.",
        "It does without GlobalMaxPooling2D.",
        "It has at most 200,000 weights.",
        "It is compiled with the optimizer Adam or SGD.",
        "By default it waits 5 epochs.",
        "patience=5,",
        "Task 4 – Create the model (25 points)",
    ):
        assert sentence in text


def test_the_starter_of_a_course_with_own_data_loads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grey_course(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert new(Path("solution.py")) == 0
    text = (tmp_path / "solution.py").read_text()
    title = '"""Course project: tell four classes of fruit apart with a small convolutional network in Keras.'
    assert text.startswith(title)
    for line in (
        "def subset_data(x, y, classes=(0, 1, 2, 3), seed=None):",
        "def build_model(input_shape=(28, 28, 1), num_classes=4):",
        "        y: Integer labels, shape (n, 1) or (n,).",
        '    class_names = ["apple", "pear", "plum", "lemon"]',
        '    with np.load("fruit.npz") as data:',
        "    # Task 2: all four classes. A tenth of the training images judges the epochs, and the",
        "    x_all, x_test = x_all.reshape(-1, 28, 28, 1), x_test.reshape(-1, 28, 28, 1)  # grey: one channel",
    ):
        assert f"{line}\n" in text, line
    assert "CIFAR" not in text


def test_the_starter_of_many_classes_stays_within_its_width() -> None:
    text = starter_source(parse_course('dataset = "cifar100"').brief)
    compile(text, "starter", "exec")
    assert max(map(len, text.splitlines())) <= 100
    assert "classes=tuple(range(100))" in text
    (classes,) = (
        p for f in parse_course('dataset = "cifar100"').functions for p in f.parameters if p.name == "classes"
    )
    assert classes.value == tuple(range(100))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("min_block = 3", "requirements.min_block: unknown key; did you mean min_blocks?"),
        ("min_blocks = 0", "requirements.min_blocks: expected int >= 1."),
        ("min_blocks = 'three'", "requirements.min_blocks: expected int, got str."),
        (
            "required_layers = ['Droput']",
            "requirements.required_layers: Keras has no layer 'Droput'; did you mean Dropout?",
        ),
        (
            "required_layers = ['Dropout']\nforbidden_layers = ['Dropout']",
            "requirements.forbidden_layers: 'Dropout' is among required_layers as well.",
        ),
        ("optimizers = ['adam']", "requirements.optimizers: Keras has no optimizer 'adam'; did you mean Adam?"),
        (
            "skip = ['train/valdates']",
            "requirements.skip: train/valdates: unknown check; did you mean train/validates?",
        ),
        ("accuracy = {full = 0.8}", "requirements.accuracy: object missing required field none."),
        (
            "accuracy = {full = 0.8, none = 0.9}",
            "requirements.accuracy.full: must be more than requirements.accuracy.none, 0.9.",
        ),
        ("accuracy = {full = 80, none = 0.5}", "requirements.accuracy.full: expected float <= 1.0."),
        ("accuracy = {ful = 0.8, none = 0.5}", "requirements.accuracy.ful: unknown key; did you mean full?"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_course(f"[requirements]\n{text}")
    assert str(caught.value) == f"course.toml: {message}"


def test_requirements_of_functions_do_not_go_with_guided_notebooks() -> None:
    with pytest.raises(UsageError, match=r"requirements\.min_blocks: is checked where submissions define functions"):
        parse_course('form = "guided"\n[requirements]\nmin_blocks = 3')
    assert parse_course('form = "guided"\n[requirements.accuracy]\nfull = 0.8\nnone = 0.5').requirements.accuracy


def test_bands_give_points_evenly() -> None:
    bands = Bands(full=0.8, none=0.6)
    assert [round(bands.share(accuracy), 3) for accuracy in (0.5, 0.6, 0.7, 0.8, 0.9)] == [0, 0, 0.5, 1, 1]


def test_the_names_are_those_of_keras() -> None:
    import keras

    assert {"Conv2D", "Dropout", "SeparableConv2D", "GlobalAveragePooling2D"} <= set(keras_names("layers"))
    assert all(hasattr(keras.layers, name) for name in keras_names("layers"))
    assert {"Adam", "AdamW", "SGD"} <= set(keras_names("optimizers"))


def layer(kind: str, before: tuple[int, ...], after: tuple[int, ...]) -> LayerFacts:
    """Return a layer as the examiner describes it."""
    return {
        "kind": kind,
        "convolution": kind == "Conv2D",
        "kernels": [],
        "channels_first": False,
        "input_shape": list(before),
        "output_shape": list(after),
    }


def test_a_block_ends_where_height_and_width_are_halved() -> None:
    conv, pool = layer("Conv2D", (32, 32, 3), (32, 32, 8)), layer("MaxPooling2D", (32, 32, 8), (16, 16, 8))
    again = [layer("Conv2D", (16, 16, 8), (14, 14, 8)), layer("Conv2D", (14, 14, 8), (7, 7, 8))]
    end = [layer("Flatten", (7, 7, 8), (392,)), layer("Dense", (392,), (3,))]
    assert blocks_in([conv, pool, *again, *end]) == 2
    assert blocks_in([conv, conv, *end]) == 0
    assert blocks_in([pool, conv, *end]) == 0
    assert blocks_in([]) == 0


def test_an_optimizer_is_known_by_its_class() -> None:
    assert optimizer_name('{"compile_config": {"optimizer": {"class_name": "AdamW"}}}') == "AdamW"
    assert optimizer_name('{"compile_config": {"optimizer": 3}}') == ""
    assert optimizer_name("{}") == ""


def judged(sandbox: Sandbox, course: Course, text: str, folder: Path) -> dict[str, CheckResult]:
    """Return the results of the requirements' checks for a source."""
    path = folder / "solution.py"
    path.write_text(text)
    submission = read_submission(SubmissionFile("solution", path))
    made = [check.id for check in course.checks() if check.id in IDS]
    result = grade(Context(submission, course, "quick", frozenset(), sandbox, only=frozenset(made))).result
    return {check.id: check for check in result.checks}


def test_a_solution_that_meets_them_has_their_points(sandbox: Sandbox, tmp_path: Path) -> None:
    course = parse_course(EVERY)
    found = judged(sandbox, course, solution(course, ("patience=3", "patience=5")), tmp_path)
    assert {id: (check.status, check.message) for id, check in found.items()} == dict.fromkeys(IDS, ("passed", ""))


def test_each_that_is_not_met_is_told_in_words_of_its_own(sandbox: Sandbox, tmp_path: Path) -> None:
    course = parse_course(
        """
        [requirements]
        min_blocks = 4
        required_layers = ["SeparableConv2D"]
        forbidden_layers = ["Flatten"]
        max_weights = 1000
        optimizers = ["AdamW", "SGD"]
        patience = 5
        """
    )
    found = judged(sandbox, course, solution(course), tmp_path)
    messages = {id: check.message for id, check in found.items()}
    assert {check.status for check in found.values()} == {"failed"}
    assert messages["build_model/enough-blocks"] == (
        "The network should have at least 4 convolution blocks, but it has 3."
    )
    assert messages["build_model/required-layers"].startswith(
        "The network should have the layer SeparableConv2D, but its layers are "
    )
    assert messages["build_model/forbidden-layers"] == (
        "The network should do without the layer Flatten, but it has one."
    )
    assert messages["build_model/few-weights"].startswith("The network should have at most 1,000 weights, but it has 7")
    assert messages["build_model/optimizer"] == (
        "The network should be compiled with the optimizer AdamW or SGD, but it is compiled with Adam."
    )
    assert messages["train/default-patience"] == (
        "Where the first epoch is the best and `train` is not given `patience`, it should train 6 epochs, but it "
        "trained 4."
    )


def test_requirements_have_their_keys() -> None:
    assert set(REQUIREMENT_CHECKS) < set(Requirements.__struct_fields__)
