"""Tests of the starter: it compiles, and has the contract's headers and docstrings, as a file and as a notebook."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from grader.assignment import contract
from grader.assignment.starter import MAX_LINE, function_source, starter_notebook, starter_source, write_starter
from grader.ground.errors import UsageError
from grader.submissions import SubmissionFile, read_submission

SUBMISSIONS = Path(__file__).parent.parent / "submissions"
NAMES = [function.name for function in contract.FUNCTIONS]


def definitions(source: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


def notebook_code() -> str:
    cells = json.loads(starter_notebook())["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


SOURCES = pytest.mark.parametrize("source", [starter_source(), notebook_code()], ids=["py", "ipynb"])


@SOURCES
def test_the_headers_are_the_contracts(source: str) -> None:
    found = definitions(source)
    assert list(found) == NAMES
    for function in contract.FUNCTIONS:
        wanted = definitions(f"def {function.signature}: ...")[function.name]
        assert ast.dump(found[function.name].args) == ast.dump(wanted.args)


@pytest.mark.parametrize("function", contract.FUNCTIONS, ids=NAMES)
def test_a_header_is_written_as_the_contract_writes_it(function: contract.Function) -> None:
    header = function_source(function).partition('"""')[0]
    joined = "".join(line.strip() + " " * line.endswith(",") for line in header.splitlines())
    assert joined.replace(", ):", "):") == f"def {function.signature}:"


@SOURCES
def test_a_function_raises_what_is_to_be_written(source: str) -> None:
    for function in contract.FUNCTIONS:
        node = definitions(source)[function.name]
        namespace: dict[str, object] = {}
        exec(compile(ast.Module([node], []), "starter", "exec"), namespace)
        written = namespace[function.name]
        assert callable(written)
        with pytest.raises(NotImplementedError) as raised:
            written(*(None for p in function.parameters if p.default is None))
        assert str(raised.value) == f"Task {function.task}: write {function.name}"
        assert inspect.getdoc(written) == ast.get_docstring(node)


def test_a_docstring_says_what_the_contract_says() -> None:
    docstring = ast.get_docstring(definitions(function_source(contract.function("predict")))["predict"])
    assert docstring == (
        "Return the class probabilities of images, in their order.\n"
        "\n"
        "Row i depends on image i alone.\n"
        "\n"
        "Args:\n"
        "    model: A model, or the path of a checkpoint.\n"
        "    x: Images, uint8 0-255, shape (n, height, width, channels).\n"
        "\n"
        "Returns:\n"
        "    Probabilities, shape (n, number of classes)."
    )


def test_every_task_stands_above_its_functions() -> None:
    source = starter_source()
    words = " ".join(source.replace("\n#", "\n").split())
    places = []
    for task in contract.TASKS:
        heading = f"Task {task.number} – {task.title} ({task.points:g} points)"
        assert source.count(f"# {heading}\n") == 1
        assert f"{heading} {task.text}" in words
        places.append(source.index(f"# {heading}"))
        places += [source.index(f"\ndef {f.name}(") for f in contract.FUNCTIONS if f.task == task.number]
    assert places == sorted(places)


def test_what_the_main_block_asks_for_is_what_the_contract_defaults_to() -> None:
    # It names the classes and the checkpoint itself, since students read it as their own script.
    labels = next(p.default for p in contract.function("subset_data").parameters if p.name == "classes")
    path = next(p.default for p in contract.function("train").parameters if p.name == "checkpoint_path")
    assert labels == "(0, 1, 2)"
    assert 'class_names = ["airplane", "automobile", "bird"]' in starter_source()
    assert f"predict({path}, x_test)" in starter_source()


def test_the_main_block_is_all_that_runs_the_project() -> None:
    body = ast.parse(starter_source()).body
    assert [type(node).__name__ for node in body] == ["Expr", *["Import"] * 3, *["FunctionDef"] * 7, "If"]
    assert isinstance(body[-1], ast.If)
    assert ast.unparse(body[-1].test) == "__name__ == '__main__'"


def test_it_passes_ruff(tmp_path: Path) -> None:
    write_starter(tmp_path / "solution.py")
    rules = ["--isolated", "--no-cache", "--select", "E,F", "--line-length", str(MAX_LINE)]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", *rules, str(tmp_path)], capture_output=True, text=True
    )
    if "No module named ruff" in done.stderr:
        pytest.skip("ruff is not installed")
    assert (done.stdout.strip(), done.returncode) == ("All checks passed!", 0)


def test_no_line_is_too_long() -> None:
    for text in (starter_source(), notebook_code()):
        assert max(len(line) for line in text.splitlines()) <= MAX_LINE
        assert all(line == line.rstrip() for line in text.splitlines())


def test_the_notebook_is_valid_and_the_same_every_time() -> None:
    text = starter_notebook()
    assert text == starter_notebook()
    notebook = nbformat.reads(text, as_version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    nbformat.validate(notebook)
    assert text.endswith("}\n")
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


def test_the_notebook_has_a_text_for_each_task_and_a_cell_for_each_function() -> None:
    cells = json.loads(starter_notebook())["cells"]
    kinds = {cell["id"]: cell["cell_type"] for cell in cells}
    expected = {"project": "markdown"}
    for task in contract.TASKS:
        expected[f"task-{task.number}"] = "markdown"
        expected |= {"imports": "code"} if task.number == 1 else {}
        expected |= {f.name: "code" for f in contract.FUNCTIONS if f.task == task.number}
    expected |= {"run": "markdown"} | {f"run-{number}": "code" for number in range(1, 6)}
    assert list(kinds.items()) == list(expected.items())


@pytest.mark.parametrize("name", ["solution.py", "solution.ipynb"])
def test_the_grader_reads_it(tmp_path: Path, name: str) -> None:
    write_starter(tmp_path / name)
    submission = read_submission(SubmissionFile("starter", tmp_path / name))
    assert submission.problem == ""
    assert submission.notes == ()
    assert submission.trains_at_load == ()
    assert list(submission.functions) == NAMES


@pytest.mark.parametrize(
    ("name", "text"), [("solution.py", starter_source()), ("Solution.IPYNB", starter_notebook())], ids=["py", "ipynb"]
)
def test_the_suffix_chooses(tmp_path: Path, name: str, text: str) -> None:
    write_starter(tmp_path / name)
    assert (tmp_path / name).read_bytes() == text.encode()


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "solution.py"
    path.write_text("mine")
    with pytest.raises(UsageError) as raised:
        write_starter(path)
    assert str(raised.value) == f"{path}: is there already and was left as it is; choose another name."
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["solution", "solution.txt", "", "solution.py.bak"])
def test_another_suffix_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with pytest.raises(UsageError) as raised:
        write_starter(path)
    assert str(raised.value) == f"{path}: a starter ends in .py or .ipynb; name it solution.py or solution.ipynb."
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "course" / "solution.py"
    with pytest.raises(UsageError) as raised:
        write_starter(path)
    assert str(raised.value) == f"{path}: there is no folder {path.parent}; make it first."


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "solution.py"
    with pytest.raises(UsageError) as raised:
        write_starter(path)
    assert str(raised.value) == f"{path}: cannot be written (Not a directory); choose another place."


def test_the_sample_submission_is_the_starter() -> None:
    assert (SUBMISSIONS / "starter.py").read_text(encoding="utf-8") == starter_source()
