"""Tests that the contract agrees with itself, the checks, the reference and the tables in the documentation.

`python -m tests.test_contract` updates the tables in the documentation, such as the one in `docs/checks.md`.
"""

from __future__ import annotations

import ast
import itertools
import math
import re
from collections import Counter
from pathlib import Path

import pytest

from grader.assignment import contract, guided
from grader.assignment.requirements import REQUIREMENT_CHECKS

ROOT = Path(__file__).parent.parent
DOCUMENTED = ROOT / "docs" / "checks.md"
COMMAND = "python -m tests.test_contract"
# For each table of checks in the documentation: where it begins, where it ends, and what it lists.
TABLES = {
    "functions": (f"<!-- table of checks: {COMMAND} -->\n", "<!-- end of the table -->\n", contract.CHECKS),
    "guided": (f"<!-- table of guided checks: {COMMAND} -->\n", "<!-- end of the guided table -->\n", guided.CHECKS),
}
FORMS = pytest.mark.parametrize("form", TABLES)

TASK_NUMBERS = [task.number for task in contract.TASKS]
FUNCTION_NAMES = [function.name for function in contract.FUNCTIONS]


def functions_in(folder: Path, pattern: str) -> list[ast.FunctionDef]:
    """Return the top-level functions of modules, which are parsed and not imported."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.glob(pattern))]
    return [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]


def plain_parameters(node: ast.FunctionDef) -> str:
    """Return a function's parameters without annotations, as Python writes them."""
    for inner in ast.walk(node.args):
        if isinstance(inner, ast.arg):
            inner.annotation = None
    return ast.unparse(node.args)


def checks_tested(form: str) -> list[str]:
    """Return the ids in the `@check("...")` decorators of a form's test functions."""
    ids: list[str] = []
    for node in functions_in(ROOT / "grader" / "checks" / form, "**/test_*.py"):
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "check":
                (argument,) = decorator.args
                assert node.name.startswith("test_"), f"{node.name} is marked as a check, but pytest passes it over"
                ids.append(ast.literal_eval(argument))
    return ids


def table_of_checks(checks: tuple[contract.Check, ...]) -> str:
    """Return a table of checks for the documentation."""
    lines = ["| check | points | holds if | profile |", "|---|--:|---|---|"]
    for task in contract.TASKS:
        lines.append(f"| **Task {task.number} – {task.title}** | **{task.points:g}** | | |")
        lines += [
            f"| `{check.id}` | {check.points:g} | {check.title} | {check.profile} |"
            for check in checks
            if check.task == task.number
        ]
    return "\n".join(lines) + "\n"


def test_tasks_are_numbered_from_one() -> None:
    assert [task.number for task in contract.TASKS] == list(range(1, len(contract.TASKS) + 1))


def test_there_are_100_points() -> None:
    assert math.fsum(task.points for task in contract.TASKS) == 100
    assert math.fsum(check.points for check in contract.CHECKS) == 100


@pytest.mark.parametrize("task", contract.TASKS, ids=lambda task: f"task{task.number}")
def test_a_tasks_points_are_those_of_its_checks(task: contract.Task) -> None:
    assert math.fsum(check.points for check in contract.CHECKS if check.task == task.number) == task.points


def test_every_check_is_worth_something() -> None:
    assert [check.id for check in contract.CHECKS if check.points <= 0] == []


def test_ids_are_well_formed_and_unique() -> None:
    ids = [check.id for check in contract.CHECKS]
    assert [name for name in ids if not re.fullmatch(r"[a-z]+(_[a-z]+)*/[a-z]+(-[a-z]+)*", name)] == []
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    titles = Counter((check.function, check.title) for check in contract.CHECKS)
    assert [title for title, count in titles.items() if count > 1] == []


def test_a_check_counts_for_the_task_of_its_function() -> None:
    for check in contract.CHECKS:
        prefix = check.id.partition("/")[0]
        if check.function:
            assert (prefix, check.task) == (check.function, contract.function(check.function).task)
        else:
            assert prefix not in FUNCTION_NAMES
            assert check.task in TASK_NUMBERS


def test_checks_stand_in_the_order_of_tasks_and_functions() -> None:
    places = [(check.task, FUNCTION_NAMES.index(check.function)) for check in contract.CHECKS if check.function]
    assert places == sorted(places)
    assert [check.task for check in contract.CHECKS] == sorted(check.task for check in contract.CHECKS)


