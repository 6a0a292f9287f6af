"""The course's own checks, as they are declared in the folder `checks/` next to `course.toml`.

Each test there has a decorator:

    @check("subset_data/nothing-to-keep", points=2, title="Gives no images where no label matches")
    def test_nothing_to_keep(subsets): ...

The decorators are read from the source text, without running it, so that every command knows the checks and can name
the line of a mistake.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from grader.assignment import contract, guided
from grader.ground.errors import UsageError, in_words, nearest

FOLDER: Final = "checks"
WHEATS: Final = "wheats"
CHAFFS: Final = "chaffs"
GUIDED: Final = "guided"

TESTS: Final = "test_*.py"
# Folders that no verdict depends on: a change in them is no reason to grade submissions again.
_WITHOUT_A_SAY: Final = (WHEATS, CHAFFS, GUIDED, "__pycache__")
_EXAMPLE: Final = '@check("subset_data/nothing-to-keep", points=1, title="…")'
_FUNCTIONS: Final = tuple(function.name for function in contract.FUNCTIONS)
_OURS: Final = frozenset(check.id for check in (*contract.CHECKS, *guided.CHECKS))


class OwnCheck(contract.Check, frozen=True):
    """One of the course's own checks.

    Attributes:
        form: The form of the assignment that it applies to.
        place: Where it is declared, such as `checks/test_own.py: line 12`.
    """

    form: Literal["functions", "guided"] = "functions"
    place: str = ""


class OwnChecks(msgspec.Struct, frozen=True):
    """The course's own checks.

    Attributes:
        folder: Absolute path of the folder with their tests; empty if there are none.
        digest: SHA-256 over the files in it that a verdict may depend on; see `digest_of`.
        checks: The checks.
    """

    folder: str = ""
    digest: str = ""
    checks: tuple[OwnCheck, ...] = ()

    def of(self, form: str) -> tuple[OwnCheck, ...]:
        """Return the checks for one form of the assignment."""
        return tuple(check for check in self.checks if check.form == form)

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all the checks."""
        return frozenset(check.id for check in self.checks)

    @property
    def have_changed(self) -> bool:
        """Whether the folder has changed since it was read."""
        return bool(self.folder) and digest_of(Path(self.folder)) != self.digest


NO_OWN: Final = OwnChecks()
"""The value for a course without a folder `checks/`."""


class _Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The arguments of `@check`; see `grader.checks.own.check`."""

    id: Annotated[str, msgspec.Meta(max_length=80)]
    points: Annotated[float, msgspec.Meta(ge=0, le=10_000)]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    task: Annotated[int, msgspec.Meta(ge=1, le=len(contract.TASKS))] | None = None
    function: str | None = None
    calls: tuple[str, ...] = ()
    profile: str = "quick"
    form: str = "functions"


def read_own(folder: Path) -> OwnChecks:
    """Read the checks that a folder declares; none if the folder does not exist or has no Python file.

    Raises:
        UsageError: If a file cannot be read or does not parse, or a declaration is invalid.
    """
    if not any(folder.glob("*.py")):
        return NO_OWN
    tests = sorted(folder.glob(TESTS))
    if not tests:
        raise UsageError(f"{folder}: there is no file {TESTS} here, which the course's own checks would be in.")
    # The course's tests run in one session of pytest with the grader's, which is set up to load no conftest.py.
    if (conftest := folder / "conftest.py").exists():
        raise UsageError(f"{conftest}: is not read; define fixtures in the files of the tests, or import them there.")
    found: dict[str, OwnCheck] = {}
    for path in tests:
        for line, check in _declared(path):
            if before := found.get(check.id):
                raise UsageError(f"{path}: line {line}: {check.id} is declared already, in {before.place}.")
            found[check.id] = check
    checks = sorted(found.values(), key=lambda check: check.task)
    return OwnChecks(str(folder.resolve()), digest_of(folder), tuple(checks))


def digest_of(folder: Path) -> str:
    """Return one SHA-256 over all files of a folder that a verdict may depend on: tests, and files that they may read.

    Results in the gradebook are kept with this digest, and submissions are graded again when it changes.
    """
    digest = hashlib.sha256()
    for name, content in files_of(folder).items():
        digest.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()


def files_of(folder: Path) -> Mapping[str, bytes]:
    """Return the content of all files of a folder that a verdict may depend on, by their paths below the folder.

    Solutions that are only for `grader validate`, hidden files and `__pycache__` are left out.

    Raises:
        UsageError: If a file cannot be read.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if name.parts[0] in _WITHOUT_A_SAY or any(part.startswith(".") or part == "__pycache__" for part in name.parts):
            continue
        if path.is_file():
            found[name.as_posix()] = _read(path)
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}).") from None


