"""Tests of the list of modules that submissions may import; one that is not installed is not the student's fault."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from grader.course import Course, Settings, load_course, parse_course
from grader.course.modules import MODULES, hint, missing, why_not_gradable
from grader.grading.slots import Slot
from grader.ground.errors import UsageError
from grader.results.scoring import Result
from grader.sandbox.host.launch import best_level
from grader.submissions import SubmissionFile
from grader.validation import doctor

ROOT = Path(__file__).parent.parent
PLAIN = (ROOT / "tests" / "wheats" / "plain.py").read_text()
PACKAGES = {"sklearn": "scikit-learn", "PIL": "pillow", "h5py": "keras"}  # Keras depends on h5py


def test_all_of_the_list_is_installed_however_the_grader_is() -> None:
    assert load_course(ROOT / "course.toml").modules == Course().modules == MODULES
    assert missing(MODULES) == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    always = {text.split(">")[0].lower() for text in project["dependencies"]}
    assert {PACKAGES.get(name, name).lower() for name in MODULES} <= always


def test_a_list_holds_names_of_modules() -> None:
    assert parse_course('modules = ["keras", "cv2"]').modules == ("keras", "cv2")
    with pytest.raises(UsageError, match=r"^course.toml: modules\[0\]: expected"):
        parse_course('modules = ["keras.layers"]')


def graded(folder: Path, text: str, *modules: str) -> Result:
    (folder / "a.py").write_text(text)
    course = Course(modules=modules or MODULES)
    with Slot(Settings(course, "quick", frozenset({1}), best_level())) as slot:
        return slot.grade(SubmissionFile("ada", folder / "a.py")).result


def test_what_is_listed_and_missing_costs_nothing(tmp_path: Path) -> None:
    text = PLAIN.replace("import keras\n", "import keras\nimport absent_one.part as one\n", 1)
    result = graded(tmp_path, text, "keras", "absent_one")
    assert (result.status, result.problem) == (
        "infrastructure_error",
        "It imports `absent_one`, which the course lists and the grader's Python lacks: pip install absent_one.",
    )
    assert {check.status for check in result.checks} == {"not_run"}


def test_what_is_not_listed_is_told_the_list(tmp_path: Path) -> None:
    check = graded(tmp_path, PLAIN.replace("import keras\n", "import keras\nimport absent_one\n", 1)).checks[0]
    assert check.status == "failed"
    assert "No module named 'absent_one'" in check.message
    assert check.hint == (
        "Import only Python's own modules and those that the course lists: keras, tensorflow, numpy, matplotlib, "
        "pandas, scipy, sklearn, PIL, h5py, IPython."
    )


def test_a_submission_may_import_all_of_the_list(tmp_path: Path) -> None:
    imports = "".join(f"import {name}\n" for name in MODULES) + "from sklearn.utils import shuffle\n"
    result = graded(tmp_path, PLAIN.replace("import keras\n", imports, 1))
    assert result.score == result.max_score


def test_the_package_to_install_is_named() -> None:
    assert why_not_gradable(["skimage", "numpy"], ["numpy", "skimage"]) == (
        "It imports `skimage`, which the course lists and the grader's Python lacks: pip install scikit-image."
    )
    assert why_not_gradable(["skimage"], ["numpy"]) == ""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("No module named 'keras.layer'", "`keras` is there, and has no `layer`"),
        ("No module named 'keras.layers.core'", "`keras.layers` is there, and has no `core`"),
        ("cannot import name 'Conv2d' from 'keras.layers'", "`keras.layers` is there, and has no `Conv2d`"),
        (
            "No module named 'seaborn'",
            "Import only Python's own modules and those that the course lists: keras, numpy.",
        ),
        ("No module named 'helpers.data'", "Import only Python's own modules and those"),
        ("cannot import name 'a' from 'helpers'", "Import only Python's own modules and those"),
    ],
)
def test_a_name_that_a_listed_module_lacks_is_told_from_a_module_that_is_not_listed(said: str, told: str) -> None:
    assert hint(("keras", "numpy"), said).startswith(told)


def test_the_doctor_names_the_list(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert doctor._modules().fine and "sklearn" in doctor._modules().text
    (tmp_path / "course.toml").write_text('modules = ["numpy", "absent_one"]')
    assert doctor._modules() == doctor.Finding(
        "modules", "of those that submissions may import, missing: absent_one", False
    )
