"""`grader check` and `grader grade`."""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from msgspec.structs import replace
from rich.console import Console

from grader.cli.app import app
from grader.cli.options import GRADEBOOK_FILE, Options, parse_moment, settings_of
from grader.cli.pages import Pages
from grader.cli.progress import batch_progress, check_progress, say_waiting
from grader.course import Settings
from grader.gradebook.conditions import conditions_of
from grader.gradebook.keeping import Keeper, keeping
from grader.grading.batch import default_jobs, grade_all, make_report, note, write_report
from grader.grading.cluster import connect
from grader.grading.ordering import cheapest_first
from grader.grading.pipeline import prepare_data
from grader.grading.slots import Slot
from grader.ground.errors import UsageError
from grader.ground.files import write_whole
from grader.ground.machine import machine_lock
from grader.ground.text import utc
from grader.reports import markdown, notebook, terminal
from grader.results.scoring import Graded, Report, Result, all_passed
from grader.submissions import SubmissionFile, discover, read_apart, submissions_in
from grader.submissions.files import MAX_NOTEBOOK_BYTES, ReadError, read_bytes


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
    with (
        machine_lock("grader check", alone=False, waiting=say_waiting),
        Slot(settings) as slot,
        check_progress(settings, quiet=options.json) as on_check,
    ):
        result = slot.grade(files[0], on_check).result
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
    cluster: str | None = None,
    gradebook: Annotated[Path | None, Parameter(negative_none="no-")] = GRADEBOOK_FILE,
    force: Annotated[bool, Parameter(negative="")] = False,
    order: Literal["cheapest", "name"] = "cheapest",
    submitted_at: str | None = None,
) -> int:
    """Grade many submissions: files, folders of them, or what was downloaded from Canvas, Moodle or Gradescope.

    Each result is in the gradebook as soon as it is there.  A submission that has one already, and has not changed
    since, is not graded again.  A gradebook that cannot be written is refused before anything is graded.

    Exit status: 0 every submission was graded, 2 usage, 3 some could not be graded, or not written to the gradebook.

    Args:
        paths: Files, folders, and zips as learning systems export them.
        options: See `Options`.
        jobs: How many at once; as many as the machine's cores allow unless given.
        cluster: Grade on a Dask cluster: local:N starts one here, slurm:N has Slurm start one, and an address such as
            tcp://host:8786 joins one.
        gradebook: The gradebook; with --no-gradebook none is kept.
        force: Grade also what the gradebook has already.
        order: What is graded first: what probably costs least, or by name.
        submitted_at: When these submissions were handed in, with time zone; each when its file was last changed
            unless given.
    """
    options = options or Options()
    if not paths:
        raise UsageError("name at least one file or folder to grade.")
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs {jobs}: give a number of 1 or more.")
    if jobs is not None and cluster is not None:
        raise UsageError("--jobs and --cluster: give one of them; a cluster grades as many at once as it has workers.")
    settings = settings_of(options, default_profile=None)
    handed_in = "" if submitted_at is None else utc(parse_moment("--submitted-at", submitted_at))
    with submissions_in(paths, note) as files, machine_lock("grader grade", alone=False, waiting=say_waiting):
        rounds = _in_rounds(files, all_versions=settings.course.attempts == "best" and gradebook is not None)
        conditions = conditions_of(settings, prepare_data(settings))
        with (
            keeping(gradebook, conditions, force=force, submitted_at=handed_in, course=settings.course) as keeper,
            batch_progress(sum(map(len, rounds)), quiet=options.json) as show,
        ):
            pages = Pages(settings, keeper)
            for each in rounds:
                report = _grade_what_is_new(
                    each, settings, keeper, pages, show, output=options.output, jobs=jobs, cluster=cluster, order=order
                )
                if len(report.results) < len(each):
                    break  # stopped
            _finish(report, options)
            if options.output is not None:
                pages.write(options.output)
    if not options.json:
        console = Console()
        terminal.show_table(console, report)
        if options.output:
            page = options.output / "index.html"
            console.print(f"The results as pages begin at {page}.", highlight=False, markup=False, soft_wrap=True)
    if keeper.fault:
        saved = options.output or _rescue(report)
        where = f"{keeper.unwritten} of the results are only in {saved / 'results.json'}"
        print(f"grader: {keeper.fault}{f' Until then, {where}.' if keeper.unwritten else ''}", file=sys.stderr)
    if len(report.results) < len(files):
        print(f"grader: stopped; {len(report.results)} of {len(files)} submissions were graded.", file=sys.stderr)
        return 3
    return 0 if all(result.status == "graded" for result in report.results) and not keeper.fault else 3


