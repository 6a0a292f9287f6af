"""The commands `grader check`, for one submission, and `grader grade`, for many."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console

from grader.cli.app import app
from grader.cli.options import GRADEBOOK_FILE, Options, parse_moment, settings_of
from grader.cli.progress import batch_progress, check_progress
from grader.cli.speed import measure_graded
from grader.course import Settings
from grader.grading.batch import make_report
from grader.grading.pipeline import How, grade_class, prepare_data, write_results
from grader.grading.remaining import Remaining
from grader.grading.slots import Slot
from grader.ground.errors import UsageError
from grader.ground.machine import cores, machine_lock
from grader.ground.notes import note, say
from grader.ground.text import utc
from grader.reports import speed, terminal
from grader.results.scoring import Report, all_passed
from grader.speed.records import Measurement
from grader.submissions import SubmissionFile, discover, submissions_in


@app.command
def check(
    file: Path,
    /,
    *,
    options: Options | None = None,
    jobs: Annotated[int | None, Parameter(name=["--jobs", "-j"])] = None,
) -> int:
    """Check one submission and say what is wrong with it.

    Exit status: 0 all passed, 1 something failed, 2 usage, 3 the grader could not grade.

    Args:
        file: The solution.py or notebook.
        options: See `Options`.
        jobs: How many processes grade its tasks side by side; by default, as many as the machine has cores.
    """
    options = options or Options()
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs {jobs}: give a number of 1 or more.")
    settings = settings_of(options, default_profile="quick")
    _require_apart([file], settings)
    files = discover([file])
    if len(files) != 1:
        raise UsageError(f"{file}: `grader check` takes one submission; for a folder there is `grader grade`.")
    began = time.monotonic()
    prepare_data(settings)
    with (
        machine_lock("grader check", alone=False, waiting=say),
        Slot(settings, processes=cores() if jobs is None else jobs) as slot,
        check_progress(settings, quiet=options.json) as on_check,
    ):
        result = slot.grade(files[0], on_check).result
    report = make_report(settings, [result], time.monotonic() - began)
    measurements = _measured(files, report, settings, None, options)
    _print_json(report, options, measurements, settings)
    if options.output is not None:
        write_results(report, options.output)
    if not options.json:
        console = Console()
        terminal.show_result(console, result)
        console.print(terminal.summary_line(report, result), soft_wrap=True, highlight=False, markup=False)
        _show_speed(console, measurements, settings)
    if result.status != "graded":
        return 3
    return 0 if all_passed(result) else 1


@app.command
def grade(
    paths: Annotated[tuple[Path, ...], Parameter(negative="")],
    /,
    *,
    options: Options | None = None,
    jobs: Annotated[int | None, Parameter(name=["--jobs", "-j"])] = None,
    cluster: str | None = None,
    gradebook: Annotated[Path | None, Parameter(negative_none="no-")] = GRADEBOOK_FILE,
    force: Annotated[bool, Parameter(negative="")] = False,
    order: Literal["cheapest", "name"] = "cheapest",
    submitted_at: str | None = None,
) -> int:
    """Grade many submissions: files, folders of them, or a download from Canvas, Moodle or Gradescope.

    Each result is written to the gradebook as soon as it is there.  A submission that already has a result and has not
    changed since is not graded again.  A gradebook that cannot be written is refused before anything is graded.

    Exit status: 0 every submission was graded, 2 usage, 3 some could not be graded, or not written to the gradebook.

    Args:
        paths: Files, folders, and zip files as learning systems export them.
        options: See `Options`.
        jobs: How many submissions to grade at once; by default, as many as the machine's cores allow.
        cluster: Grade on a Dask cluster: local:N starts one here, slurm:N has Slurm start one, and an address such as
            tcp://host:8786 joins one.
        gradebook: The gradebook; with --no-gradebook none is kept.
        force: Grade again what the gradebook already has a result for.
        order: Which submissions are graded first: those that probably cost least, or in the order of their names.
        submitted_at: When these submissions were handed in, with time zone; by default, when each file was last
            changed.
    """
    options = options or Options()
    if not paths:
        raise UsageError("name at least one file or folder to grade.")
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs {jobs}: give a number of 1 or more.")
    if jobs is not None and cluster is not None:
        raise UsageError("--jobs and --cluster: give one of them; a cluster grades as many at once as it has workers.")
    settings = settings_of(options, default_profile=None)
    _require_apart(paths, settings)
    handed_in = "" if submitted_at is None else utc(parse_moment("--submitted-at", submitted_at))
    how = How(
        output=options.output,
        jobs=jobs,
        cluster=cluster,
        gradebook=gradebook,
        force=force,
        order=order,
        submitted_at=handed_in,
    )
    remaining = Remaining()
    with submissions_in(paths, note) as files:
        graded = grade_class(
            files,
            settings,
            how,
            progress=lambda total: batch_progress(total, remaining, quiet=options.json),
            remaining=remaining,
        )
        report = graded.report
        whole = len(report.results) == len(files)  # otherwise grading was stopped
        # Within this context, since it removes the files that were unpacked from a zip.
        measurements = _measured(files, report, settings, gradebook, options) if whole else []
    _print_json(report, options, measurements, settings)
    if not options.json:
        console = Console()
        terminal.show_table(console, report)
        _show_speed(console, measurements, settings)
        if look := terminal.worth_a_look(report.results):
            console.print(look, highlight=False, markup=False, soft_wrap=not console.is_terminal)
        if options.output:
            page = options.output / "index.html"
            console.print(f"The results as pages begin at {page}.", highlight=False, markup=False, soft_wrap=True)
    if graded.fault and graded.saved is not None:
        saved = graded.saved / "results.json"
        where = f" Until then, {graded.unwritten} of the results are only in {saved}."
        say(f"{graded.fault}{where if graded.unwritten else ''}")
    if len(report.results) < len(files):
        say(f"stopped; {len(report.results)} of {len(files)} submissions were graded.")
        return 3
    return 0 if all(result.status == "graded" for result in report.results) and not graded.fault else 3


def _require_apart(paths: Sequence[Path], settings: Settings) -> None:
    """Refuse to grade a folder that contains the course's own checks.

    Those checks run on the trusted side, and something that was handed in might otherwise be taken for them and run.

    Raises:
        UsageError: If one of the paths is such a folder.
    """
    own = settings.course.own
    for path in paths:
        if own.checks and Path(own.folder).is_relative_to(path.resolve()):
            raise UsageError(f"{path}: the course's own checks are in there too; keep submissions in a folder apart.")


def _measured(
    files: Sequence[SubmissionFile], report: Report, settings: Settings, gradebook: Path | None, options: Options
) -> list[Measurement]:
    """Measure the training speed of the graded submissions in the profile `full`; do nothing in other profiles."""
    if settings.profile != "full":
        return []
    return measure_graded(files, report, settings, gradebook, quiet=options.json)


def _show_speed(console: Console, measurements: Sequence[Measurement], settings: Settings) -> None:
    if measurements:
        speed.show(console, measurements, settings.course)


def _print_json(report: Report, options: Options, measurements: Sequence[Measurement], settings: Settings) -> None:
    """Print the report if `--json` was given; in the profile `full`, with `measurements` as in `grader bench`."""
    if not options.json:
        return
    document = msgspec.to_builtins(report)
    if measurements:
        document["measurements"] = speed.speed_document(measurements, settings.course, 0.0)["measurements"]
    print(msgspec.json.encode(document).decode())
