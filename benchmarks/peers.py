"""Measure the overhead of grading a submission with Otter-Grader, nbgrader and this grader, on the same trivial task.

`python -m benchmarks.peers FOLDER` makes a virtual environment for each of the others below FOLDER, with `uv` or with
`venv` and `pip`, which needs a network the first time; the project does not depend on them.  The task is the course's
first one, set-up: a notebook in which every function has an empty body, and one question, whether the functions are
there with their parameters.  No function is called, so nearly all of the time is overhead.  One submission and a class
of `--count` are graded in turns, forwards in one round and backwards in the next, so that other work of the machine
affects all of them alike.  If a submission does not get full marks, the run ends.

What is compared:

- `otter run`, a command for each submission, with the zip that `otter assign` made, without Docker;
- Otter's `grade_submission` from Python for the whole class in one process, which spares its imports;
- `nbgrader autograde`, one command for the class, in a course folder with `source`, `release` and `submitted`;
- `grader grade --profile quick --task 1 --jobs 1`, one command for the class, at the strongest isolation level that the
  machine offers, with the gradebook that it keeps unless told not to.

Each is measured with a notebook that imports nothing, and with one that imports Keras, as the course's notebooks do.

What is not the same:

- The others run a submission as the user who grades, with that user's files and network.  Ours runs it in a sandbox.
- The others start a kernel for each notebook, which imports Keras if the notebook does.  Ours imports Keras once for a
  class, whether a notebook does or not, and forks; so its start-up includes the import of Keras in both cases.
- The others run all cells.  Ours runs what the functions need, and here it does so twice, in two processes: this task
  has three checks, and two of them look at the file as it is written.
- nbgrader and ours keep a gradebook, and nbgrader also keeps a copy of each executed notebook.  `otter run` leaves a
  file of results for each submission.
- Otter has a command for classes, `otter grade`, which starts a container for each submission.  It is not measured.

All import the same Keras, that of this grader's environment.  Making environments and assignments is not timed, and
each grading is run once before the measurement.  Processor time is that of a command and everything it started; on a
machine that others use too it is more meaningful than wall time.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import inspect
import json
import os
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import nbformat
import psutil
from rich.console import Console
from rich.table import Table

from grader.assignment import contract
from grader.sandbox.host.launch import best_level

OTTER: Final = "7.0.0"
NBGRADER: Final = "0.9.6"
NOTEBOOKS: Final = ("plain", "keras")
"""The kinds of notebook by what they import: nothing, or Keras."""

_SAMPLE_SECONDS: Final = 0.5
_TRIES: Final = 5
_KERNEL: Final = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
_GRADE_FROM_PYTHON: Final = """\
import sys
from otter.api import grade_submission
for submission in sys.argv[2:]:
    results = grade_submission(submission, sys.argv[1], quiet=True)
    print(results.total, results.possible)
"""
_NBGRADER_CONFIG: Final = """\
c = get_config()
c.CourseDirectory.course_id = "course"
c.ExecutePreprocessor.timeout = c.ExecutePreprocessor.startup_timeout = 600  # importing takes long on a busy machine
"""

_v4: Final[Any] = nbformat.v4  # typed as Any, since its functions have no annotations


class Cost(msgspec.Struct, frozen=True):
    """The seconds that grading a class took, for all its commands together.

    Attributes:
        seconds: The wall time.
        processor: The processor time of the commands and of everything that they started.
    """

    seconds: float
    processor: float


class Further(msgspec.Struct, frozen=True):
    """The summary of several rounds in which one submission and a class were graded.

    Attributes:
        one: The medians for one submission, start-up included.
        each: The medians for each further submission.
        fewest: The shortest wall time of each further submission in any round.
        most: The longest wall time of each further submission in any round.
    """

    one: Cost
    each: Cost
    fewest: float
    most: float


class Way(Protocol):
    """A way to grade a class."""

    name: str

    def lay_out(self, folder: Path, notebook: str, count: int) -> list[list[str]]:
        """Write a class into an empty folder, and return the commands that grade it when they are run there."""

    def full_marks(self, folder: Path, printed: str) -> int:
        """Return how many submissions have full marks, from the files that the commands left and what they printed."""


# The task in the form that each grader takes.


def functions(notebook: str, number: int = 0) -> str:
    """Return the source of the course's functions with empty bodies, different for each number.

    It imports what this kind of notebook is to import.
    """
    lines = ["import keras", ""] if notebook == "keras" else []
    lines.append(f"# Submission {number}")
    for function in contract.FUNCTIONS:
        uses = notebook == "keras" and function.name == "build_model"  # our grader leaves out unused imports
        lines += [f"def {function.signature}:", "    return keras.Sequential()" if uses else "    return None", ""]
    return "\n".join(lines)


def question() -> str:
    """Return the only test in the others' assignments: whether the functions are there with their parameters."""
    asserts = (
        f"assert list(inspect.signature({function.name}).parameters) == {[p.name for p in function.parameters]}"
        for function in contract.FUNCTIONS
    )
    return "\n".join(("import inspect", *asserts))


