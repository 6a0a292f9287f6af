"""Split Python code into pieces that stay the same when somebody disguises it.

The pieces of a program are its expressions, wherever they are.  So it does not matter in which order functions and
cells come, or whether half of a function was moved into another one.  Each piece is divided into all its parts, down to
those of three nodes.  Each part has a digest that ignores what people change to hide where code is from: names that the
program defines, comments, types, how a module is imported, `>` for `<`, `+=`, the order of keyword arguments, and
whether something is a loop or a comprehension.  A second digest of each part ignores constants too.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

_LEAST_NODES: Final = 3
"""The least number of nodes in a part; smaller ones, such as `x[0]` or `len(x)`, are in everybody's code."""

_LONGEST_TEXT: Final = 40  # characters of a constant that are compared
_TURNED: Final = {ast.Gt: ast.Lt, ast.GtE: ast.LtE}  # `a > b` counts as `b < a`


class Found(msgspec.Struct, frozen=True):
    """An expression of a program.

    Attributes:
        first: Its first line in the program, from 1.
        last: Its last line.
        features: Two digests of each of its parts, as numbers: with constants and without.
    """

    first: int
    last: int
    features: tuple[int, ...]


def pieces_of(statements: Sequence[ast.stmt]) -> list[Found]:
    """Return the pieces of a program, sorted by line.

    Args:
        statements: The top-level statements of the program.

    Raises:
        RecursionError: If the program is nested too deeply.
    """
    reader = _Reader(statements)
    reader.block(statements)
    return sorted(reader.pieces, key=lambda piece: piece.first)


class _Form(msgspec.Struct, frozen=True):
    """A part of an expression.

    Attributes:
        exact: Its digest with constants.
        loose: Its digest without constants.
        nodes: The number of nodes in it.
    """

    exact: bytes
    loose: bytes
    nodes: int


