"""The methods of the trusted side's tools are those of the untrusted side, and each answer is held against its type."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import grader
from grader.checks.common.answers import FigureFacts
from grader.checks.common.tools import ExaminerTools, Tools, tools_in
from grader.sandbox.host.session import Worker, WorkerGone
from grader.sandbox.wire.answers import converted
from grader.sandbox.wire.frames import Handle
from tests.answers import answering

INSIDE = Path(grader.__file__).parent / "sandbox" / "inside"
MODEL = Handle(0, "Sequential")
EXPORT = {"kind": "Sequential", "model": True, "sequential": True}
WHOLE = EXPORT | {"compiled": True, "built": True, "steps": 0, "config": "{}", "weights": [np.zeros(3)]}


def functions_in(path: Path) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def tools_inside() -> dict[str, list[str]]:
    """The parameters of each tool in `toolbox.TOOLS`, by position: the others are the worker's own to give."""
    path = INSIDE / "toolbox.py"
    (table,) = (
        node
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "TOOLS"
    )
    assert isinstance(table.value, ast.DictComp)
    listed = table.value.generators[0].iter
    assert isinstance(listed, ast.Tuple)
    found = {}
    for element in listed.elts:
        module, _, name = ast.unparse(element).rpartition(".")
        (file,) = INSIDE.rglob(f"{module or 'toolbox'}.py")
        found[name] = [argument.arg for argument in functions_in(file)[name].args.args]
    return found


def methods() -> dict[str, list[str]]:
    """The parameters of each method that stands for a tool."""
    return {
        name: list(inspect.signature(method).parameters)[1:]
        for tools in (Tools, ExaminerTools)
        for name, method in vars(tools).items()
        if inspect.isfunction(method) and name not in ("__init__", "within")
    }


def test_each_tool_has_a_method_with_its_parameters() -> None:
    assert methods() == tools_inside()


@pytest.mark.parametrize(
    "answer",
    [
        3,
        EXPORT,
        WHOLE | {"steps": "none"},
        WHOLE | {"weights": [Handle(1, "ndarray")]},
        WHOLE | {"config": "[]"},
        WHOLE | {"config": "{"},
    ],
)
def test_an_export_of_another_form_is_refused(answer: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        answering(answer).export_model(MODEL)


def test_what_is_no_model_has_no_configuration() -> None:
    assert answering(WHOLE).export_model(MODEL) == WHOLE
    nothing = {"kind": "int", "model": False, "sequential": False}
    assert answering(nothing).export_model(MODEL) == nothing


def test_an_answer_may_be_an_array_a_handle_or_nothing() -> None:
    assert answering(None).file_bytes("none") is None
    assert answering(MODEL).hold(np.zeros(3)) == MODEL
    answering(None).perturb(MODEL)
    for tools, ask in ((answering(MODEL), Tools.perturb), (answering(None), Tools.start_clock)):
        with pytest.raises(msgspec.ValidationError):
            ask(tools, MODEL)


def test_arguments_may_be_named_and_left_out() -> None:
    sent: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def use(tool: str, args: tuple[Any, ...], read: Any, **limits: Any) -> Any:
        sent.append((tool, args, limits))
        return read(MODEL)

    Tools(use).brightest_channel_model(0.2, image_shape=(8, 8, 1))
    Tools(use).within(seconds=3).start_clock(MODEL)
    assert sent == [
        ("brightest_channel_model", (0.2, 0, 0.0, (8, 8, 1)), {}),
        ("start_clock", (MODEL, None), {"seconds": 3, "max_bytes": sent[1][2]["max_bytes"]}),
    ]


FORGES = """
import sys

def forge():
    sys.modules["grader.sandbox.inside.toolbox"].TOOLS["files"] = lambda: 3
"""


@pytest.mark.parametrize("form", [dict[str, int], FigureFacts, list[int], str])
def test_an_array_in_place_of_anything_else_is_refused(form: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        converted(np.zeros(3), form)


def test_a_wrong_answer_ends_the_worker(worker: Worker) -> None:
    worker.load(FORGES, ("forge",))
    assert "solution.py" in tools_in(worker).files()
    worker.call("forge")
    with pytest.raises(WorkerGone, match="answered for the grader's own tools"):
        tools_in(worker).files()
    assert worker.gone
