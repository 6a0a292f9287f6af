"""Cut a submission down to what its functions need.

A notebook is written to be run cell by cell, with hours of training between the definitions.  When its functions are
graded, only the statements run that these need: imports, definitions, and everything that sets or changes a global name
that they read, directly or indirectly.  Statements that train, wait or end the program never run; if the functions need
something from one of them, a note tells the student.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from typing import Final

import msgspec

from grader.submissions.files import ReadError
from grader.submissions.names import NO_EFFECTS, Effects, FunctionNode, effects, executed, root
from grader.submissions.parsing import ParseError, check_compiles, parse_errors
from grader.submissions.program import CONTRACT, Cut, Program

_SETTINGS: Final = frozenset({"set_floatx", "run_functions_eagerly", "set_jit"})
"""Functions of Keras and TensorFlow that change how every network computes, and how long it takes.

Half precision is left out: on the CPU it is slower, and the answers would have it, too.
"""

# Far more than a course project has.  Analysing 200,000 nodes of the syntax tree takes about 5 s.
MAX_NODES: Final = 200_000
MAX_STATEMENTS: Final = 5_000  # top-level statements and functions together

Span = tuple[int, int, int, int]


class Slice(msgspec.Struct, frozen=True):
    """The part of a module that was kept.

    Attributes:
        lines: The lines of the module, as many as before; those that are left out are blank.
        notes: Line and message for each piece of code that was left out although it may be needed.
        trains_at_load: Line and message of each top-level statement that trains.
        functions: The names of the functions at the top level.
    """

    lines: list[str]
    notes: list[tuple[int, str]]
    trains_at_load: list[tuple[int, str]]
    functions: tuple[str, ...]


class _Piece(msgspec.Struct, frozen=True):
    """A top-level statement.

    Attributes:
        span: Its position; see `_span`.
        cuts: The parts of it that never run.
        kept: The statement without those parts; `None` if nothing is left.
        effects: What `kept` does to the global names of the module.
    """

    span: Span
    cuts: list[Cut]
    kept: ast.stmt | None
    effects: Effects


def slice_module(lines: Sequence[str], statements: Sequence[ast.stmt], functions: Collection[str] = CONTRACT) -> Slice:
    """Cut a module down to what some functions need.

    Args:
        lines: The lines of the module.
        statements: Its top-level statements, with positions in `lines`; they are changed in place.
        functions: The names of the functions; by default those of the contract.

    Raises:
        ReadError: If there is far more code than the assignment takes.
    """
    _refuse_too_much(statements)
    notes: list[tuple[int, str]] = []
    sound: list[ast.stmt] = []
    pieces: list[_Piece] = []
    for node in statements:
        try:
            check_compiles(node)
            with parse_errors(node.lineno):
                effects(node, {})
            sound.append(node)
        except ParseError as error:
            notes.append((error.line, f"This statement does not compile and was left out: {error.message}."))
            pieces.append(_Piece(_span(node), [], None, NO_EFFECTS))
    # Pruning changes the statements, so everything that needs them whole comes before it.
    program = Program(sound)
    trains = [
        (reason.line, f"This line {reason.text} while the file loads.")
        for node in sound
        if (reason := program.why_never(node)) is not None and reason.trains
    ]
    notes += _misplaced(sound, program)
    for node in sound:
        span = _span(node)
        cuts, kept = program.prune(node)
        pieces.append(_Piece(span, cuts, kept, effects(kept, program.effects) if kept else NO_EFFECTS))
    pieces.sort(key=lambda piece: piece.span)
    needed, names = _needed(pieces, program, functions)
    notes += _missed(pieces, names, program)
    return Slice(_kept_lines(lines, pieces, needed), sorted(set(notes)), trains, program.function_names)


def _refuse_too_much(statements: Sequence[ast.stmt]) -> None:
    nodes = definitions = 0
    for statement in statements:
        for node in ast.walk(statement):
            nodes += 1
            definitions += isinstance(node, FunctionNode)
    if nodes > MAX_NODES or definitions + len(statements) > MAX_STATEMENTS:
        raise ReadError("There is far more code than six tasks need; hand in those only, and no data written as code.")


def _needed(pieces: Sequence[_Piece], program: Program, functions: Collection[str]) -> tuple[set[int], set[str]]:
    """Return the indices of the pieces that the functions need, and the global names that they need."""
    setters: dict[str, list[int]] = {}
    chosen: set[int] = set()
    waiting = list(functions)
    for index, piece in enumerate(pieces):
        # Changes to imported modules and objects are left out, since these are not the student's own.
        for name in piece.effects.binds | (piece.effects.mutates - program.imported):
            setters.setdefault(name, []).append(index)
        # Nobody knows what a star import binds, so it is always kept.
        if piece.kept is not None and (_may_bind_anything(piece.kept) or _is_setting(piece.kept, program)):
            chosen.add(index)
            waiting.extend(piece.effects.reads)
    names: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in names:
            continue
        names.add(name)
        for index in setters.get(name, ()):
            chosen.add(index)
            waiting.extend(pieces[index].effects.reads)
    return chosen, names


def _may_bind_anything(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module == "__future__" or node.names[0].name == "*")


def _is_setting(node: ast.stmt, program: Program) -> bool:
    """Whether a statement only calls one of `_SETTINGS`."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    called = node.value.func
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    half = any(isinstance(given, ast.Constant) and given.value == "float16" for given in node.value.args)
    return name in _SETTINGS and not half and root(called) in program.imported


