"""Tests of a course's own checks: how they are read, errors in them, and that they are run like the grader's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from grader.assignment import contract
from grader.checks.common.context import Context
from grader.course import Course, OwnChecks, Settings, load_course
from grader.course.own_checks import digest_of, read_own
from grader.exports import entries_of
from grader.exports.gradescope import document
from grader.exports.gradescope_package.package import autograder_zip
from grader.exports.records import check_hidden
from grader.gradebook.conditions import conditions_of, course_digest
from grader.gradebook.lists import parse_comments
from grader.grading.helpers import divided
from grader.grading.judging import grade
from grader.grading.own_checks import require_sound
from grader.grading.slots import Slot
from grader.ground.errors import UsageError
from grader.reports.markdown import feedback
from grader.reports.site import StudentPage, write_site
from grader.results.scoring import Report, Result
from grader.sandbox.host.launch import best_level
from grader.sandbox.host.session import Sandbox
from grader.submissions import SubmissionFile, read_submission
from grader.submissions.forms import checks_of
from grader.validation.corpus import read_chaffs
from grader.validation.course_folder import write_course

HEAD = "from grader.checks.own import CheckFailed, Student, Subsets, check, subset_cases\n\n"
ID = "subset_data/counts-columns"
TEST = f'''@check("{ID}", points=2, title="Counts `columns`")
def test_columns(subsets):
    import helper
    case = helper.CASE
    if subsets.of(case).labels.shape[1] != len(case.classes):
        raise CheckFailed("There should be a column for each class.", hint="Count them.")
'''
HELPER = """from grader.checks.own import SubsetCase

CASE = SubsetCase((0, 1, 2, 2), (1, 1, 1), (0, 1, 2), 0)
"""
SOLUTION = """import numpy as np

def subset_data(x, y, classes=(0, 1, 2), seed=None):
    labels = np.asarray(y).reshape(-1)
    return x, (labels[:, None] == np.array(classes)).astype("float32")