def plain_notebook(notebook: str, number: int) -> str:
    """Return a submission for this grader."""
    return _written([_v4.new_code_cell(functions(notebook, number))])


def otter_master(notebook: str) -> str:
    """Return the instructor's notebook for `otter assign`."""
    cells = [
        _v4.new_raw_cell("# ASSIGNMENT CONFIG\nexport_cell: false"),
        _v4.new_raw_cell("# BEGIN QUESTION\nname: parameters\npoints: 1"),
        _v4.new_raw_cell("# BEGIN SOLUTION"),
        _v4.new_code_cell(functions(notebook)),
        _v4.new_raw_cell("# END SOLUTION"),
        _v4.new_raw_cell("# BEGIN TESTS"),
        _v4.new_code_cell(question()),
        _v4.new_raw_cell("# END TESTS"),
        _v4.new_raw_cell("# END QUESTION"),
    ]
    return _written(cells)


def nbgrader_notebook(notebook: str, number: int = 0) -> str:
    """Return a notebook for nbgrader with a solution and a test cell, for the instructor or as a submission."""
    cells = [
        _v4.new_code_cell(functions(notebook, number), metadata=_nbgrader_cell("functions", solution=True)),
        _v4.new_code_cell(question(), metadata=_nbgrader_cell("parameters", solution=False) | {"deletable": False}),
    ]
    return _written(cells)


def _nbgrader_cell(name: str, *, solution: bool) -> dict[str, Any]:
    cell = {"schema_version": 3, "grade_id": name, "solution": solution, "task": False}
    cell |= {"grade": False, "locked": False} if solution else {"grade": True, "locked": True, "points": 1}
    return {"nbgrader": cell}


def _written(cells: Sequence[Any]) -> str:
    for place, cell in enumerate(cells):
        cell["id"] = f"cell{place}"
    made: str = _v4.writes(_v4.new_notebook(cells=list(cells), metadata=_KERNEL))
    return made


# The ways to grade.


class Ours:
    """`grader grade`, with submissions in a sandbox."""

    def __init__(self) -> None:
        self.level = best_level()
        self.name = f"this grader, contained ({self.level})"

    def lay_out(self, folder: Path, notebook: str, count: int) -> list[list[str]]:
        """Write a folder of notebooks."""
        (folder / "submissions").mkdir()
        for number in range(1, count + 1):
            path = folder / "submissions" / f"student{number:03}.ipynb"
            path.write_text(plain_notebook(notebook, number), encoding="utf-8")
        command = [sys.executable, "-m", "grader", "grade", "submissions", "--profile", "quick", "--task", "1"]
        return [[*command, "--jobs", "1", "--require-isolation", self.level, "--json"]]

    def full_marks(self, folder: Path, printed: str) -> int:
        """Count full marks in the JSON that is printed."""
        return sum(result["score"] == result["max_score"] for result in json.loads(printed)["results"])


