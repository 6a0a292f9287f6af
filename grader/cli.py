"""The command `grader`."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

import grader
from grader.batch import Settings, Slot, default_jobs, grade_all, make_report, write_report
from grader.calibration import find_calibration, load_calibrations
from grader.contract import CHECKS, PROFILES, TASKS, checks_of
from grader.course import Course, load_course
from grader.datasets import DATASETS, load_dataset
from grader.errors import GraderError, UsageError
from grader.reports import markdown, terminal
from grader.sandbox.launch import choose_level, why_no_namespaces
from grader.scoring import Outcome, Report, Result, all_passed
from grader.submissions import SubmissionFile, discover

app = cyclopts.App(
    name="grader",
    help="Grade submissions of the Keras course project.",
    version=grader.__version__,
    version_flags=["--version"],
    result_action="return_value",
)

Profile = Literal["quick", "standard", "full"]
Level = Literal["process", "namespaces"]


@Parameter(name="*")
@dataclass(frozen=True)
class Options:
    """What `check` and `grade` have in common."""

    profile: Annotated[Profile | None, Parameter(help="Which checks run; the course's profile unless given.")] = None
    task: Annotated[tuple[int, ...], Parameter(help="Only this task (may be given more than once).", negative="")] = ()
    json: Annotated[bool, Parameter(help="Print one JSON document and nothing else.", negative="")] = False
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Also write results and feedback into this folder.")
    ] = None
    course: Annotated[Path | None, Parameter(help="The course file; course.toml here unless given.")] = None
    dataset: Annotated[str | None, Parameter(help="The data set, in place of the course's.")] = None
    require_isolation: Annotated[Level | None, Parameter(help="Refuse to grade below this level.")] = None


@app.command
def check(file: Path, /, *, options: Options | None = None) -> int:
    """Check one submission and say what is wrong with it.

    Exit status: 0 all passed, 1 something failed, 2 usage, 3 the grader could not grade.

    Args:
        file: The solution.py or notebook.
        options: See `Options`.
    """
    options = options or Options()
    settings = _settings(options, default_profile="quick")
    files = discover([file])
    if len(files) != 1:
        raise UsageError(f"{file}: `grader check` takes one submission; for a folder there is `grader grade`.")
    began = time.monotonic()
    _prepare_data(settings)
    with Slot(settings) as slot, _check_progress(settings, quiet=options.json) as on_check:
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
    settings = _settings(options, default_profile=None)
    files = discover(paths)
    if not files:
        raise UsageError(
            f"{', '.join(map(str, paths))}: there are no submissions here; a submission is a .py or .ipynb."
        )
    _prepare_data(settings)
    with _batch_progress(files, settings, options) as on_result:
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


@app.command
def doctor(*, json: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Tell what this machine offers, and test the sandbox.

    Args:
        json: Print one JSON document and nothing else.
    """
    from grader.doctor import examine, show

    findings = examine()
    if json:
        print(msgspec.json.encode(findings).decode())
    else:
        show(Console(), findings)
    return 0 if all(finding.fine for finding in findings) else 3


@app.command
def new(file: Path = Path("solution.py"), /) -> int:
    """Write the starter file.

    Args:
        file: Where to: a .py or an .ipynb.
    """
    from grader.starter import write_starter

    write_starter(file)
    print(f"Wrote {file}: fill in the functions, then run: grader check {file}")
    return 0


@app.command
def data(name: str | None = None, /, *, course: Path | None = None) -> int:
    """Fetch and verify the course's data set.

    Args:
        name: cifar10 or shapes; the course's data set unless given.
        course: The course file; course.toml here unless given.
    """
    dataset = load_dataset(name or load_course(course).dataset)
    print(f"{dataset.name}: {len(dataset.x_train):,} training and {len(dataset.x_test):,} test images, verified.")
    print(f"SHA-256 {dataset.sha256}")
    return 0


@app.command
def calibrate(*, runs: int = 10, course: Path | None = None, dataset: str | None = None) -> int:
    """Measure the accuracy thresholds: train the reference under the course's budget, several times.

    Args:
        runs: How many times; some minutes each.
        course: The course file; course.toml here unless given.
        dataset: The data set, in place of the course's.
    """
    from grader.calibrate import measure, store, write_reference
    from grader.sandbox.session import Sandbox

    if runs < 2:
        raise UsageError(f"--runs {runs}: give 2 or more, since a spread is needed.")
    chosen = _with_dataset(load_course(course), dataset)
    loaded = load_dataset(chosen.dataset)
    with tempfile.TemporaryDirectory() as folder:
        solution = Path(folder) / "reference.py"
        write_reference(solution)
        with Sandbox.start(choose_level(None), threads=chosen.limits.threads) as sandbox:
            calibration = measure(sandbox, solution, chosen, loaded, runs=runs, notify=print)
    store(calibration)
    print(
        f"mean {calibration.mean:.4f}, spread {calibration.spread:.4f}, full credit from {calibration.full_credit:.4f}"
    )
    return 0