def test_every_function_has_checks_and_a_task() -> None:
    checked = dict.fromkeys(check.function for check in contract.CHECKS if check.function)
    assert list(checked) == FUNCTION_NAMES
    assert [function.task for function in contract.FUNCTIONS] == sorted(f.task for f in contract.FUNCTIONS)


def test_every_parameter_and_function_is_explained() -> None:
    for function in contract.FUNCTIONS:
        assert function.summary.endswith(".")
        assert function.returns
        for parameter in function.parameters:
            assert parameter.meaning, f"{function.name}: {parameter.name}"
            assert not parameter.meaning.endswith("."), "half a sentence, which others put a full stop to"


@pytest.mark.parametrize("function", contract.FUNCTIONS, ids=FUNCTION_NAMES)
def test_a_signature_says_what_the_parameters_say(function: contract.Function) -> None:
    (node,) = ast.parse(f"def {function.signature}: ...").body
    assert isinstance(node, ast.FunctionDef)
    arguments = node.args
    defaults = [None] * (len(arguments.args) - len(arguments.defaults)) + arguments.defaults
    found = [(a.arg, d, False) for a, d in zip(arguments.args, defaults, strict=True)]
    found += [(a.arg, d, True) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    wanted = [(p.name, p.default, p.keyword_only) for p in function.parameters]
    assert [(name, None if d is None else ast.literal_eval(d), only) for name, d, only in found] == [
        (name, None if default is None else ast.literal_eval(default), only) for name, default, only in wanted
    ]


@pytest.mark.parametrize("function", contract.FUNCTIONS, ids=FUNCTION_NAMES)
def test_the_reference_has_the_same_signature(function: contract.Function) -> None:
    (defined,) = [node for node in functions_in(ROOT / "reference", "*.py") if node.name == function.name]
    (wanted,) = ast.parse(f"def {function.signature}: ...").body
    assert isinstance(wanted, ast.FunctionDef)
    assert plain_parameters(defined) == plain_parameters(wanted)


@FORMS
def test_every_check_has_exactly_one_test(form: str) -> None:
    stated = REQUIREMENT_CHECKS.values() if form == "functions" else ()
    assert sorted(checks_tested(form)) == sorted(check.id for check in (*TABLES[form][2], *stated))


@FORMS
def test_every_test_of_the_checks_is_a_check(form: str) -> None:
    functions = functions_in(ROOT / "grader" / "checks" / form, "**/test_*.py")
    assert len([node for node in functions if node.name.startswith("test_")]) == len(checks_tested(form))


def test_function_finds_by_name() -> None:
    assert contract.function("predict").task == 6
    with pytest.raises(KeyError):
        contract.function("evaluate")


def test_a_profile_includes_the_ones_before() -> None:
    chosen = [contract.checks_of(profile) for profile in contract.PROFILES]
    for smaller, larger in itertools.pairwise(chosen):
        assert set(smaller) <= set(larger)
    assert chosen[-1] == contract.CHECKS
    assert {check.profile for check in chosen[0]} == {"quick"}


def test_checks_of_some_tasks() -> None:
    chosen = contract.checks_of("full", frozenset({1, 6}))
    assert chosen == tuple(check for check in contract.CHECKS if check.task in (1, 6))
    with pytest.raises(ValueError, match="not in tuple"):
        contract.checks_of("thorough")


@FORMS
def test_the_documented_table_is_the_contracts(form: str) -> None:
    begins, ends, checks = TABLES[form]
    _, begin, rest = DOCUMENTED.read_text(encoding="utf-8").partition(begins)
    table, end, _ = rest.partition(ends)
    assert (begin, end) == (begins, ends)
    assert table == table_of_checks(checks), f"write it anew with: {COMMAND}"


def test_the_guided_checks_are_worth_what_their_tasks_are() -> None:
    for task in contract.TASKS:
        assert math.fsum(check.points for check in guided.CHECKS if check.task == task.number) == task.points
    assert not {check.id for check in guided.CHECKS} & {check.id for check in contract.CHECKS}
    assert set(guided.STEPS) == set(TASK_NUMBERS)


def main() -> None:
    """Update the tables in the documentation."""
    for begins, ends, checks in TABLES.values():
        before, _, rest = DOCUMENTED.read_text(encoding="utf-8").partition(begins)
        after = rest.partition(ends)[2]
        DOCUMENTED.write_text(f"{before}{begins}{table_of_checks(checks)}{ends}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
