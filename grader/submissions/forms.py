"""Decide which form of the assignment a submission has: `functions` or `guided`."""

from __future__ import annotations

import difflib
from typing import Final, Literal

import msgspec

from grader.assignment import contract
from grader.course import Course
from grader.submissions.records import Submission

FormName = Literal["functions", "guided"]
FORMS: Final[tuple[FormName, ...]] = ("functions", "guided")

_FUNCTIONS: Final = tuple(function.name for function in contract.FUNCTIONS)

# Names that say nothing about the form.  The guided text asks for a function that adds a convolution block too, and
# many students give theirs the name that it has in the form with functions.
_OF_BOTH: Final = frozenset(("add_conv_block", "predict"))


class Form(msgspec.Struct, frozen=True):
    """A form of the assignment, and why a submission has it.

    Attributes:
        name: `functions` or `guided`.
        why: The reason, one sentence.
    """

    name: FormName
    why: str


def form_of(submission: Submission, asked: str) -> Form:
    """Return the form that a submission is graded in.

    With `auto` the content of the file decides. A file has the form `functions` if it defines at least two of the
    contract's functions (apart from those in `_OF_BOTH`), or one of them and neither loads data nor trains as it runs.
    It is then asked for the others as well. A file that defines none of them is a guided one if it loads data, builds a
    network or trains as it runs, or if it has functions with names of its own.

    Args:
        submission: The submission.
        asked: `auto`, or the form that the course or the command line asks for.
    """
    if asked == "functions":
        return Form("functions", "The course asks for functions.")
    if asked == "guided":
        return Form("guided", "The course asks for the guided project.")
    defined = [name for name in _FUNCTIONS if name in submission.functions]
    telling = [name for name in defined if name not in _OF_BOTH]
    works: list[str] = [name for name in ("load_data", "fit", "fit_generator") if name in submission.calls]
    # Calls such as `Sequential` are a sign of the guided form only if no defined function tells otherwise.
    if not telling:
        works = works or list(submission.calls)
    names = ", ".join(f"`{name}`" for name in defined)
    if len(telling) >= 2 or (telling and not works):
        return Form("functions", f"The file defines {names}.")
    if works:
        calls = " and ".join(f"`{name}`" for name in works[:2])
        others = f" and no more than {names}" if names else " and none of the functions"
        return Form("guided", f"The file calls {calls} as it runs{others}.")
    own = [name for name in submission.functions if not difflib.get_close_matches(name, _FUNCTIONS, n=1)]
    if not names and own and len(own) == len(submission.functions):
        return Form("guided", f"The file defines `{own[0]}` and none of the functions.")
    return Form(
        "functions",
        f"The file defines {names}." if names else "The file neither loads data nor builds or trains a network.",
    )


def checks_of(
    form: FormName, course: Course, profile: str, tasks: frozenset[int] = frozenset()
) -> tuple[contract.Check, ...]:
    """Return the checks of a course that a profile includes in one form, of some tasks or, if none is given, of all."""
    return contract.chosen(course.checks(form), profile, tasks)
