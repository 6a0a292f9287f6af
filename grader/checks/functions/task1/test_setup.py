"""Task 1: the file loads, trains nothing, and has the functions with their parameters."""

from __future__ import annotations

from grader.assignment import contract
from grader.checks.common.changes import hint_for_version
from grader.checks.common.context import Context
from grader.checks.common.student import FUNCTION_NAMES, Student, finds_no_device, raised_text, told, where
from grader.checks.common.verdict import CheckFailed, NotRun, check, count_of
from grader.course import modules
from grader.sandbox.wire.frames import FunctionFound, ParameterFound

_POSITIONAL = ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")
_BY_NAME = ("POSITIONAL_OR_KEYWORD", "KEYWORD_ONLY")


@check("setup/loads")
def test_loads(context: Context, student_as_written: Student) -> None:
    submission = context.submission
    broken = [note for note in submission.notes if note.does_not_parse]
    if broken:
        more = f" ({count_of(len(broken) - 1, 'more place')} like it)" if len(broken) > 1 else ""
        raise CheckFailed(
            f"{broken[0].place.capitalize()}: {broken[0].message}{more}",
            hint="Restart the kernel and run all cells, or run the file: Python shows the same error.",
        )
    errors = [
        error
        for error in student_as_written.loaded.errors
        if error.type_name != "TrainingRefusedError" and not finds_no_device(submission, error)
    ]
    if errors:
        missing = errors[0].type_name in ("ModuleNotFoundError", "ImportError")
        changed = hint_for_version(told(errors[0].type_name, errors[0].message))
        raise CheckFailed(
            f"Loading the file ended in {raised_text(submission, errors[0])}.",
            hint=changed or modules.hint(context.course.modules, errors[0].message)
            if changed or missing
            else "Restart the kernel and run all cells, or run the file: Python shows the same error.",
        )


@check("setup/trains-nothing")
def test_trains_nothing(context: Context, student_as_written: Student) -> None:
    submission = context.submission
    if not student_as_written.loaded.functions and not submission.functions:
        raise NotRun("the file defines none of the functions.")
    hint = 'Move it under `if __name__ == "__main__":`.'
    for frame in student_as_written.loaded.trained[:1]:
        place = where(submission, (frame,))
        raise CheckFailed(f"Loading the file should train nothing, but it trains: {place}.", hint=hint)
    for note in submission.trains_at_load[:1]:
        line = submission.quote(note.cell, note.line).strip()
        raise CheckFailed(f"Loading the file should train nothing, but it trains: {note.place}: {line}.", hint=hint)


@check("setup/functions-and-parameters")
def test_functions_and_parameters(context: Context, student: Student) -> None:
    found = {function.name: function for function in student.loaded.functions}
    missing = [name for name in FUNCTION_NAMES if name not in found]
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        raise CheckFailed(
            f"{count_of(len(missing), 'function is', 'functions are')} missing: {names}.",
            hint=_hint_for_missing(context, student, missing[0]),
        )
    for function in context.course.functions:
        problem = _wrong_parameters(function, found[function.name])
        if problem:
            raise CheckFailed(
                f"`{function.name}` {problem}.",
                hint=f"The header should read `def {function.signature}:`; more parameters with defaults are fine.",
            )


def _hint_for_missing(context: Context, student: Student, name: str) -> str:
    import difflib

    for error in student.loaded.errors:
        if error.type_name == "NameError" or name in error.message:
            return f"While the file was loaded there was {raised_text(context.submission, error)}."
    for note in context.submission.notes:
        if name in note.message or note.does_not_parse:
            return f"{note.place.capitalize()}: {note.message}"
    others = [other for other in context.submission.functions if other not in FUNCTION_NAMES]
    similar = difflib.get_close_matches(name, others, n=1)
    if similar:
        return f"There is a function `{similar[0]}`; call it `{name}`."
    return f"Define it at the top level of the file, not inside another function: `def {name}(...)`."


def _wrong_parameters(function: contract.Function, found: FunctionFound) -> str:
    """Return what is wrong with a function's parameters, in words that follow its name, or "" if nothing is."""
    if found.parameters is None:
        return ""  # a callable whose parameters Python does not know, which is left to the checks that call it
    by_name = {parameter.name: parameter for parameter in found.parameters}
    kinds = {parameter.kind for parameter in found.parameters}
    required = [p for p in function.parameters if p.default is None]
    positional = [p for p in found.parameters if p.kind in _POSITIONAL]
    for index, wanted in enumerate(required):
        actual = positional[index].name if index < len(positional) else None
        if wanted.name in by_name and actual == wanted.name and by_name[actual].kind in _BY_NAME:
            continue
        if actual is None and "VAR_POSITIONAL" in kinds:
            continue
        if wanted.name in by_name and by_name[wanted.name].kind == "POSITIONAL_ONLY":
            return f"takes `{wanted.name}` by position alone"
        if wanted.name in by_name:
            return f"should have `{wanted.name}` as parameter {index + 1}"
        return f"should have a parameter `{wanted.name}` in place {index + 1}" + (f", not `{actual}`" if actual else "")
    for wanted in function.parameters[len(required) :]:
        problem = _wrong_optional(wanted, by_name.get(wanted.name), takes_any="VAR_KEYWORD" in kinds)
        if problem:
            return problem
    known = {p.name for p in function.parameters}
    for parameter in found.parameters:
        extra = parameter.name not in known and not parameter.kind.startswith("VAR")
        if extra and not parameter.has_default:
            return f"has a parameter `{parameter.name}` that the task does not name; give it a default"
    return ""


def _wrong_optional(wanted: contract.Parameter, actual: ParameterFound | None, *, takes_any: bool) -> str:
    if actual is None:
        return "" if takes_any else f"should have a parameter `{wanted.name}={wanted.default}`"
    if actual.kind not in _BY_NAME:
        return f"should take `{wanted.name}` by name"
    return "" if actual.has_default else f"should have a default for `{wanted.name}`: `{wanted.name}={wanted.default}`"
