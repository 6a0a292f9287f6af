"""The corpus that the grader is validated with: sound solutions, and solutions with one bug each.

*Wheats* are complete solutions in different styles that satisfy every clause of the contract; the grader must give each
of them full marks.  *Chaffs* have one bug each; the grader must catch it, with the check that the chaff's header names.

A chaff file has only what differs from the wheat that it is based on.  Its name is `taskN-function-bug.py`.  It begins
with a docstring of one sentence, the bug as a teacher would say it, followed by header comments:

    # base: plain.py                  the wheat that it is based on
    # caught by: function/statement   ids of checks, separated by commas; the first one must fail
    # spreads to: ID, ID; why         optional: checks of other tasks that may fail too (`*`: any), and the reason
    # remove: predict                 optional: top-level functions to remove from the base, separated by commas
    # whole file                      instead of a base: the file is complete as it is

`Chaff.source` assembles the complete solution: the base without the removed functions, followed by the chaff, whose
definitions override the earlier ones.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import msgspec

from grader.assignment import contract
from grader.assignment.requirements import REQUIREMENT_CHECKS
from grader.course import NO_OWN, OwnChecks
from grader.ground.errors import UsageError

# The chaffs of courses and of the tests are written in this format, so a change of it breaks them.
_NAME: Final = re.compile(r"task(?P<task>[1-6])-(?P<function>[a-z_]+)-(?P<bug>[a-z0-9-]+)")
_HEADER: Final = re.compile(r"^# (?P<key>base|caught by|spreads to|remove): (?P<value>.+?)\s*$", re.MULTILINE)
_WHOLE_FILE: Final = re.compile(r"^# whole file\s*$", re.MULTILINE)
_SENTENCE: Final = re.compile(r'\A"""(?P<sentence>.+?)"""', re.DOTALL)
_CHECKS: Final = frozenset(check.id for check in (*contract.CHECKS, *REQUIREMENT_CHECKS.values()))

EVERYWHERE: Final = "*"
"""In `Chaff.spreads_to`: checks of every task."""


class Chaff(msgspec.Struct, frozen=True):
    """A solution with a single bug.

    Attributes:
        path: The chaff's own file.
        name: The file's name without `.py`: `taskN-function-bug`.
        task: Number of the task that the bug is in.
        base: The wheat that it is based on; `None` if the file is complete as it is.
        caught_by: Ids of the checks that are about the bug; the first must fail.
        sentence: The bug, as a teacher would say it.
        spreads_to: Ids of checks of other tasks that may fail too, or `EVERYWHERE`.
        why_it_spreads: Why they may fail.
        removed: Names of top-level functions that are removed from the base.
    """

    path: Path
    name: str
    task: int
    base: Path | None
    caught_by: tuple[str, ...]
    sentence: str
    spreads_to: tuple[str, ...] = ()
    why_it_spreads: str = ""
    removed: tuple[str, ...] = ()

    def source(self) -> str:
        """Return the source of the complete solution: the base without the removed functions, then this chaff.

        Raises:
            UsageError: If a function to remove is not a top-level function of the base.
        """
        # The chaff comes last, so that its definitions replace those of the base, and can still call them.
        own = self.path.read_text(encoding="utf-8")
        if self.base is None:
            return own
        base = self.base.read_text(encoding="utf-8")
        try:
            base = _without_functions(base, self.removed)
        except KeyError as error:
            raise UsageError(f"{self.path}: {self.base.name} has no top-level function {error} to remove.") from None
        return f"{base.rstrip()}\n\n\n{own}"


def read_chaffs(folder: Path, wheats: Path, own: OwnChecks = NO_OWN) -> list[Chaff]:
    """Read the chaffs in a folder, sorted by name.

    Args:
        folder: The folder.
        wheats: The folder with the wheats that they are based on.
        own: The course's own checks, which the headers may name too.

    Raises:
        UsageError: If there are no chaffs, or a name or header is not as this module's docstring says.
    """
    found = [_read_chaff(path, wheats, _CHECKS | own.ids) for path in sorted(folder.glob("*.py"))]
    if not found:
        raise UsageError(f"{folder}: there are no chaffs here; a chaff is a file taskN-function-bug.py.")
    return found


def _read_chaff(path: Path, wheats: Path, checks: frozenset[str]) -> Chaff:
    name = _NAME.fullmatch(path.stem)
    if name is None:
        raise UsageError(f"{path}: the name is not of the form taskN-function-bug.py.")
    text = path.read_text(encoding="utf-8")
    sentence = _SENTENCE.match(text)
    if sentence is None:
        raise UsageError(f"{path}: the first line is not a docstring that says the bug.")
    header = {match["key"]: match["value"] for match in _HEADER.finditer(text)}
    whole_file = _WHOLE_FILE.search(text) is not None
    if whole_file == ("base" in header):
        raise UsageError(f"{path}: needs either a line '# base: WHEAT' or a line '# whole file'.")
    base = None if whole_file else wheats / header["base"]
    if base is not None and not base.is_file():
        raise UsageError(f"{path}: there is no wheat {base}.")
    caught_by = _names(header.get("caught by", ""))
    if not caught_by:
        raise UsageError(f"{path}: needs a line '# caught by: CHECK'.")
    spreads_to, _, why = header.get("spreads to", "").partition(";")
    if spreads_to and not why.strip():
        raise UsageError(f"{path}: '# spreads to:' needs a reason after a semicolon.")
    for check in (*caught_by, *_names(spreads_to)):
        if check not in checks and check != EVERYWHERE:
            raise UsageError(f"{path}: there is no check {check}.")
    return Chaff(
        path=path,
        name=path.stem,
        task=int(name["task"]),
        base=base,
        caught_by=caught_by,
        sentence=" ".join(sentence["sentence"].split()),
        spreads_to=_names(spreads_to),
        why_it_spreads=why.strip(),
        removed=_names(header.get("remove", "")),
    )


def _names(value: str) -> tuple[str, ...]:
    """Split the comma-separated value of a header."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _without_functions(source: str, names: tuple[str, ...]) -> str:
    """Remove some top-level functions, including their decorators, from the source of a module.

    Raises:
        KeyError: If a name is not a top-level function of the module.
    """
    lines = source.splitlines(keepends=True)
    found = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    for name in names:
        node = found[name]
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        # Lines are emptied rather than deleted, so that the positions of the other functions stay valid.
        lines[first - 1 : node.end_lineno] = ["\n"] * ((node.end_lineno or first) - first + 1)
    return "".join(lines)
