"""Find the statements of a submission that never run: those that train, run a model, wait, download or end the program.

The functions of a submission are graded without the rest of its program.  `grader.submissions.slicing` uses this module
to decide which statements are left out even if the functions need them.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from grader.assignment import contract
from grader.submissions.names import (
    FunctionEffects,
    FunctionNode,
    executed,
    function_effects,
    is_main_guard,
    root,
)

CONTRACT: Final = frozenset(function.name for function in contract.FUNCTIONS)

_TRAINS: Final = frozenset({"fit", "fit_generator", "train_on_batch"})
_RUNS: Final = frozenset(
    {"evaluate", "evaluate_generator", "predict", "predict_generator", "predict_on_batch", "test_on_batch"}
)
_DOWNLOADS: Final = frozenset({"get_file", "urlretrieve", "urlopen"})
_ENDS: Final = frozenset({"sys.exit", "os._exit", "os.abort", "os.kill"})
# Only as plain names: `parser.exit()` is something else.
_PLAIN_CALLS: Final = {
    "exit": "ends the program with",
    "quit": "ends the program with",
    "input": "waits for input with",
    "breakpoint": "waits for input with",
}
# Classes with a `fit` that prepares data and trains no network.
_PREPARES: Final = frozenset({"ImageDataGenerator", "Tokenizer", "TextVectorization"})

Block = ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try | ast.TryStar | ast.Match


_TELLING_CALLS: Final = (
    *("load_data", "fit", "fit_generator", "Sequential", "load_model"),
    *("image_dataset_from_directory", "flow_from_directory", "DataLoader", "GradientTape"),
)
"""Calls that a guided notebook makes outside of functions, the most typical ones first."""


def calls_outside(statements: Sequence[ast.stmt], functions: Collection[str]) -> tuple[str, ...]:
    """Return the calls outside of some functions that tell the form of the assignment, the most typical ones first.

    Args:
        statements: The top-level statements of the submission.
        functions: The names of the functions to skip.
    """
    found = set()
    for statement in statements:
        if isinstance(statement, ast.FunctionDef) and statement.name in functions:
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Call):
                found.add(node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
    return tuple(name for name in _TELLING_CALLS if name in found)


def modules_imported(statements: Sequence[ast.stmt]) -> tuple[str, ...]:
    """Return the top-level packages of all modules that are imported anywhere, sorted."""
    found: set[str] = set()
    for node in (inner for statement in statements for inner in ast.walk(statement)):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return tuple(sorted(found))


_USUAL_BATCH: Final = 32
_LEAST_ASSERTED: Final = 1000
"""Smaller numbers that are asserted are sizes of images or batches."""


def largest_row(statements: Sequence[ast.stmt]) -> int:
    """Return the largest row that a number in the text names; 0 if there is none.

    What counts are indices and the bounds of slices, `x[1234]`, `x[12000:]`, `x[start:end]` after `start = 600`, and
    `dataset.skip(5000)`, `dataset.take(5000)` and `np.split(x, [12000])`. With fewer rows most of these raise no error,
    but give nothing, or all that there is.  `assert len(x) == 15000` counts too, since it would raise one.  What a
    program skips or takes of a data set may be batches, so where it makes batches a row stands for 32.
    """
    nodes = [node for statement in statements for node in ast.walk(statement)]
    named = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    def number(node: ast.expr | None) -> int:
        value = named.get(node.id) if isinstance(node, ast.Name) else node
        return value.value if isinstance(value, ast.Constant) and type(value.value) is int else 0

    rows: list[ast.expr | None] = []
    in_pipelines: list[ast.expr] = []
    for node in nodes:
        if isinstance(node, ast.Subscript):
            first = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
            rows += [first.lower, first.upper] if isinstance(first, ast.Slice) else [first]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("skip", "take"):
                in_pipelines += node.args[:1]
            elif node.func.attr == "split" and len(node.args) > 1 and isinstance(node.args[1], (ast.List, ast.Tuple)):
                rows += node.args[1].elts
        elif isinstance(node, ast.Assert):
            numbers = [part for part in ast.walk(node.test) if isinstance(part, ast.Constant)]
            rows += [part for part in numbers if type(part.value) is int and part.value >= _LEAST_ASSERTED]
    batched = any(isinstance(node, ast.Attribute) and node.attr == "batch" for node in nodes)
    each = _USUAL_BATCH if batched else 1
    return max([*(number(node) for node in rows), *(each * number(node) for node in in_pipelines)], default=0)


def writes_out_sizes(statements: Sequence[ast.stmt]) -> bool:
    """Whether a number is written out that may be a number of images.

    Powers of two are sizes of layers and batches, and 255 is for scaling.
    """
    numbers = {
        node.value
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, ast.Constant) and type(node.value) is int
    }
    return any(60 <= number <= 60_000 and number.bit_count() > 1 and number != 255 for number in numbers)


class Reason(msgspec.Struct, frozen=True):
    """Why a statement never runs.

    Attributes:
        text: The predicate of a sentence about the statement, such as "trains a model with `model.fit`".
        line: The line that shows it.
        trains: Whether the reason is that it trains a network.
    """

    text: str
    line: int
    trains: bool = False


class Cut(msgspec.Struct, frozen=True):
    """A statement that never runs, and why."""

    node: ast.stmt
    reason: Reason


class Program:
    """Facts about a whole submission that are needed to judge its single statements.

    Attributes:
        function_names: The names of all functions that are defined outside of other functions, in order.
        effects: What a call of each of them changes.
        imported: The names that imports bind.
    """

    def __init__(self, statements: Sequence[ast.stmt]) -> None:
        """Analyse the top-level statements, before any of them is pruned."""
        nodes = [node for statement in statements for node in executed(statement)]
        methods = {id(inner) for node in nodes if isinstance(node, ast.ClassDef) for inner in node.body}
        definitions = [node for node in nodes if isinstance(node, FunctionNode)]
        functions = [node for node in definitions if id(node) not in methods]
        self.function_names = tuple(dict.fromkeys(node.name for node in functions))
        self.effects: dict[str, FunctionEffects] = function_effects(functions)
        self.imported = set(_imported(nodes))
        self._preparing = set(_PREPARES) | set(_imported(nodes, "sklearn"))
        # Names of objects of these classes: `encoder` in `encoder = OneHotEncoder()`.
        for node in nodes:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and self._prepares(node.value.func):
                self._preparing.update(target.id for target in node.targets if isinstance(target, ast.Name))
        # Functions and methods that run a model when they are called, directly or through others: `True` if they train.
        self._functions: dict[str, bool] = {}
        self._methods: dict[str, bool] = {}
        self._find_what_runs_models(definitions, methods)

    def _find_what_runs_models(self, definitions: Sequence[FunctionNode], methods: set[int]) -> None:
        known: dict[tuple[bool, str], list[bool]] = {}
        callers: dict[tuple[bool, str], set[tuple[bool, str]]] = {}
        for node in definitions:
            key = (id(node) in methods, node.name)
            for call in (inner for inner in ast.walk(node) if isinstance(inner, ast.Call)):
                runs = self._runs_model(call)
                if runs is not None:
                    known.setdefault(key, []).append(runs)
                elif root(call.func) not in self.imported:
                    callers.setdefault((isinstance(call.func, ast.Attribute), _called(call)), set()).add(key)
        # From each function that runs a model to its callers, and on to theirs.  Training goes first, because whatever
        # does both counts as training.
        for trains in (True, False):
            waiting = [key for key, runs in known.items() if trains in runs]
            while waiting:
                is_method, name = key = waiting.pop()
                found = self._methods if is_method else self._functions
                if name not in found:
                    found[name] = trains
                    waiting.extend(callers.get(key, ()))

    def _runs_model(self, call: ast.Call) -> bool | None:
        """Return `True` if a call trains a model, `False` if it only runs one, and `None` if it does neither."""
        name = _called(call)
        if isinstance(call.func, ast.Attribute):
            if name in _TRAINS | _RUNS and not self._prepares(call.func.value):
                return name in _TRAINS
            return None if root(call.func) in self.imported else self._methods.get(name)
        # The contract's own functions, whatever their body does.
        if name in ("train", "predict"):
            return name == "train"
        return self._functions.get(name)

    def _prepares(self, node: ast.AST) -> bool:
        """Whether an expression is an object whose `fit` trains no network, such as an encoder of scikit-learn."""
        last = _called(node) if isinstance(node, ast.Call) else node.attr if isinstance(node, ast.Attribute) else ""
        return root(node) in self._preparing or last in self._preparing

    def why_never(self, node: ast.AST) -> Reason | None:
        """Return why a statement, or a part of one, never runs; `None` if it may run.

        If there are several reasons, training takes precedence, else the first one.
        """
        first: Reason | None = None
        for inner in executed(node):
            reason = self._reason(inner)
            if reason is not None and reason.trains:
                return reason
            first = first or reason
        return first

    def _reason(self, node: ast.AST) -> Reason | None:
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            if root(node) in self.imported:
                return Reason(f"changes the module `{root(node)}`", node.lineno)
            return None
        if not isinstance(node, ast.Call):
            return None
        name = _called(node)
        trains = self._runs_model(node)
        what = ""
        if trains is not None:
            what = "trains a model with" if trains else "runs a model with"
        elif name in _DOWNLOADS:
            what = "downloads with"
        elif isinstance(node.func, ast.Name):
            what = "calls" if name in CONTRACT else _PLAIN_CALLS.get(name, "")
        elif f"{root(node.func)}.{name}" in _ENDS:
            what = "ends the program with"
        return Reason(f"{what} `{_shown(node.func)}`", node.lineno, bool(trains)) if what else None

    def prune(self, node: ast.stmt) -> tuple[list[Cut], ast.stmt | None]:
        """Remove from a statement the parts that never run; blocks are changed in place.

        Returns:
            What was removed, and the statement without it; `None` instead of the statement if nothing is left.
        """
        if is_main_guard(node):
            return [Cut(node, Reason('belongs to `if __name__ == "__main__"`', node.lineno))], None
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value:
            return [Cut(node, Reason("loops until something stops it", node.lineno))], None
        if not isinstance(node, Block):
            reason = self.why_never(node)
            return ([], node) if reason is None else ([Cut(node, reason)], None)
        bodies = list(_bodies(node))
        inside = {id(statement) for body in bodies for statement in body}
        for part in _header(node, inside):
            if (reason := self.why_never(part)) is not None:
                return [Cut(node, reason)], None
        cuts: list[Cut] = []
        for body in bodies:
            for index, statement in enumerate(body):
                more, kept = self.prune(statement)
                cuts += more
                # A body must not become empty, so `()` stands for the statement.
                if kept is None:
                    body[index] = ast.copy_location(ast.Expr(ast.Tuple([], ast.Load())), statement)
                    ast.fix_missing_locations(body[index])
        return cuts, node


def _shown(function: ast.expr) -> str:
    """Return what is called as text for people, such as `model.fit`; a long expression becomes `(...).fit`."""
    text = ast.unparse(function) if root(function) else ""
    if len(text) <= 40 and text:
        return text
    return f"(...).{function.attr}" if isinstance(function, ast.Attribute) else "(...)"


def _called(call: ast.Call) -> str:
    """Return the last name of what is called, such as `fit` in `model.fit(x)`; empty if there is none."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _imported(nodes: Iterable[ast.AST], package: str = "") -> Iterator[str]:
    """Yield the names that imports bind; if a package is given, only those imported from it."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if not package or alias.name.split(".")[0] == package:
                    yield alias.asname or alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and (not package or (node.module or "").split(".")[0] == package):
            yield from (alias.asname or alias.name for alias in node.names)


def _bodies(node: Block) -> Iterator[list[ast.stmt]]:
    if isinstance(node, ast.Match):
        yield from (case.body for case in node.cases)
        return
    yield node.body
    yield from (part for name in ("orelse", "finalbody") if (part := getattr(node, name, None)))
    if isinstance(node, ast.Try | ast.TryStar):
        yield from (handler.body for handler in node.handlers)


def _header(node: ast.AST, inside: set[int]) -> Iterator[ast.AST]:
    """Yield the parts of a block that are outside of its bodies, such as the condition of an `if`."""
    for child in ast.iter_child_nodes(node):
        if id(child) in inside:
            continue
        if isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from _header(child, inside)
        else:
            yield child