class Otter:
    """Otter-Grader without containers."""

    def __init__(self, environment: Path, assignments: Path, *, at_once: bool) -> None:
        self.name = f"Otter-Grader {OTTER}, {'grade_submission in one process' if at_once else 'otter run'}"
        self._environment = environment
        self._assignments = assignments
        self._at_once = at_once

    def lay_out(self, folder: Path, notebook: str, count: int) -> list[list[str]]:
        """Write copies of the solved notebook that `otter assign` makes, each with its own number."""
        made = self._assignment(notebook)
        zipped = str(next(made.glob("*.zip")))
        solved = (made / "master.ipynb").read_text(encoding="utf-8")
        names = []
        for number in range(1, count + 1):
            names.append(f"student{number:03}.ipynb")
            (folder / names[-1]).write_text(
                solved.replace("# Submission 0", f"# Submission {number}"), encoding="utf-8"
            )
        if self._at_once:
            return [[str(self._environment / "bin" / "python"), "-c", _GRADE_FROM_PYTHON, zipped, *names]]
        commands = []
        for name in names:
            results = folder / Path(name).stem
            results.mkdir()
            otter = str(self._environment / "bin" / "otter")
            commands.append([otter, "run", name, "-a", zipped, "-o", str(results), "--no-logo"])
        return commands

    def full_marks(self, folder: Path, printed: str) -> int:
        """Count full marks in the files of results, or in what was printed for each submission."""
        if self._at_once:
            return printed.splitlines().count("1.0 1.0")
        found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*/results.json")]
        return sum([test["score"] for test in each["tests"] if "score" in test] == [1] for each in found)

    def _assignment(self, notebook: str) -> Path:
        """Return the autograder's folder, which is made by `otter assign` if it does not exist yet."""
        folder = self._assignments / f"otter-{notebook}"
        if not folder.exists():
            folder.mkdir()
            (folder / "master.ipynb").write_text(otter_master(notebook), encoding="utf-8")
            otter = str(self._environment / "bin" / "otter")
            run([otter, "assign", "--no-pdfs", "--no-run-tests", "master.ipynb", "made"], folder, self._environment)
        return folder / "made" / "autograder"


class Nbgrader:
    """`nbgrader autograde`."""

    name = f"nbgrader {NBGRADER}, autograde"

    def __init__(self, environment: Path, assignments: Path) -> None:
        self._environment = environment
        self._assignments = assignments

    def lay_out(self, folder: Path, notebook: str, count: int) -> list[list[str]]:
        """Copy the course folder, and add submissions."""
        shutil.copytree(self._course(notebook), folder, dirs_exist_ok=True)
        for number in range(1, count + 1):
            submitted = folder / "submitted" / f"student{number:03}" / "setup"
            submitted.mkdir(parents=True)
            (submitted / "setup.ipynb").write_text(nbgrader_notebook(notebook, number), encoding="utf-8")
        return [[str(self._environment / "bin" / "nbgrader"), "autograde", "setup"]]

    def full_marks(self, folder: Path, printed: str) -> int:
        """Count full marks in nbgrader's gradebook."""
        with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as book:
            (count,) = book.execute("SELECT count(*) FROM grade WHERE auto_score = 1").fetchone()
        return int(count)

    def _course(self, notebook: str) -> Path:
        """Return a course folder with the released assignment, which is made if it does not exist yet."""
        folder = self._assignments / f"nbgrader-{notebook}"
        source = folder / "source" / "setup"
        if not folder.exists():
            source.mkdir(parents=True)
            (source / "setup.ipynb").write_text(nbgrader_notebook(notebook), encoding="utf-8")
            (folder / "nbgrader_config.py").write_text(_NBGRADER_CONFIG, encoding="utf-8")
            nbgrader = str(self._environment / "bin" / "nbgrader")
            run([nbgrader, "generate_assignment", "setup"], folder, self._environment)
        return folder


# The environments of the other graders.


def make_environment(folder: Path, requirements: Sequence[str]) -> Path:
    """Make a virtual environment with the required packages, in a folder that may have one already.

    Keras is taken from this process' environment, so that it is the same for all.  That environment comes last on the
    path, so that everything else is the new environment's own.

    Raises:
        SystemExit: If it cannot be made; a sentence says why.
    """
    beside = Path(sys.executable).parent / "uv"
    uv = shutil.which("uv") or (str(beside) if beside.exists() else None)
    python = str(folder / "bin" / "python")
    if uv is not None:
        make = [uv, "venv", "--quiet", "--python", sys.executable, str(folder)]
        install = [uv, "pip", "install", "--quiet", "--python", python, *requirements]
    else:
        make = [sys.executable, "-m", "venv", str(folder)]
        install = [python, "-m", "pip", "install", "--quiet", *requirements]
    for command in [install] if Path(python).exists() else [make, install]:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            last = next((line.strip() for line in reversed(done.stderr.splitlines()) if line.strip()), "nothing")
            raise SystemExit(
                f"{requirements[0]} could not be installed into {folder}, which takes a network the first time; "
                f"the last that {Path(command[0]).name} said is: {last}"
            )
    (packages,) = (folder / "lib").glob("python*/site-packages")
    (packages / "keras_of_the_grader.pth").write_text(f"{_keras_folder()}\n", encoding="utf-8")
    return folder