def _missed(pieces: Sequence[_Piece], names: set[str], program: Program) -> Iterator[tuple[int, str]]:
    """Yield notes on statements that never run although the functions need a name that they set."""
    for piece in pieces:
        for cut in piece.cuts:
            done = effects(cut.node, program.effects)
            missed = sorted((done.binds | (done.mutates - program.imported)) & names)
            if missed:
                shown = ", ".join(f"`{name}`" for name in missed[:5])
                how = "Define functions at the top level" if CONTRACT & set(missed) else "Hand it in as a parameter"
                yield (
                    cut.reason.line,
                    f"Your functions need {shown}, which is set in a statement that {cut.reason.text}; such "
                    f"statements are not run when functions are graded. {how}, or set it in a statement of its own.",
                )


def _misplaced(statements: Sequence[ast.stmt], program: Program) -> Iterator[tuple[int, str]]:
    """Yield notes on functions of the contract that are defined only inside of other functions or classes."""
    missing = CONTRACT - set(program.function_names)
    for statement in statements:
        for outer in executed(statement):
            if not isinstance(outer, FunctionNode | ast.ClassDef):
                continue
            for inner in ast.walk(outer):
                if inner is not outer and isinstance(inner, FunctionNode) and inner.name in missing:
                    yield (
                        inner.lineno,
                        f"`{inner.name}` is defined inside `{outer.name}`, where nothing else can call it; "
                        "define it at the top level.",
                    )


def _span(node: ast.stmt) -> Span:
    """Return the position of a statement, including its decorators.

    Returns:
        First line, first column, last line, and the column after the last one; columns count UTF-8 bytes.
    """
    line = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    return line, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0


def _kept_lines(lines: Sequence[str], pieces: Sequence[_Piece], needed: set[int]) -> list[str]:
    """Return the lines of the module, with everything blank that is not needed.

    A statement that is not needed, but shares a line with one that is kept or is inside a block that is kept, becomes
    `()`, or `0` if there is room for one character only.
    """
    # Bytes, since columns in a syntax tree count UTF-8 bytes.  Every filler has the length of what it replaces, so that
    # lines and columns of the rest stay as the student sees them.
    source = [line.encode() for line in lines]
    kept: set[int] = set()
    blanked: list[Span] = []
    for group in _sharing_lines(pieces):
        if not needed.intersection(group):
            continue
        kept.update(range(pieces[group[0]].span[0], pieces[group[-1]].span[2] + 1))
        for index in group:
            piece = pieces[index]
            blanked += [_span(cut.node) for cut in piece.cuts] if index in needed else [piece.span]
    for first, start, last, end in blanked:
        for number in range(first, last + 1):
            line = source[number - 1]
            left = start if number == first else 0
            right = end if number == last else len(line)
            filler = bytearray(b" " * (right - left))
            if first == last and len(filler) < 2:
                filler[:] = b"0"
            elif number == first:
                filler[:1] = b"("
            if number == last and len(filler) and (first != last or len(filler) > 1):
                filler[-1:] = b")"
            source[number - 1] = line[:left] + bytes(filler) + line[right:]
    return [line.decode() if number in kept else "" for number, line in enumerate(source, 1)]


def _sharing_lines(pieces: Sequence[_Piece]) -> Iterator[list[int]]:
    """Yield the indices of the pieces in groups; pieces that share a line, as in `a = 1; b = 2`, are in one group."""
    group: list[int] = []
    for index, piece in enumerate(pieces):
        if group and piece.span[0] > pieces[group[-1]].span[2]:
            yield group
            group = []
        group.append(index)
    if group:
        yield group
