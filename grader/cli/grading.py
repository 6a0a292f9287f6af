"""`grader check` and `grader grade`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console

from grader.batch import Slot, default_jobs, grade_all, make_report, write_report, write_whole
from grader.cli.app import app
from grader.cli.options import Options, prepare_data, settings_of
from grader.cli.progress import batch_progress, check_progress
from grader.errors import UsageError
from grader.reports import markdown, terminal
from grader.scoring import Report, Result, all_passed
from grader.submissions import discover


@app.command
def check(file: Path, /, *, options: Options | None = None) -> int:
    """Check one submission and say what is wrong with it.

    Exit status: 0 all passed, 1 something failed, 2 usage, 3 the grader could not grade.

    Args:
        file: The solution.py or notebook.
        options: See `Options`.
    """
    options = options or Options()
    settings = settings_of(options, default_profile="quick")
    files = discover([file])
    if len(files) != 1:
        raise UsageError(f"{file}: `grader check` takes one submission; for a folder there is `grader grade`.")
    began = time.monotonic()
    prepare_data(settings)
    with Slot(settings) as slot, check_progress(settings, quiet=options.json) as on_check:
        result = slot.grade(files[0], on_check)
    report = make_report(settings, [result], time.monotonic() - began)
    _finish(report, options)
    if not options.json:
        console = Console()
        terminal.show_result(console, result)
        console.print(terminal.summary(report, result), soft_wrap=True, highlight=False, markup=False)
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
) -> int:
    """Grade many submissions: files, or folders of them.

    Exit status: 0 every submission was graded, 2 usage, 3 some could not be graded.

    Args:
        paths: Files and folders.
        options: See `Options`.
        jobs: How many at once; as many as the machine's cores allow unless given.
    """
    options = options or Options()
    if not paths:
        raise UsageError("name at least one file or folder to grade.")
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs {jobs}: give a number of 1 or more.")
    settings = settings_of(options, default_profile=None)
    files = discover(paths)
    if not files:
        raise UsageError(
            f"{', '.join(map(str, paths))}: there are no submissions here; a submission is a .py or .ipynb."
        )
    prepare_data(settings)
    with batch_progress(len(files), quiet=options.json) as show:

        def on_result(result: Result) -> None:
            if options.output is not None:  # as it comes, so that nothing finished is lost
                _write_feedback(make_report(settings, [result], 0.0), options.output)
            show(result)

        report = grade_all(files, settings, jobs=jobs or default_jobs(settings), on_result=on_result)
    _finish(report, options)
    if not options.json:
        console = Console()
        terminal.show_table(console, report)
        if options.output:
            console.print(f"Feedback for each submission is in {options.output}.", highlight=False, markup=False)
    if len(report.results) < len(files):
        print(f"grader: stopped; {len(report.results)} of {len(files)} submissions were graded.", file=sys.stderr)
        return 3
    return 0 if all(result.status == "graded" for result in report.results) else 3


def _finish(report: Report, options: Options) -> None:
    """Print the JSON, and write the files, that were asked for."""
    if options.json:
        print(msgspec.json.encode(report).decode())
    if options.output is not None:
        write_report(report, options.output)
        _write_feedback(report, options.output)


def _write_feedback(report: Report, folder: Path) -> None:
    """Write each submission's feedback, whole or not at all."""
    for result in report.results:
        write_whole(folder / "feedback" / f"{result.submission.id}.md", markdown.feedback(report, result).encode())