def _keras_folder() -> Path:
    """Return the folder that this process would import Keras from."""
    found = importlib.util.find_spec("keras")
    if found is None or found.origin is None:
        raise SystemExit("Keras is not installed here, which the notebooks import.")
    return Path(found.origin).parent.parent


def run(command: Sequence[str], folder: Path, environment: Path | None) -> str:
    """Run a command in a folder, and return what it printed.

    Args:
        command: The command.
        folder: The folder to run it in, which also gets its temporary files.
        environment: The virtual environment that it belongs to; `None` for that of this process.

    Raises:
        SystemExit: If it fails; the message has the end of its output.
    """
    (folder / "tmp").mkdir(exist_ok=True)
    own = os.environ | {"TMPDIR": str(folder / "tmp")}
    if environment is not None:
        own.pop("PYTHONPATH", None)
        own |= {"VIRTUAL_ENV": str(environment), "PATH": f"{environment / 'bin'}:{own['PATH']}"}
    done = subprocess.run(command, cwd=folder, env=own, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{Path(command[0]).name} failed ({done.returncode}):\n{done.stdout}{done.stderr[-2000:]}")
    return done.stdout


# Measuring.


def measure(way: Way, notebook: str, count: int, environment: Path | None) -> Cost:
    """Grade a class once, in a folder of its own.

    Raises:
        SystemExit: If not every submission has full marks.
    """
    with tempfile.TemporaryDirectory() as own:
        folder = Path(own)
        commands = way.lay_out(folder, notebook, count)
        with Processor() as processor:
            began = time.monotonic()
            printed = "".join(run(command, folder, environment) for command in commands)
            seconds = time.monotonic() - began
        if (found := way.full_marks(folder, printed)) != count:
            raise SystemExit(f"{way.name}: {found} of {count} have full marks, so this is not the time of a grading.")
    return Cost(seconds, processor.seconds)


class Processor(contextlib.AbstractContextManager["Processor"]):
    """Adds up the processor time of all processes below this one while the context is open.

    The kernel reports the time of children that have ended and were waited for, but forgets a PID namespace that is
    ended as a whole, as a sandbox may be.  So the total of living and ended processes is sampled again and again, and
    its increases are added up.  If the total falls, something was forgotten that has been counted before.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._last = _all_seconds() or _ended_seconds()  # the time used before does not count
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Processor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.see(_all_seconds() or _ended_seconds())

    def see(self, total: float) -> None:
        """Add what a new sample of the total has gained since the last one."""
        self.seconds += max(0.0, total - self._last)
        self._last = total

    def _watch(self) -> None:
        while not self._over.wait(_SAMPLE_SECONDS):
            for _ in range(_TRIES):
                if (total := _all_seconds()) is not None:
                    self.see(total)
                    break


def _ended_seconds() -> float:
    """Return the processor time of all children of this process that have ended and were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _all_seconds() -> float | None:
    """Return the processor time of all children, ended or alive.

    Returns:
        The seconds; `None` if a child started or ended during the sampling, since its time might be counted twice.
    """
    this = psutil.Process()
    alive = this.children(recursive=True)
    try:
        total = sum(sum(process.cpu_times()[:4]) for process in alive) + _ended_seconds()
    except psutil.Error:
        return None
    return total if this.children(recursive=True) == alive else None


def turns(ways: int, notebooks: Sequence[str], counts: Sequence[int], rounds: int) -> Iterator[tuple[int, str, int]]:
    """Yield what to grade in turn: number of the way, notebook and count; every second round runs backwards."""
    forwards = [(way, notebook, count) for notebook in notebooks for count in counts for way in range(ways)]
    for number in range(rounds):
        yield from forwards if number % 2 == 0 else forwards[::-1]


def further(ones: Sequence[Cost], classes: Sequence[Cost], count: int) -> Further:
    """Return the costs of one submission and of each further one.

    Args:
        ones: The costs of one submission in each round.
        classes: The costs of a class in each round.
        count: The number of submissions in the class, at least 2.
    """
    pairs = list(zip(ones, classes, strict=True))
    each = [(many.seconds - one.seconds) / (count - 1) for one, many in pairs]
    processor = [(many.processor - one.processor) / (count - 1) for one, many in pairs]
    median = statistics.median
    return Further(
        Cost(median(one.seconds for one in ones), median(one.processor for one in ones)),
        Cost(median(each), median(processor)),
        min(each),
        max(each),
    )


def table(found: Mapping[tuple[str, str], Further], rounds: int) -> Table:
    """Return the comparison as a table, by notebook and way."""
    of = f"medians of {rounds} rounds; in brackets the least and the most" if rounds > 1 else "of a single round"
    shown = Table(title=f"Seconds, {of}")
    shown.add_column("The notebook imports")
    shown.add_column("Graded by")
    for header in ("One submission", "Each further one", "Processor, one", "Processor, each further"):
        shown.add_column(header, justify="right")
    last = ""
    for (notebook, name), one in found.items():
        if last and notebook != last:
            shown.add_section()
        shown.add_row(
            "" if notebook == last else {"plain": "nothing", "keras": "Keras"}[notebook],
            name,
            f"{one.one.seconds:.1f}",
            f"{one.each.seconds:.2f} ({one.fewest:.2f}–{one.most:.2f})",
            f"{one.one.processor:.1f}",
            f"{one.each.processor:.2f}",
        )
        last = notebook
    return shown


def compare(
    ways: Sequence[tuple[Way, Path | None]], notebooks: Sequence[str], count: int, rounds: int, console: Console
) -> tuple[int, dict[tuple[str, str], Further]]:
    """Grade in turns, printing what each grading took, and return the summary of the complete rounds; see `completed`.

    Ctrl-C ends it early, with the rounds that are complete by then.
    """
    costs: dict[tuple[int, str, int], list[Cost]] = {}
    with contextlib.suppress(KeyboardInterrupt):
        for notebook in notebooks:
            for way, environment in ways:
                measure(way, notebook, 1, environment)
        for turn in turns(len(ways), notebooks, (1, count), rounds):
            way, environment = ways[turn[0]]
            cost = measure(way, turn[1], turn[2], environment)
            costs.setdefault(turn, []).append(cost)
            console.print(f"{turn[1]}, {turn[2]}: {cost.seconds:.1f} s, processor {cost.processor:.1f} s, {way.name}")
    return completed(costs, [way.name for way, _ in ways], notebooks, count)


def completed(
    costs: Mapping[tuple[int, str, int], Sequence[Cost]], names: Sequence[str], notebooks: Sequence[str], count: int
) -> tuple[int, dict[tuple[str, str], Further]]:
    """Return how many rounds are complete, and their summary by notebook and name of the way."""
    places = {(notebook, number): name for notebook in notebooks for number, name in enumerate(names)}
    rounds = min(len(costs.get((number, notebook, size), ())) for notebook, number in places for size in (1, count))
    if not rounds:
        return 0, {}
    return rounds, {
        (notebook, name): further(costs[number, notebook, 1][:rounds], costs[number, notebook, count][:rounds], count)
        for (notebook, number), name in places.items()
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=inspect.getdoc(sys.modules[__name__]), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the environments of the others are, or are made")
    parser.add_argument("--count", type=int, default=12, help="submissions of the class, at least 2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--notebooks", nargs="+", choices=NOTEBOOKS, default=NOTEBOOKS)
    chosen = parser.parse_args()
    if chosen.count < 2 or chosen.rounds < 1:
        parser.error("--count is at least 2, and --rounds at least 1")
    folder = chosen.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    otter = make_environment(folder / "otter", [f"otter-grader=={OTTER}", "ipykernel"])
    nbgrader = make_environment(folder / "nbgrader", [f"nbgrader=={NBGRADER}", "ipykernel"])
    with tempfile.TemporaryDirectory() as own:
        assignments = Path(own)
        # The others keep files in the home folder: leave the user's alone, and have them made in the trial runs.
        os.environ["HOME"] = own
        ways: list[tuple[Way, Path | None]] = [
            (Otter(otter, assignments, at_once=False), otter),
            (Otter(otter, assignments, at_once=True), otter),
            (Nbgrader(nbgrader, assignments), nbgrader),
            (Ours(), None),
        ]
        rounds, found = compare(ways, chosen.notebooks, chosen.count, chosen.rounds, Console(stderr=True))
    if not rounds:
        raise SystemExit("Stopped before the first round was complete, so there is nothing to compare.")
    Console().print(table(found, rounds))


if __name__ == "__main__":
    main()