def _in_rounds(files: Sequence[SubmissionFile], *, all_versions: bool) -> list[list[SubmissionFile]]:
    """What is graded, the first round first, each submission once in a round; the last round has the last versions."""
    rounds = [list(files)]
    while all_versions and rounds[0]:
        back = len(rounds)
        rounds.insert(0, [replace(file.earlier[-back], id=file.id) for file in files if back <= len(file.earlier)])
    return [each for each in rounds if each]


def _grade_what_is_new(
    files: Sequence[SubmissionFile],
    settings: Settings,
    keeper: Keeper,
    pages: Pages,
    show: Callable[[Result, str], None],
    *,
    output: Path | None,
    jobs: int | None,
    cluster: str | None,
    order: Literal["cheapest", "name"],
) -> Report:
    """Take from the gradebook what is in it, grade the rest, and keep each result before it is announced."""
    began = time.monotonic()
    kept = {file.id: attempt for file in files if (attempt := keeper.find(file)) is not None}
    results: dict[str, Result] = {}
    for name, attempt in kept.items():
        results[name] = attempt.result
        pages.add(Graded(attempt.result, ()))
        show(attempt.result, attempt.graded_at)

    def on_graded(graded: Graded) -> None:
        results[graded.result.submission.id] = graded.result
        well = not keeper.fault
        keeper.add(graded.result, graded.artefacts)
        if well and keeper.fault:
            print(f"grader: {keeper.fault} Grading goes on, and writing is tried again.", file=sys.stderr, flush=True)
        if output is not None:  # as it comes, so that nothing finished is lost
            _write_feedback(make_report(settings, [graded.result], 0.0), output)
            pages.add(graded)
        show(graded.result, "")

    new = [file for file in files if file.id not in kept]
    if order == "cheapest":
        new = cheapest_first(new, keeper.last_seconds())
    if cluster is not None and new:
        with connect(cluster, settings, note) as crew:
            grade_all(new, settings, crew=crew, on_graded=on_graded)
    else:
        grade_all(new, settings, jobs=jobs or default_jobs(settings), on_graded=on_graded)
    keeper.write()
    in_order = [results[file.id] for file in files if file.id in results]
    return make_report(settings, in_order, time.monotonic() - began)


def _rescue(report: Report) -> Path:
    """Write a report that the gradebook did not take in, and no folder was named for, into a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="grader-results-"))
    write_report(report, folder)
    _write_feedback(report, folder)
    return folder


def _finish(report: Report, options: Options) -> None:
    """Print the JSON, and write the files, that were asked for."""
    if options.json:
        print(msgspec.json.encode(report).decode())
    if options.output is not None:
        write_report(report, options.output)
        _write_feedback(report, options.output)


def _write_feedback(report: Report, folder: Path) -> None:
    """Write each submission's feedback: as Markdown, and for a notebook in a copy of it too."""
    target = folder / "feedback"
    target.mkdir(parents=True, exist_ok=True)
    for result in report.results:
        name = result.submission.id
        write_whole(target / f"{name}.md", markdown.feedback(report, result).encode())
        if result.submission.kind == "notebook":
            content = _own_notebook(report, result)
            if content is not None:
                write_whole(target / f"{name}.ipynb", content)


def _own_notebook(report: Report, result: Result) -> bytes | None:
    """A copy of the student's notebook with the feedback in it; `None` where that cannot be made."""
    path = Path(result.submission.path)
    try:
        submission = read_apart(SubmissionFile(result.submission.id, path))
        if submission.problem or submission.sha256 != result.submission.sha256:
            return None
        data = read_bytes(path, MAX_NOTEBOOK_BYTES)
        if hashlib.sha256(data).hexdigest() != submission.sha256:
            return None  # it was exchanged since
        return notebook.annotated(data, submission, report, result)
    except ReadError:
        return None
    except Exception as error:  # a notebook may hold anything, and the feedback is there as Markdown too
        name = result.submission.id
        print(f"grader: {name}: no feedback in the notebook ({type(error).__name__}), see {name}.md.", file=sys.stderr)
        return None
