"""Find the statements of a submission that look for a GPU.

Submissions are graded without a GPU, so such a statement may fail where it worked for the student.  That must not cost
points.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

# Functions and methods, mostly TensorFlow's, that ask for devices or configure them; `_is_look_up` adds `nvidia-smi`.
_LOOK_UPS: Final = frozenset(
    (
        "TPUClusterResolver",
        "experimental_list_devices",
        "get_device_details",
        "get_device_name",
        "get_memory_info",
        "get_visible_devices",
        "gpu_device_name",
        "initialize_tpu_system",
        "is_built_with_cuda",
        "is_built_with_gpu_support",
        "is_gpu_available",
        "list_devices",
        "list_local_devices",
        "list_logical_devices",
        "list_physical_devices",
        "set_logical_device_configuration",
        "set_memory_growth",
        "set_virtual_device_configuration",
        "set_visible_devices",
    )
)
_ENDS: Final = frozenset(("exit", "quit", "_exit", "abort"))

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Block = ast.If | ast.For | ast.While | ast.With | ast.Try | ast.TryStar | ast.Match


def lines_looking_for_devices(statements: Sequence[ast.stmt]) -> tuple[tuple[int, int], ...]:
    """Return first and last lines of the statements that look for devices or depend on what was found.

    These are statements that call a look-up function, statements that use a name which was set from one, and statements
    that raise an exception or end the program below a test of such a name.  Other statements below such a test are
    not included: an error in them is the program's own.
    """
    every = [node for statement in statements for node in ast.walk(statement)]
    if not any(_is_look_up(node) for node in every):
        return ()
    names: set[str] = set()
    # Three rounds follow chains of names as long as `gpus`, `gpu = gpus[0]`, `name = gpu.name`.
    for _ in range(3):
        for node in every:
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if _looks(node.value, names):
                    names.update(_bound(targets))
            elif isinstance(node, ast.For) and _looks(node.iter, names):
                names.update(_bound([node.target]))
    return tuple(dict.fromkeys(span for statement in statements for span in _spans(statement, names)))


def _spans(statement: ast.stmt, names: set[str]) -> Iterator[tuple[int, int]]:
    if isinstance(statement, _Function):
        for inner in statement.body:
            yield from _spans(inner, names)
    elif isinstance(statement, _Block):
        parts = list(ast.iter_child_nodes(statement))
        bodies = [part for part in parts if isinstance(part, ast.stmt | ast.ExceptHandler)]
        header = [part for part in parts if not isinstance(part, ast.stmt | ast.ExceptHandler)]
        looking = any(_looks(part, names) for part in header)
        for part in header:
            asked = part.context_expr if isinstance(part, ast.withitem) else part
            if looking and isinstance(asked, ast.expr):
                yield asked.lineno, asked.end_lineno or asked.lineno
        inside = [inner for part in bodies for inner in (part.body if isinstance(part, ast.ExceptHandler) else [part])]
        if isinstance(statement, ast.Match):
            inside = [inner for case in statement.cases for inner in case.body]
        # In `try: look_up() except: raise ...` the handler answers the look-up.
        looking |= isinstance(statement, ast.Try) and any(_looks(inner, names) for inner in statement.body)
        for inner in inside:
            if looking and _gives_up(inner):
                yield inner.lineno, inner.end_lineno or inner.lineno
            else:
                yield from _spans(inner, names)
    elif _looks(statement, names):
        yield statement.lineno, statement.end_lineno or statement.lineno


def _gives_up(statement: ast.stmt) -> bool:
    """Whether a statement raises an exception or ends the program."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        return (function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")) in _ENDS
    return isinstance(statement, ast.Raise | ast.Assert)


def _looks(node: ast.AST, names: set[str]) -> bool:
    return any(
        _is_look_up(part) or (isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id in names)
        for part in ast.walk(node)
    )


def _is_look_up(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        # A shell command, as in `subprocess.run("nvidia-smi")`.
        return isinstance(node.value, str) and "nvidia-smi" in node.value
    return (isinstance(node, ast.Attribute) and node.attr in _LOOK_UPS) or (
        isinstance(node, ast.Name) and node.id in _LOOK_UPS
    )


def _bound(targets: Iterable[ast.expr]) -> Iterator[str]:
    for target in targets:
        yield from (part.id for part in ast.walk(target) if isinstance(part, ast.Name))