def _settings(options: Options, *, default_profile: str | None) -> Settings:
    course = _with_dataset(load_course(options.course), options.dataset)
    profile = options.profile or default_profile or course.profile
    tasks = frozenset(options.task)
    unknown = tasks - {task.number for task in TASKS}
    if unknown:
        raise UsageError(f"--task {min(unknown)}: there is no such task; the tasks are 1 to {len(TASKS)}.")
    level = choose_level(options.require_isolation)
    if level == "process":
        print(f"grader: warning: submissions are not isolated here ({why_no_namespaces()}).", file=sys.stderr)
    return Settings(course, profile, tasks, level)


def _with_dataset(course: Course, name: str | None) -> Course:
    if name is None:
        return course
    if name not in DATASETS:
        raise UsageError(f"--dataset {name}: there is no such data set; choose one of {', '.join(DATASETS)}.")
    return msgspec.structs.replace(course, dataset=name)


def _prepare_data(settings: Settings) -> None:
    """Fetch the data set and find its thresholds now: what is missing is one error, not one for each submission."""
    if any(check.profile != "quick" for check in checks_of(settings.profile, settings.tasks)):
        dataset = load_dataset(settings.course.dataset)
        find_calibration(load_calibrations(), settings.course, dataset.sha256)


@contextlib.contextmanager
def _check_progress(settings: Settings, *, quiet: bool) -> Iterator[Callable[[str, Outcome], None]]:
    """A progress bar over the checks of one submission, on a terminal."""
    titles = {check.id: check.title for check in CHECKS}
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _check, _outcome: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        checks = checks_of(settings.profile, settings.tasks)
        bar = progress.add_task("Starting the sandbox", total=len(checks))

        def on_check(check_id: str, _outcome: Outcome) -> None:
            progress.update(bar, advance=1, description=titles.get(check_id, check_id)[:44])

        yield on_check


@contextlib.contextmanager
def _batch_progress(
    files: list[SubmissionFile], settings: Settings, options: Options
) -> Iterator[Callable[[Result], None]]:
    """A progress bar over the submissions on a terminal, one line for each elsewhere; writes feedback as it comes."""
    console = Console(stderr=True)
    done: list[Result] = []

    def keep(result: Result) -> None:
        done.append(result)
        if options.output is not None:
            _write_feedback(make_report(settings, [result], 0.0), options.output)

    if options.json or not console.is_terminal:

        def on_result(result: Result) -> None:
            keep(result)
            print(terminal.finished_line(result, len(done), len(files)), file=sys.stderr, flush=True)

        yield on_result
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("Grading", total=len(files))

        def on_result_with_bar(result: Result) -> None:
            keep(result)
            progress.console.print(
                terminal.finished_line(result, len(done), len(files)), highlight=False, markup=False, soft_wrap=True
            )
            progress.update(bar, advance=1)

        yield on_result_with_bar


def _finish(report: Report, options: Options) -> None:
    """Print the JSON, and write the files, that were asked for."""
    if options.json:
        print(msgspec.json.encode(report).decode())
    if options.output is not None:
        write_report(report, options.output)
        _write_feedback(report, options.output)


def _write_feedback(report: Report, folder: Path) -> None:
    """Write each submission's feedback, whole or not at all."""
    target = folder / "feedback"
    target.mkdir(parents=True, exist_ok=True)
    for result in report.results:
        part = target / f".{result.submission.id}.part"
        part.write_text(markdown.feedback(report, result), encoding="utf-8")
        part.replace(target / f"{result.submission.id}.md")


def main() -> NoReturn:
    """Run the command line: expected faults end in one sentence and an exit status, never in a traceback."""
    try:
        status = app(sys.argv[1:], exit_on_error=False, print_error=False)
    except GraderError as error:
        print(f"grader: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except cyclopts.CycloptsError as error:
        print(f"grader: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("grader: stopped.", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(3)
    sys.exit(status if isinstance(status, int) else 0)


assert set(Profile.__args__) == set(PROFILES)  # type: ignore[attr-defined]
