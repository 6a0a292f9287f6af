"""Find which names a statement binds, reads and changes; `grader.submissions.slicing` is based on this.

Scopes come from `symtable`, the compiler's own analysis.  So a parameter called `model` does not count as a use of a
global `model`, a global that is read in a nested function does, and comprehensions have their own scopes.  The compiler
does not know which objects a statement changes in place.  That is guessed from the syntax, and in doubt the answer is
yes, because keeping a statement too many does less harm than losing one.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

# Methods that change their object.  Any method whose call is a statement of its own counts as one, too.
_MUTATORS: Final = frozenset(
    {"add", "append", "appendleft", "clear", "discard", "extend", "fill", "insert", "pop", "popitem", "put"}
    | {"remove", "resize", "reverse", "setdefault", "sort", "update"}
)
# Functions that change their first argument.
_CHANGE_FIRST: Final = frozenset({"shuffle", "setattr", "delattr", "fill_diagonal", "copyto", "heappush", "heapify"})
_COMPREHENSIONS: Final = frozenset({"listcomp", "setcomp", "dictcomp", "genexpr"})


class Effects(msgspec.Struct, frozen=True):
    """What a statement does to the global names of the module.

    Attributes:
        binds: Names that it assigns, imports, defines or deletes when it runs.
        reads: Names that it needs, including those that functions in it read when they are called.
        mutates: Names whose objects it changes when it runs.
        deferred: Names that functions in it assign through `global` when they are called.
    """

    binds: frozenset[str]
    reads: frozenset[str]
    mutates: frozenset[str]
    deferred: frozenset[str]


NO_EFFECTS: Final = Effects(frozenset(), frozenset(), frozenset(), frozenset())


class FunctionEffects(msgspec.Struct, frozen=True):
    """What a call of one of the submission's functions changes.

    Attributes:
        globals: Global names that it assigns, or whose objects it changes.
        changes_arguments: Whether it changes the object of any of its parameters.
    """

    globals: frozenset[str]
    changes_arguments: bool


def is_main_guard(node: ast.AST) -> bool:
    """Whether a node is `if __name__ == "__main__"`, alone or joined with other conditions by `and`."""
    if not isinstance(node, ast.If):
        return False
    test = node.test
    parts = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
    return any(
        isinstance(part, ast.Compare)
        and isinstance(part.ops[0], ast.Eq)
        and {ast.dump(part.left), ast.dump(part.comparators[0])} == _MAIN
        for part in parts
    )


_MAIN: Final = {ast.dump(ast.Name("__name__", ast.Load())), ast.dump(ast.Constant("__main__"))}


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run when a statement runs: no bodies of functions, and nothing below the main guard."""
    waiting: list[ast.AST] = [node]
    while waiting:
        current = waiting.pop()
        if is_main_guard(current):
            continue
        yield current
        children: Iterable[ast.AST]
        if isinstance(current, FunctionNode | ast.Lambda):
            defaults = [*current.args.defaults, *(d for d in current.args.kw_defaults if d is not None)]
            children = defaults if isinstance(current, ast.Lambda) else [*current.decorator_list, *defaults]
        else:
            children = ast.iter_child_nodes(current)
        waiting.extend(reversed(list(children)))


