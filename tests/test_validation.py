"""Tests of validating the grader with a corpus: what counts as right, the faults it reports, and the pages."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from grader.assignment import contract
from grader.cli.validating import verdict_lines
from grader.course import Course, Settings, parse_course
from grader.ground.errors import UsageError
from grader.results.scoring import Outcome, Result, make_result
from grader.submissions import Submission
from grader.validation import matrix
from grader.validation.corpus import EVERYWHERE, Chaff, read_chaffs
from grader.validation.validating import Validation, Verdict, faults_with_chaff, faults_with_wheat, reached

CHECKS = contract.checks_of("quick")
CHAFF = Chaff(
    Path("task2-subset_data-reversed.py"),
    "task2-subset_data-reversed",
    2,
    None,
    ("subset_data/shuffled", "subset_data/seeded"),
    "Turns the images round instead of shuffling them.",
)


def result_with(**failed: str) -> Result:
    """Return a result in which all checks passed except the given ones: `subset_data__shuffled="message"`."""
    wrong = {name.replace("__", "/").replace("_c_", "-"): message for name, message in failed.items()}
    outcomes = {c.id: Outcome("failed", wrong[c.id], "A hint.") if c.id in wrong else Outcome("passed") for c in CHECKS}
    return make_result(Submission("x", Path("x.py"), "", "py"), Course(), CHECKS, outcomes, seconds=4.0)


NOT_GRADED = make_result(Submission("x", Path("x.py"), "", "py"), Course(), CHECKS, {}, seconds=0.0, problem="no disk")


def test_a_sound_solution_needs_full_marks() -> None:
    assert faults_with_wheat(result_with()) == ()
    assert faults_with_wheat(result_with(subset_data__shuffled="not shuffled")) == (
        "subset_data/shuffled failed: not shuffled",
    )
    assert faults_with_wheat(NOT_GRADED) == ("not graded: no disk",)


def test_a_bug_must_be_caught_by_its_own_check() -> None:
    assert faults_with_chaff(CHAFF, result_with(subset_data__shuffled="not shuffled")) == ()
    assert faults_with_chaff(CHAFF, result_with()) == (
        "subset_data/shuffled does not catch it; it is caught by nothing",
    )
    assert faults_with_chaff(CHAFF, result_with(subset_data__seeded="always the same")) == (
        "subset_data/shuffled does not catch it; it is caught only by subset_data/seeded",
    )
    assert faults_with_chaff(CHAFF, NOT_GRADED) == ("not graded: no disk",)


def test_a_bug_must_be_caught_with_words() -> None:
    assert faults_with_chaff(CHAFF, result_with(subset_data__shuffled="")) == (
        "subset_data/shuffled fails without a word",
    )


def test_a_bug_must_not_spread_unless_its_file_says_why() -> None:
    result = result_with(subset_data__shuffled="not shuffled", train__validates="no validation")
    assert faults_with_chaff(CHAFF, result) == ("it spreads to train/validates (failed: no validation)",)
    for allowed in ("train/validates", EVERYWHERE):
        assert faults_with_chaff(msgspec.structs.replace(CHAFF, spreads_to=(allowed,)), result) == ()


def chaff_file(folder: Path, text: str, name: str = "task2-subset_data-reversed.py") -> Path:
    (folder / "plain.py").write_text("def predict(model, x):\n    return 1\n\n\ndef train():\n    return 2\n")
    chaffs = folder / "chaffs"
    chaffs.mkdir(exist_ok=True)
    (chaffs / name).write_text(text)
    return chaffs


HEAD = '"""Reverses."""\n# base: plain.py\n# caught by: subset_data/shuffled\n'


def test_a_chaff_is_its_base_and_what_differs(tmp_path: Path) -> None:
    text = HEAD + "# spreads to: train/validates, predict/in-order; they are called with it\n# remove: train\nx = 1\n"
    (chaff,) = read_chaffs(chaff_file(tmp_path, text), tmp_path)
    assert (chaff.name, chaff.task, chaff.sentence) == ("task2-subset_data-reversed", 2, "Reverses.")
    assert chaff.spreads_to == ("train/validates", "predict/in-order")
    assert chaff.why_it_spreads == "they are called with it"
    namespace: dict[str, object] = {}
    exec(chaff.source(), namespace)
    assert namespace["x"] == 1
    assert "predict" in namespace
    assert "train" not in namespace


@pytest.mark.parametrize(
    ("change", "tasks"),
    [
        ("def predict(model, x):\n    return None", {1, 2, 6}),
        ("def train(model, x_train, y_train, x_val, y_val, **settings):\n    return None", {1, 2, 5, 6}),
        ("def helper():\n    return 2", {1, 2, 4}),
        ("LIMIT = 2", {1, 2, 3, 5, 6}),
        ("SIZES.append(3)", {1, 2, 4}),
        ("not_needed = 3", {1, 2}),
        ("def broken(:", {1, 2, 3, 4, 5, 6}),
    ],
)
def test_a_chaff_is_graded_where_its_change_can_be_reached(change: str, tasks: set[int], tmp_path: Path) -> None:
    base = tmp_path / "sound.py"
    base.write_text(
        "LIMIT = 1\nSIZES = [2]\ndef helper():\n    return SIZES\n"
        "def subset_data(x, y):\n    return x\ndef show_examples(x):\n    return LIMIT\n"
        "def add_conv_block(model, filters):\n    return helper()\ndef build_model():\n    return 1\n"
        "def train(model):\n    return LIMIT\ndef plot_history(history):\n    return 1\n"
        "def predict(model, x):\n    return 1\n"
    )
    path = tmp_path / "task2-subset_data-x.py"
    path.write_text(f"{change}\n")
    chaff = msgspec.structs.replace(CHAFF, path=path, base=base)
    settings = Settings(Course(), "quick", frozenset(), "process")
    assert reached(chaff, settings) == tasks
    assert reached(chaff, msgspec.structs.replace(settings, tasks=frozenset({1, 4, 6}))) == tasks & {1, 4, 6}
    everything = frozenset(range(1, 7))
    assert reached(msgspec.structs.replace(chaff, base=None), settings) == everything
    assert reached(chaff, msgspec.structs.replace(settings, profile="standard")) == everything


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "the first line is not a docstring that says the bug."),
        ('"""Reverses."""\n# base: plain.py\n', "needs a line '# caught by: CHECK'."),
        (
            '"""Reverses."""\n# caught by: subset_data/shuffled\n',
            "needs either a line '# base: WHEAT' or a line '# whole file'.",
        ),
        (HEAD.replace("shuffled", "shufled"), "there is no check subset_data/shufled."),
        (HEAD + "# spreads to: train/validates\n", "'# spreads to:' needs a reason after a semicolon."),
    ],
)
def test_a_chaff_with_a_wrong_header_is_one_sentence(text: str, message: str, tmp_path: Path) -> None:
    chaffs = chaff_file(tmp_path, text)
    with pytest.raises(UsageError) as raised:
        read_chaffs(chaffs, tmp_path)
    assert str(raised.value) == f"{chaffs / 'task2-subset_data-reversed.py'}: {message}"


def test_a_bug_may_be_about_a_requirement(tmp_path: Path) -> None:
    name = "task4-build_model-too-large"
    (chaff,) = read_chaffs(
        chaff_file(tmp_path, HEAD.replace("subset_data/shuffled", "build_model/few-weights"), f"{name}.py"), tmp_path
    )
    course = parse_course("[requirements]\nmax_weights = 1000")
    outcomes = {check.id: Outcome("passed") for check in course.checks()}
    outcomes["build_model/few-weights"] = Outcome("failed", "It has 2,000 weights.")
    submission = Submission(name, Path(f"{name}.py"), "", "py")
    result = make_result(submission, course, course.checks(), outcomes, seconds=4.0)
    verdict = Verdict(name, chaff, result, faults_with_chaff(chaff, result))
    assert verdict.faults == ()
    page = matrix.kill_matrix(Validation("quick", "namespaces", 90.0, (verdict,)), course.checks())
    assert "11. `build_model/few-weights`: the check for 1 of them" in page
    assert page.splitlines()[-1].split("|")[12:-1] == [" ● ", "  ", " 4 "]


def test_names_folders_and_bases_are_checked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"reversed\.py: the name is not of the form taskN-function-bug\.py\.$"):
        read_chaffs(chaff_file(tmp_path, HEAD, "reversed.py"), tmp_path)
    with pytest.raises(UsageError, match=r": there are no chaffs here; a chaff is a file taskN-function-bug\.py\.$"):
        read_chaffs(tmp_path / "nowhere", tmp_path)
    (tmp_path / "chaffs" / "reversed.py").unlink()
    with pytest.raises(UsageError, match=r"there is no wheat .*other\.py\.$"):
        read_chaffs(chaff_file(tmp_path, HEAD.replace("plain", "other")), tmp_path)
    (chaff,) = read_chaffs(chaff_file(tmp_path, HEAD + "# remove: fit\n"), tmp_path)
    with pytest.raises(UsageError, match=r"plain\.py has no top-level function 'fit' to remove\.$"):
        chaff.source()


def validation() -> Validation:
    caught = result_with(subset_data__shuffled="The images come in the order of `x`.", train__validates="no validation")
    chaff = msgspec.structs.replace(CHAFF, spreads_to=("train/validates",), why_it_spreads="an example")
    verdicts = (
        Verdict("plain", None, result_with(), ()),
        Verdict(CHAFF.name, chaff, caught, ()),
        Verdict("task2-other", CHAFF, result_with(), faults_with_chaff(CHAFF, result_with())),
    )
    return Validation("quick", "namespaces", 90.0, verdicts, ("task6-accuracy-guesses",))


def test_the_matrix_shows_which_check_catches_what() -> None:
    lines = matrix.kill_matrix(validation()).splitlines()
    assert "- All 1 sound solutions have full marks." in lines
    assert any(line.startswith("- 1 of 2 bugs are caught") for line in lines)
    assert "- `task2-other`: subset\\_data/shuffled does not catch it; it is caught by nothing" in lines
    rows = [line for line in lines if line.startswith("| Turns the images round")]
    assert rows[0].split("|")[2:-1] == [*["  "] * 6, " ● ", *["  "] * 3, " `train/validates`: an example ", " 4 "]
    assert "●" not in rows[1]


def test_the_page_of_messages_has_each_bug_with_what_students_read() -> None:
    page = matrix.messages(validation())
    assert "## Turns the images round instead of shuffling them." in page
    assert "The images come in the order of `x`." in page
    assert "*Hint:* A hint." in page


def test_the_summary_counts() -> None:
    assert verdict_lines(validation()) == (
        "1 of 1 sound solutions have full marks, 1 of 2 bugs are caught by their own check, "
        "1 left out (another profile) (quick, namespaces, 90 s)"
    )


def test_a_validation_is_data() -> None:
    decoded = json.loads(msgspec.json.encode(validation(), enc_hook=str))
    assert [verdict["name"] for verdict in decoded["verdicts"]] == ["plain", CHAFF.name, "task2-other"]