"""


def course_in(folder: Path, test: str = TEST, toml: str = "", **others: str) -> Path:
    """Write a course with one file of checks and other files beside it; return the course file."""
    checks = folder / "checks"
    checks.mkdir(exist_ok=True)
    (checks / "test_own.py").write_text(HEAD + test)
    (checks / "helper.py").write_text(HELPER)
    for name, text in others.items():
        (checks / f"{name}.py").write_text(text)
    (folder / "course.toml").write_text(toml)
    return folder / "course.toml"


def result_of(sandbox: Sandbox, course: Course, folder: Path, source: str = SOLUTION) -> Result:
    """Return the results of the course's own checks for a solution, without the grader's checks."""
    path = folder / "solution.py"
    path.write_text(source)
    submission = read_submission(SubmissionFile("ada", path))
    return grade(Context(submission, course, "quick", frozenset(), sandbox, only=course.own.ids)).result


def test_a_course_has_the_checks_that_lie_beside_its_file(tmp_path: Path) -> None:
    course = load_course(course_in(tmp_path))
    (check,) = course.own.checks
    assert (check.id, check.task, check.function, check.points) == (ID, 2, "subset_data", 2.0)
    assert (check.profile, check.form, check.place) == ("quick", "functions", "checks/test_own.py: line 3")
    assert course.points(ID) == 2.0
    ids = [each.id for each in checks_of("functions", course, "quick")]
    assert ids.index(ID) == ids.index("show_examples/one-axes-per-image") - 1  # at the end of its task
    assert ID not in [each.id for each in checks_of("guided", course, "quick")]
    assert load_course(course_in(tmp_path, toml=f'[points]\n"{ID}" = 0.5')).points(ID) == 0.5
    for folder in ("empty", "without"):
        (tmp_path / folder / "checks").mkdir(parents=True)
    assert read_own(tmp_path / "empty" / "checks") == read_own(tmp_path / "nowhere") == OwnChecks()
    (tmp_path / "own.toml").write_text("own = {}")
    with pytest.raises(UsageError, match=r"own\.toml: own: unknown key"):
        load_course(tmp_path / "own.toml")


def test_checks_are_of_any_form_and_profile(tmp_path: Path) -> None:
    test = (
        '@check("setup/tidy", points=1, title="Is tidy", function="", task=1, profile="standard", calls=["train"])\n'
        "def test_tidy(student): ...\n\n"
        '@check("model/small", points=3, title="Is small", form="guided", task=4)\n'
        "def test_small(observed): ...\n"
    )
    own = read_own(course_in(tmp_path, test).parent / "checks")
    tidy, small = own.checks
    assert (tidy.needs, tidy.task, small.function) == (frozenset({"train"}), 1, "")
    assert own.of("guided") == (small,)
    assert "setup/tidy" not in [check.id for check in checks_of("functions", Course(own=own), "quick")]
    assert checks_of("guided", Course(own=own), "quick", frozenset({4}))[-1] == small
    require_sound(own)


WRONG = [
    ("def test_columns(:\n", "3: does not parse: invalid syntax."),
    ("return 1\n", "3: does not parse: 'return' outside function."),
    ("def test_columns(student): ...\n", "3: test_columns says no check; put @check("),
    (TEST.replace("test_columns", "columns"), f"3: {ID} has no test; call the function test_columns."),
    (TEST.replace("subset_data/", "subset_dat/"), "3: subset_dat: unknown function; did you mean subset_data?"),
    (TEST.replace("points=2", 'points=2, calls=["fit"]'), "3: fit: unknown function (known: subset_data, "),
    (TEST.replace("points=2", "points=-2"), "3: @check: points: expected float >= 0.0."),
    (TEST.replace("points=2", "points=1e999"), "3: @check: points: expected float <= 10000.0."),
    (TEST.replace("points=2, ", ""), "3: @check is given no points; write @check("),
    (TEST.replace("points=2", "point=2"), "3: point: @check takes no such argument; did you mean points?"),
    (TEST.replace("points=2", "points=TWO"), "3: write out what @check is given; it is read without running the file."),
    (TEST.replace("points=2", "2, points=2"), "3: @check takes the id, and all else by name, as in points=1."),
    (TEST.replace("Counts `columns`", "Counts\\n"), f"3: {ID}: title: write one line of text."),
    (TEST.replace("points=2", 'points=2, profile="quik"'), "3: profile: 'quik' is unknown; did you mean quick?"),
    (TEST.replace("points=2", 'points=2, form="guide"'), "3: form: 'guide' is unknown; did you mean guided?"),
    (TEST.replace("points=2", 'points=2, form="guided", function="train"'), f"3: {ID}: in the guided form a check is"),
    (TEST.replace("points=2", 'points=2, function=""'), f"3: {ID} is about no function, so say which task it counts"),
    (TEST.replace("points=2", "points=2, task=3"), f"3: {ID} counts for task 3, but subset_data belongs to task 2."),
    (TEST.replace("/counts-columns", ""), "3: subset_data: an id is function/statement, in small letters, digits, - "),
    (TEST.replace(ID, "subset_data/seeded"), "3: subset_data/seeded is a check of the grader; choose another id."),
    (TEST + TEST, f"9: {ID} is declared already, in checks/test_own.py: line 3."),
]


@pytest.mark.parametrize(("test", "message"), WRONG, ids=[message[:30] for _, message in WRONG])
def test_what_cannot_be_meant_is_told_with_its_line(test: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        load_course(course_in(tmp_path, test))
    assert str(raised.value).startswith(f"{tmp_path / 'checks' / 'test_own.py'}: line {message}")


def test_files_that_would_not_be_read_are_named(tmp_path: Path) -> None:
    course_in(tmp_path, conftest="")
    with pytest.raises(UsageError, match=r"conftest\.py: is not read; define fixtures in the files of the tests"):
        read_own(tmp_path / "checks")
    (tmp_path / "checks" / "conftest.py").unlink()
    (tmp_path / "checks" / "test_own.py").unlink()
    with pytest.raises(UsageError, match=r"checks: there is no file test_\*\.py here, which the course's own checks"):
        read_own(tmp_path / "checks")


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("import no_such_module\n" + TEST, "line 3: ModuleNotFoundError: No module named 'no_such_module'"),
        (TEST + "1 / 0\n", "line 9: ZeroDivisionError: division by zero"),
        (TEST.replace("subsets)", "subset)"), "line 3: test_columns asks for subset, and there is no such fixture."),
        (
            TEST + 'class TestMore:\n    @check("train/x", points=1, title="X")\n    def test_more(self): ...\n',
            "line 10: test_more is of no check that is declared; a check is a function at the top level of a file "
            "test_*.py, with @check above it.",
        ),
        (
            TEST + TEST.replace(ID, "subset_data/other"),
            f"line 3: {ID} has no test that pytest finds; is its name there twice?",
        ),
    ],
)
def test_what_only_an_import_shows_is_found_before_anything_is_graded(test: str, message: str, tmp_path: Path) -> None:
    course = load_course(course_in(tmp_path, test))
    path, modules = list(sys.path), set(sys.modules)
    with pytest.raises(UsageError) as raised:
        require_sound(course.own)
    assert str(raised.value) == f"checks/test_own.py: {message}"
    assert sys.path == path
    assert not {name for name in set(sys.modules) - modules if name in ("helper", "test_own")}


def test_sound_work_passes_and_a_bug_costs_the_points(sandbox: Sandbox, tmp_path: Path) -> None:
    course = load_course(course_in(tmp_path))
    require_sound(course.own)
    sound = result_of(sandbox, course, tmp_path)
    assert (sound.status, sound.score, sound.max_score) == ("graded", 2.0, 2.0)
    buggy = result_of(sandbox, course, tmp_path, SOLUTION.replace("np.array(classes)", "np.array(classes)[:2]"))
    (check,) = buggy.checks
    assert (buggy.score, check.status, check.hint) == (0.0, "failed", "Count them.")
    assert check.message == "There should be a column for each class."
    assert check.example.endswith("subset_data(x, y, classes=(0, 1, 2), seed=0)")
    raises = result_of(sandbox, course, tmp_path, "def subset_data(x, y, classes=None, seed=None):\n    return x[9]\n")
    assert (raises.status, raises.checks[0].status) == ("graded", "error")


def test_a_fault_of_a_check_costs_nothing_and_names_its_line(sandbox: Sandbox, tmp_path: Path) -> None:
    course = load_course(course_in(tmp_path, TEST.replace("CASE", "CASES")))
    require_sound(course.own)
    result = result_of(sandbox, course, tmp_path)
    told = f"{ID}: checks/test_own.py: line 6: AttributeError: module 'helper' has no attribute 'CASES'"
    assert (result.status, result.problem) == ("infrastructure_error", told)


def test_what_is_missing_where_a_submission_is_graded_costs_nothing_either(sandbox: Sandbox, tmp_path: Path) -> None:
    course = load_course(course_in(tmp_path, "import no_such_module\n" + TEST))
    result = result_of(sandbox, course, tmp_path)
    told = "checks/test_own.py: line 3: ModuleNotFoundError: No module named 'no_such_module'"
    assert (result.status, result.problem) == ("infrastructure_error", told)


def test_an_assertion_is_told_from_a_statement_that_does_not_hold(sandbox: Sandbox, tmp_path: Path) -> None:
    test = f'@check("{ID}", points=2, title="X")\ndef test_x(student):\n    assert student.seed is None\n'
    result = result_of(sandbox, load_course(course_in(tmp_path, test)), tmp_path)
    assert result.status == "infrastructure_error"
    assert result.problem.startswith(f"{ID}: checks/test_own.py: line 5: AssertionError")
    assert result.problem.endswith(" (a statement that does not hold is told by raising CheckFailed)")


def test_the_example_on_the_page_works(sandbox: Sandbox, tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "own-checks.md").read_text()
    course_in(tmp_path)
    (tmp_path / "checks" / "test_own.py").write_text(page.partition("```python\n")[2].partition("```")[0])
    course = load_course(tmp_path / "course.toml")
    require_sound(course.own)
    integers = result_of(sandbox, course, tmp_path, SOLUTION.replace('"float32"', '"int8"'))
    assert integers.checks[0].message == "The labels should be floats, but they are int8."
    assert result_of(sandbox, course, tmp_path).score == 1


def test_what_changes_while_a_class_is_graded_is_not_mixed(sandbox: Sandbox, tmp_path: Path) -> None:
    course = load_course(course_in(tmp_path))
    (tmp_path / "checks" / "helper.py").write_text(HELPER.replace("2, 2", "2, 1"))
    result = result_of(sandbox, course, tmp_path)
    assert result.status == "infrastructure_error"
    told = "is not what it was when the grading began, or is not here; grade again."
    assert result.problem == f"{tmp_path / 'checks'} {told}"
    assert result_of(sandbox, load_course(tmp_path / "course.toml"), tmp_path).status == "graded"


def test_a_result_is_kept_for_the_same_checks_alone(tmp_path: Path) -> None:
    def conditions() -> object:
        return conditions_of(Settings(load_course(course_in(tmp_path)), "quick", frozenset(), "process"), None)

    before = conditions()
    for name in ("wheats", "chaffs", "__pycache__", ".git"):
        (tmp_path / "checks" / name).mkdir()
        (tmp_path / "checks" / name / "some.py").write_text("x = 1\n")
    assert conditions() == before
    (tmp_path / "checks" / "data").mkdir()
    (tmp_path / "checks" / "data" / "labels.npy").write_bytes(b"1")
    assert conditions() != before
    other = tmp_path / "other"
    other.mkdir()
    course = load_course(course_in(other))
    moved = msgspec.structs.replace(course, own=msgspec.structs.replace(course.own, folder="/elsewhere"))
    assert course_digest(moved) == course_digest(course) != course_digest(Course())
    assert digest_of(other / "checks") == course.own.digest


def test_processes_share_out_own_checks_too(tmp_path: Path) -> None:
    train = TEST.replace(ID, "train/quick").replace("test_columns", "test_train")
    own = load_course(course_in(tmp_path, TEST + train)).own
    first, training = divided(checks_of("functions", Course(own=own), "quick"), 2)
    assert (ID in first, "train/quick" in training) == (True, True)


def test_side_by_side_each_process_runs_its_own(tmp_path: Path) -> None:
    train = (
        '@check("train/ends", points=1, title="Ends")\ndef test_ends(student):\n    student.call("train", *range(5))\n'
    )
    course = load_course(course_in(tmp_path, f"{TEST}\n\n{train}"))
    path = tmp_path / "ada.py"
    path.write_text(SOLUTION + "\ndef train(*args, **kwargs):\n    return None\n")
    with Slot(Settings(course, "quick", frozenset({2, 5}), best_level()), processes=2) as slot:
        result = slot.grade(SubmissionFile("ada", path)).result
        assert slot.helpers is not None
    assert result.status == "graded", result.problem
    assert {check.id: check.status for check in result.checks if check.id in course.own.ids} == {
        ID: "passed",
        "train/ends": "passed",
    }
    assert result.max_score == 20 + 25 + 3


def test_reports_and_exports_say_the_statement(sandbox: Sandbox, tmp_path: Path) -> None:
    course = load_course(course_in(tmp_path))
    result = result_of(sandbox, course, tmp_path, SOLUTION.replace("np.array(classes)", "np.array(classes)[:2]"))
    report = Report("quick", "process", 1.0, (result,))
    assert "subset_data: Counts `columns` (0 of 2)" in feedback(report, result)
    (entry,) = entries_of(report)
    assert document(entry)["tests"][0]["name"] == "subset_data: Counts `columns`"
    write_site(tmp_path / "site", course, [StudentPage(entry, ())])
    page = (tmp_path / "site" / "students" / "ada.html").read_text()
    assert "Counts <code>columns</code>" in page
    assert check_hidden([ID], course.own) == {ID}
    assert parse_comments(f"[a]\ntext = 'x'\ncheck = '{ID}'".encode(), "c.toml", course.own)[0].check == ID
    with pytest.raises(UsageError, match=r"unknown check"):
        parse_comments(f"[a]\ntext = 'x'\ncheck = '{ID}'".encode(), "c.toml")
    wheel = tmp_path / "some.whl"
    wheel.write_bytes(b"")
    assert b"checks/helper.py" in autograder_zip(wheel, course="", profile="quick", own=course.own)


def grader(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env, timeout=600)


def test_a_new_course_has_a_check_that_works(tmp_path: Path) -> None:
    done = grader("grader", "new", "--course", "winter", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    winter = tmp_path / "winter"
    course = load_course(winter / "course.toml")
    (check,) = course.own.checks
    require_sound(course.own)
    (chaff,) = read_chaffs(winter / "checks" / "chaffs", winter / "checks" / "wheats", course.own)
    assert chaff.caught_by == (check.id,)
    assert course.total(contract.CHECKS) == 100
    assert [path.name for path in (winter / "submissions").iterdir()] == ["starter.py"]
    with pytest.raises(UsageError, match=r"winter: is there already and was left as it is; choose another name\."):
        write_course(winter)
    done = grader("grader", "validate", "--task", "2", "--jobs", "1", "--only", "loses", cwd=winter)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("0 of 0 sound solutions have full marks, 1 of 1 bugs are caught by their own check (")
    (winter / "bug.py").write_text(chaff.source())
    run = (
        "pytest",
        "--pyargs",
        "grader.checks",
        "--submission",
        "bug.py",
        "--profile",
        "quick",
        "-p",
        "no:cacheprovider",
    )
    done = grader(*run, "-k", "nothing_to_keep or label_shapes", cwd=winter)
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "labels of shape (0, 3), but there are 0 images" in done.stdout


def test_every_new_course_has_a_large_seed_of_its_own(tmp_path: Path) -> None:
    seeds = []
    for name in ("winter", "summer"):
        write_course(tmp_path / name)
        seeds.append(load_course(tmp_path / name / "course.toml").seed)
    assert len(set(seeds)) == 2
    assert max(seeds) > 2**32


def test_a_mistake_ends_the_command_before_anything_is_graded(tmp_path: Path) -> None:
    course_in(tmp_path, "import no_such_module\n" + TEST)
    (tmp_path / "ada.py").write_text(SOLUTION)
    done = grader("grader", "grade", "ada.py", "--profile", "quick", cwd=tmp_path)
    told = "grader: checks/test_own.py: line 3: ModuleNotFoundError: No module named 'no_such_module'\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", told)
    assert not list(tmp_path.glob("*.db"))
    done = grader("grader", "grade", ".", "--profile", "quick", cwd=tmp_path)
    told = "grader: .: the course's own checks are in there too; keep submissions in a folder apart.\n"
    assert (done.returncode, done.stderr) == (2, told)