def _declared(path: Path) -> Iterator[tuple[int, OwnCheck]]:
    """Yield the checks that a file declares, each with the line of its decorator."""
    try:
        tree = ast.parse(_read(path), str(path))
        compile(tree, str(path), "exec")  # refuses what the parser accepts, such as `return` outside of a function
    except SyntaxError as error:
        raise UsageError(f"{path}: line {error.lineno or 1}: does not parse: {error.msg}.") from None
    except ValueError as error:  # a null byte, in some versions of Python
        raise UsageError(f"{path}: line 1: does not parse: {error}.") from None
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        call = next((each for each in node.decorator_list if _is_check(each)), None)
        is_test = node.name.startswith("test")
        if call is None and is_test:
            raise UsageError(f"{path}: line {node.lineno}: {node.name} says no check; put {_EXAMPLE} above it.")
        if isinstance(call, ast.Call):
            place = f"{path}: line {call.lineno}"
            check = _read_check(call, place)
            if not is_test:
                raise UsageError(f"{place}: {check.id} has no test; call the function test_{node.name}.")
            yield call.lineno, msgspec.structs.replace(check, place=f"{FOLDER}/{path.name}: line {call.lineno}")


def _is_check(decorator: ast.expr) -> bool:
    if not isinstance(decorator, ast.Call):
        return False
    function = decorator.func
    return (function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")) == "check"


def _read_check(call: ast.Call, place: str) -> OwnCheck:
    """Read a decorator.

    Args:
        call: The call of `check`.
        place: File and line, for messages.

    Raises:
        UsageError: If its arguments are invalid.
    """
    try:
        # The id is the only positional argument; more of them are refused below, with a message.
        given = dict(zip(("id",), map(ast.literal_eval, call.args), strict=False))
        given |= {each.arg or "**": ast.literal_eval(each.value) for each in call.keywords}
    except ValueError:
        raise UsageError(f"{place}: write out what @check is given; it is read without running the file.") from None
    if len(call.args) > 1:
        raise UsageError(f"{place}: @check takes the id, and all else by name, as in points=1.")
    statement = _converted(given, place)
    prefix, _, rest = statement.id.partition("/")
    if not _is_word(prefix) or not _is_word(rest):
        raise UsageError(f"{place}: {statement.id}: an id is function/statement, in small letters, digits, - and _.")
    if statement.id in _OURS:
        raise UsageError(f"{place}: {statement.id} is a check of the grader; choose another id.")
    for name, known in (("profile", contract.PROFILES), ("form", ("functions", "guided"))):
        value = getattr(statement, name)
        if value not in known:
            raise UsageError(f"{place}: {name}: {value!r} is unknown{nearest(value, known)}")
    if not statement.title.isprintable():
        raise UsageError(f"{place}: {statement.id}: title: write one line of text.")
    is_guided = statement.form == "guided"
    function = statement.function
    if function is None:
        function = "" if is_guided else prefix
    for each in filter(None, (function, *statement.calls)):
        if is_guided:
            raise UsageError(f"{place}: {statement.id}: in the guided form a check is about no function; leave it out.")
        if each not in _FUNCTIONS:
            raise UsageError(f"{place}: {each}: unknown function{nearest(each, _FUNCTIONS)}")
    own = contract.function(function).task if function else None
    task = own if statement.task is None else statement.task
    if task is None:
        raise UsageError(f"{place}: {statement.id} is about no function, so say which task it counts for: task=1.")
    if own not in (None, task):
        raise UsageError(f"{place}: {statement.id} counts for task {task}, but {function} belongs to task {own}.")
    return OwnCheck(
        statement.id,
        task,
        function,
        statement.points,
        statement.title,
        statement.profile,
        statement.calls,
        "guided" if is_guided else "functions",
    )


def _converted(given: dict[str, Any], place: str) -> _Statement:
    known = [field.name for field in msgspec.structs.fields(_Statement)]
    for key in given:
        if key not in known:
            raise UsageError(f"{place}: {key}: @check takes no such argument{nearest(key, known)}")
    if missing := [key for key in ("id", "points", "title") if key not in given]:
        raise UsageError(f"{place}: @check is given no {missing[0]}; write {_EXAMPLE}.")
    try:
        return msgspec.convert(given, _Statement)
    except msgspec.ValidationError as error:
        raise UsageError(f"{place}: @check: {in_words(str(error))}.") from None


def _is_word(text: str) -> bool:
    return bool(text) and text.isascii() and text.replace("-", "").replace("_", "").isalnum() and text == text.lower()
