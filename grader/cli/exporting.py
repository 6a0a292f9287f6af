"""The commands `grader export` and `grader package`, which write files for other systems."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from grader.cli.app import app
from grader.cli.options import Profile
from grader.course import COURSE_FILE, load_course
from grader.exports import FORMATS, Choices, Format, entries_of
from grader.exports.document import read
from grader.exports.records import check_hidden
from grader.gradebook.faults import SQLITE_HEADER
from grader.gradebook.records import Entry
from grader.ground import notes
from grader.ground.errors import UsageError
from grader.ground.files import read_named, write_whole

_FORMATS_HELP = f"One of {', '.join(form.name for form in FORMATS)}."


@app.command
def export(
    format_name: Annotated[str, Parameter(name="FORMAT", help=_FORMATS_HELP)],
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    source: Annotated[Path, Parameter(name="--from")] = Path("reports/results.json"),
    into: Path | None = None,
    assignment: str | None = None,
    submission: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    scale: Annotated[bool, Parameter(negative="")] = False,
    hide: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    course: Path | None = None,
) -> int:
    """Write the results as a file for another system: Gradescope, Canvas, Moodle and others.

    Args:
        format_name: The format.
        output: The file to write.
        source: The results.json or the gradebook to take the results from.
        into: A file downloaded from the other system to fill in; the file itself is not changed.
        assignment: The assignment's name in the other system; by default, the course's title.
        submission: Only this submission (may be given more than once).
        scale: Convert points if the other system has a different maximum.
        hide: The id of a check that students see only once grades are published (may be given more than once).
        course: The course file; by default, course.toml in the current folder.
    """
    form = _format(format_name)
    if into is not None and form.worksheet == "never":
        raise UsageError(f"--into {into}: {form.name} fills no file of another system; leave it out.")
    entries = _chosen(_entries(source, course), submission)
    chosen = load_course(course)
    worksheet = None if into is None else read_named(into)
    choices = Choices(assignment or chosen.title, worksheet, scale, check_hidden(hide, chosen.own), chosen.leaderboard)
    made = form.write(entries, choices)
    write_whole(output, made.content)
    for note in made.notes:
        notes.note(note)
    print(f"Wrote {output} for {form.name}: {len(entries)} submission{'s' if len(entries) != 1 else ''}.")
    return 0


package = App(name="package", help="Package the grader for another system.", result_action="return_value")
app.command(package)


@package.command
def gradescope(
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("autograder.zip"),
    profile: Profile | None = None,
    hide: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    course: Path | None = None,
) -> int:
    """Write the zip file to upload as the autograder of a Gradescope programming assignment.

    Args:
        output: The file to write.
        profile: The checks to run; by default, the course's profile.
        hide: The id of a check that students see only once grades are published (may be given more than once).
        course: The course file; by default, course.toml in the current folder.
    """
    from grader.exports.gradescope_package.package import autograder_zip, build_wheel, own_data

    chosen = load_course(course)
    file = course or Path(COURSE_FILE)
    text = read_named(file).decode() if file.exists() else ""
    data = own_data(file)
    with tempfile.TemporaryDirectory() as folder:
        wheel = build_wheel(Path(folder))
        hidden = check_hidden(hide, chosen.own)
        content = autograder_zip(
            wheel, course=text, profile=profile or chosen.profile, hidden=hidden, own=chosen.own, data=data
        )
    write_whole(output, content)
    print(f"Wrote {output}: upload it to Gradescope under Configure Autograder.")
    return 0


def _format(name: str) -> Format:
    for form in FORMATS:
        if form.name == name:
            return form
    raise UsageError(f"{name}: there is no such format; choose one of {', '.join(form.name for form in FORMATS)}.")


def _entries(source: Path, course: Path | None) -> Sequence[Entry]:
    """Return the entries from a results.json or a gradebook."""
    if not source.exists():
        raise UsageError(
            f"{source}: there are no results; `grader grade -o reports` writes some, or name them with --from."
        )
    data = read_named(source)
    if not data.startswith(SQLITE_HEADER):  # told apart by content, since either file may have any name
        return entries_of(read(data, str(source)))
    from grader.gradebook.store import Gradebook

    with Gradebook.open(source, course=load_course(course), must_exist=True) as gradebook:
        found: Sequence[Entry] = gradebook.entries()
        return found


def _chosen(entries: Sequence[Entry], names: tuple[str, ...]) -> Sequence[Entry]:
    """Return the entries of the named submissions, or all entries if none is named."""
    known = {entry.attempt.result.submission.id: entry for entry in entries}
    for name in names:
        if name not in known:
            raise UsageError(f"--submission {name}: there is no such submission in the results.")
    return tuple(known[name] for name in dict.fromkeys(names)) if names else entries