def root(node: ast.AST) -> str:
    """Return the name that an expression such as `a.b[0].c()` starts with; empty if it does not start with one."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _changed(node: ast.AST) -> str:
    """Return the name whose object changes if an expression such as `a.b[0]` does: `a`.

    The result is empty if the expression is the result of a function, as in `f().b`.
    """
    inner = node
    while isinstance(inner, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name):
            return ""
        inner = inner.func if isinstance(inner, ast.Call) else inner.value
    return root(inner)


def effects(node: ast.stmt, functions: dict[str, FunctionEffects]) -> Effects:
    """Return what a statement does to the global names of the module.

    Args:
        node: A statement at the top level of the module, or in a block there.
        functions: What calls of the submission's own functions change, by their names.

    Raises:
        SyntaxError: If the compiler refuses its names, such as a `nonlocal` that refers to nothing.
        RecursionError: If it is nested too deeply.
    """
    # `symtable` takes source text only, and the statement may have been pruned, so it is written out again.
    top = symtable.symtable(ast.unparse(node), "<submission>", "exec")
    binds = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    reads = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    deferred: set[str] = set()
    # The second item says whether the code of a scope runs later, when a function is called; that of a comprehension
    # runs at once.
    waiting = [(table, table.get_name() not in _COMPREHENSIONS) for table in top.get_children()]
    while waiting:
        table, later = waiting.pop()
        for symbol in table.get_symbols():
            # In a class body, `path = path / "x"` reads the global `path` although it assigns a local of that name.
            if symbol.is_global() or (table.get_type() == "class" and symbol.is_referenced()):
                if symbol.is_referenced():
                    reads.add(symbol.get_name())
                if symbol.is_declared_global() and symbol.is_assigned():
                    (deferred if later and table.get_type() != "class" else binds).add(symbol.get_name())
        waiting.extend((child, later or child.get_name() not in _COMPREHENSIONS) for child in table.get_children())
    nodes = list(executed(node))
    for inner in nodes:
        # `x += 1` and `del x` need the old `x`, but symtable counts them as assignments only.
        if isinstance(inner, ast.AugAssign) and isinstance(inner.target, ast.Name):
            reads.add(inner.target.id)
        elif isinstance(inner, ast.Delete):
            reads.update(target.id for target in inner.targets if isinstance(target, ast.Name))
    changes = changes_in(nodes)
    known, handed = changes.through(functions)
    mutates = ((changes.names | handed) & (reads | binds)) | known
    return Effects(frozenset(binds), frozenset(reads), frozenset(mutates), frozenset(deferred))


class Changes(msgspec.Struct, frozen=True):
    """What some nodes change in place.

    Attributes:
        names: The names, in any scope, whose objects the nodes change themselves.
        calls: The functions that are called by a plain name, each with the names that it is given as arguments.
    """

    names: set[str]
    calls: list[tuple[str, list[str]]]

    def through(self, functions: dict[str, FunctionEffects]) -> tuple[set[str], set[str]]:
        """Return what the called functions change.

        Args:
            functions: What calls of the submission's own functions change, by their names.

        Returns:
            The global names that the functions change themselves, and the names that they change as arguments.
        """
        known: set[str] = set()
        handed: set[str] = set()
        for called, arguments in self.calls:
            if called in functions:
                known |= functions[called].globals
                if functions[called].changes_arguments:
                    handed.update(arguments)
        return known, handed


def changes_in(nodes: Iterable[ast.AST]) -> Changes:
    """Return what some nodes change in place, as far as the syntax tells."""
    names: set[str] = set()
    calls: list[tuple[str, list[str]]] = []
    for node in nodes:
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            names.add(_changed(node))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            if isinstance(node.value.func, ast.Attribute):
                names.add(_changed(node.value.func))
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else root(node.func)
            arguments = [_changed(value) for value in (*node.args, *(keyword.value for keyword in node.keywords))]
            if isinstance(node.func, ast.Name):
                calls.append((called, arguments))
            elif called in _MUTATORS:
                names.add(_changed(node.func))
            if called in _CHANGE_FIRST:
                names.update(arguments[:1])
        elif isinstance(node, FunctionNode | ast.ClassDef):
            # `@opened.register(str)` adds the function to `opened`, and `@noted` may add it to a global list.
            names.update(_changed(each) for each in node.decorator_list if not isinstance(each, ast.Name))
            calls += [(each.id, []) for each in node.decorator_list if isinstance(each, ast.Name)]
    return Changes(names, calls)


def function_effects(definitions: Iterable[FunctionNode]) -> dict[str, FunctionEffects]:
    """Return what a call of each function changes, directly or through other functions that it calls."""
    found: dict[str, FunctionEffects] = {}
    facts: dict[str, list[tuple[Effects, Changes, set[str]]]] = {}
    callers: dict[str, set[str]] = {}
    for node in definitions:
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        changes = changes_in(inner for statement in node.body for inner in ast.walk(statement))
        parameters = {argument.arg for argument in every if argument is not None}
        facts.setdefault(node.name, []).append((effects(node, {}), changes, parameters))
        found[node.name] = FunctionEffects(frozenset(), False)
        for called, _ in changes.calls:
            callers.setdefault(called, set()).add(node.name)
    # A fixed point: whenever more is known about a function, its callers are analysed again.
    waiting = dict.fromkeys(facts)
    while waiting:
        name, _ = waiting.popitem()
        own = found[name]
        for effect, changes, parameters in facts[name]:  # more than one if the function is defined more than once
            known, handed = changes.through(found)
            changed = changes.names | handed
            # A name that is neither a parameter nor a global is local, and its changes do not leave the function.
            own = FunctionEffects(
                own.globals | effect.deferred | ((changed - parameters) & effect.reads) | known,
                own.changes_arguments or bool(changed & parameters),
            )
        if own != found[name]:
            found[name] = own
            waiting.update(dict.fromkeys(callers.get(name, ())))
    return found