# Chosen by measurement, on sound solutions and on copies of them in eight disguises: bags of subtrees told copies from
# independent work, k-grams across statements did not.  The order of code, split functions and dead code do not change
# subtrees.
class _Reader:
    """Collects the pieces of a program.

    Args:
        statements: All statements of the program; their names are read beforehand.
    """

    def __init__(self, statements: Iterable[ast.stmt]) -> None:
        self.pieces: list[Found] = []
        self._parts: list[int] = []
        self._imported: dict[str, str] = {}
        self._own: set[str] = set()
        self._own_attributes: set[str] = set()
        for statement in statements:
            for node in ast.walk(statement):
                self._note(node)

    def _note(self, node: ast.AST) -> None:
        """Remember the names that a node imports, and those that it defines."""
        match node:
            case ast.Import(names):
                self._imported |= {(name.asname or name.name.partition(".")[0]): "" for name in names}
            case ast.ImportFrom(names=names):
                self._imported |= {(name.asname or name.name): name.name for name in names}
            case ast.Attribute(attr=name, ctx=ast.Store()):
                self._own_attributes.add(name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                self._own.add(name)
            case ast.ClassDef(name=name, body=body):
                self._own.add(name)
                self._own_attributes |= {inner.name for inner in body if isinstance(inner, ast.FunctionDef)}
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self._own.add(name)

    def block(self, statements: Iterable[ast.stmt]) -> None:
        """Collect the pieces of some statements."""
        for statement in statements:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            # Ignored, because a disguise can change them: how modules are imported, and docstrings.
            case ast.Import() | ast.ImportFrom() | ast.Expr(ast.Constant()):
                pass
            case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
                self._all(node.decorator_list)
                self.block(body)
            case ast.ClassDef(body=body):
                self._all([*node.decorator_list, *node.bases])
                self.block(body)
            # The loop with `append` gives the same piece as the list comprehension that could replace it.
            case ast.Expr(ast.Call(ast.Attribute(attr="append"), [item], [])):
                self._piece(item)
            case ast.Assign(targets, value):
                self._piece(value)
                self._all(target for target in targets if not isinstance(target, ast.Name | ast.Tuple))
            case ast.AnnAssign(value=value):
                self._all([] if value is None else [value])
            # `x += 1` is the same piece as `x = x + 1`.
            case ast.AugAssign(target, operator, value):
                self._piece(ast.copy_location(ast.BinOp(target, operator, value), node))
            case ast.For(iter=items) | ast.AsyncFor(iter=items):
                self._piece(items)
                self.block([*node.body, *node.orelse])
            case ast.While() | ast.If():
                self._piece(node.test)
                self.block([*node.body, *node.orelse])
            case ast.With(items) | ast.AsyncWith(items):
                self._all(item.context_expr for item in items)
                self.block(node.body)
            case ast.Try() | ast.TryStar():
                handled = [statement for handler in node.handlers for statement in handler.body]
                self.block([*node.body, *handled, *node.orelse, *node.finalbody])
            case ast.Match(subject, cases):
                self._piece(subject)
                for case in cases:
                    self.block(case.body)
            case _:
                self._all(child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))

    def _all(self, expressions: Iterable[ast.expr]) -> None:
        for expression in expressions:
            self._piece(expression)

    def _piece(self, node: ast.expr) -> None:
        # A comprehension inside of an expression calls this again; its parts are pieces of their own.
        outside, self._parts = self._parts, []
        self._form(node)
        if self._parts:
            self.pieces.append(Found(node.lineno, node.end_lineno or node.lineno, tuple(self._parts)))
        self._parts = outside

    def _form(self, node: ast.expr) -> _Form:
        match node:
            case ast.Name(name):
                return self._made(self._name(name))
            case ast.Attribute(value, name):
                if self._is_module(value):
                    return self._made(name)
                return self._made("") if name in self._own_attributes else self._made(f".{name}", self._form(value))
            case ast.Constant(value):
                return self._constant(value)
            case ast.JoinedStr(values):
                return self._of("f", [part.value for part in values if isinstance(part, ast.FormattedValue)])
            case ast.Call(function, arguments, keywords):
                named = self._keywords(function, keywords)
                return self._made("call", self._form(function), *map(self._form, arguments), *named)
            case ast.Starred(value) | ast.NamedExpr(value=value):
                return self._form(value)
            case ast.BinOp(left, operator, right):
                return self._of(type(operator).__name__, [left, right])
            case ast.UnaryOp(operator, operand):
                return self._of(type(operator).__name__, [operand])
            case ast.BoolOp(operator, values):
                return self._of(type(operator).__name__, values)
            case ast.Compare(left, operators, right):
                return self._compared([type(operator) for operator in operators], [left, *right])
            case ast.ListComp(item, loops) | ast.SetComp(item, loops) | ast.GeneratorExp(item, loops):
                return self._comprehension([item], loops)
            case ast.DictComp(key, value, loops):
                return self._comprehension([key, value], loops)
            case ast.Tuple(items) | ast.List(items) | ast.Set(items):
                return self._of("()", items)
            case ast.Subscript(value, place):
                return self._of("[]", [value, place])
        children = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        return self._of(type(node).__name__, children)

    def _of(self, label: str, children: Iterable[ast.expr]) -> _Form:
        return self._made(label, *map(self._form, children))

    def _keywords(self, function: ast.expr, keywords: Sequence[ast.keyword]) -> list[_Form]:
        """Return the forms of keyword arguments, sorted by name.

        If the function is the program's own, the names of its parameters can be changed, so they are ignored.
        """
        if isinstance(function, ast.Name) and function.id in self._own:
            return [self._made("=", self._made(""), self._form(keyword.value)) for keyword in keywords]
        in_order = sorted(keywords, key=lambda keyword: keyword.arg or "")
        return [self._made("=", self._made(each.arg or "**"), self._form(each.value)) for each in in_order]

    def _name(self, name: str) -> str:
        """Return a name without a disguise: its original name if it is imported, empty if the program defines it."""
        if name in self._imported:
            return self._imported[name]
        return "" if name in self._own else name

    def _is_module(self, node: ast.expr) -> bool:
        """Whether a node is an imported module, so that `keras.layers.Dense` and `layers.Dense` count as `Dense`."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self._imported

    def _constant(self, value: object) -> _Form:
        if isinstance(value, bool) or value is None or value is ...:
            return self._made(repr(value))
        text = value[:_LONGEST_TEXT] if isinstance(value, str) else repr(value)[:_LONGEST_TEXT]
        return self._made(f"'{text}", loose="constant")

    def _compared(self, operators: list[type[ast.cmpop]], values: list[ast.expr]) -> _Form:
        if all(operator in _TURNED for operator in operators):
            operators, values = [_TURNED[operator] for operator in reversed(operators)], values[::-1]
        return self._of(" ".join(operator.__name__ for operator in operators), values)

    def _comprehension(self, items: Sequence[ast.expr], loops: Sequence[ast.comprehension]) -> _Form:
        """Collect the parts of a comprehension as pieces, as for a loop; the comprehension itself counts as a name."""
        for loop in loops:
            self._all([loop.iter, *loop.ifs])
        self._all(items)
        return self._made("")

    def _made(self, label: str, *children: _Form, loose: str | None = None) -> _Form:
        # A string in Python can hold half of a surrogate pair, which plain UTF-8 cannot encode.
        name = label.encode("utf-8", "surrogatepass")
        exact = _digest(b"exact", name, *(child.exact for child in children))
        name = name if loose is None else loose.encode()
        form = _Form(
            exact,
            _digest(b"loose", name, *(child.loose for child in children)),
            1 + sum(child.nodes for child in children),
        )
        if form.nodes >= _LEAST_NODES:
            self._parts += (int.from_bytes(form.exact), int.from_bytes(form.loose))
        return form


def _digest(*parts: bytes) -> bytes:
    # 7 bytes, so that a digest as a number fits into the 64-bit integers of msgpack.
    return hashlib.blake2b(b"\0".join(parts), digest_size=7).digest()
