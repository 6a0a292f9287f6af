"""Tests of grading on a real Dask cluster with real faults: nothing is lost, and nothing is graded twice."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

import msgspec
import psutil
import pytest

import grader
from benchmarks.classes import write_class
from grader.course import Course, Settings
from grader.course.datasets import cache_directory
from grader.gradebook.store import Gradebook
from grader.grading import cluster, tries
from grader.grading.batch import grade_all
from grader.grading.crew import CrewLost
from grader.ground.errors import GraderError, UsageError
from grader.results.scoring import Graded, Result
from grader.sandbox.host.launch import best_level
from grader.submissions import SubmissionFile
from tests.test_faults import environment, wait_for_the_group_to_end

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

HONEST = Path(__file__).parent / "wheats" / "plain.py"
SOURCE = Path(grader.__file__).parent
KILLS_ITS_GRADER = """
import os, signal

def parent(pid):
    return int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])

def subset_data(*args, **kwargs):
    os.kill(parent(parent(os.getpid())), signal.SIGKILL)
"""


def settings(level: str = "") -> Settings:
    return Settings(Course(), "quick", frozenset((2,)), level or best_level())


def class_in(folder: Path, count: int) -> list[SubmissionFile]:
    files = [SubmissionFile(f"s{number}", folder / f"s{number}.py") for number in range(count)]
    for file in files:
        file.path.write_text(f"{HONEST.read_text()}# {file.id}\n")
    return files


class Came:
    """Collects the results of a batch, and runs actions as they come."""

    def __init__(self, at: Mapping[int, Callable[[], object]] | None = None) -> None:
        self.results: list[Result] = []
        self._at = at or {}

    def __call__(self, graded: Graded) -> None:
        self.results.append(graded.result)
        self._at.get(len(self.results), lambda: None)()

    @property
    def times(self) -> Counter[str]:
        return Counter(result.submission.id for result in self.results)


def send_to_a_busy_worker(crew: cluster.Cluster, number: int) -> None:
    """Send a signal to a Dask worker that is running a task, as soon as there is one."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for worker, calls in crew.client.processing().items():
            if calls:
                os.kill(crew.client.run(os.getpid, workers=[worker])[worker], number)
                return
        time.sleep(0.05)


def soon(action: Callable[[], None]) -> Callable[[], None]:
    """Return an action that runs the given one in a thread."""
    return threading.Thread(target=action, daemon=True).start


def without_times(result: Result) -> Result:
    checks = tuple(msgspec.structs.replace(check, seconds=0.0) for check in result.checks)
    return msgspec.structs.replace(result, seconds=0.0, checks=checks)


def test_a_cluster_gives_the_results_of_one_machine_though_a_worker_is_killed(tmp_path: Path) -> None:
    files = class_in(tmp_path, 4)
    files[0].path.write_text(HONEST.read_text().replace("def subset_data", "def subset_date"))
    alone = grade_all(files, settings(), on_graded=Came())
    notes: list[str] = []
    with cluster.connect("local:2", settings(), notes.append) as crew:
        came = Came({1: soon(lambda: send_to_a_busy_worker(crew, signal.SIGKILL))})
        together = grade_all(files, settings(), crew=crew, on_graded=came)
        imported = crew.client.run(lambda: sorted({"tensorflow", "keras"} & set(sys.modules)))
        pids = list(crew.client.run(os.getpid).values())
    assert came.times == Counter(file.id for file in files)
    assert [without_times(result) for result in together.results] == [without_times(r) for r in alone.results]
    assert imported and not any(imported.values()), "the trusted side has imported what only a sandbox may"
    assert notes[0].startswith("the cluster can be watched at http://127.0.0.1:")
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_submission_that_kills_its_graders_is_set_aside_and_a_worker_that_hangs_is_replaced(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # Only without isolation can a submission reach the process that grades it.
    course = settings("process")
    files = class_in(tmp_path, 3)
    poison = SubmissionFile("poison", tmp_path / "poison.py")
    poison.path.write_text(KILLS_ITS_GRADER)
    with (
        dask.config.set({"distributed.scheduler.worker-ttl": "5s"}),
        cluster.connect("local:2", course, lambda note: None) as crew,
    ):
        came = Came({1: soon(lambda: send_to_a_busy_worker(crew, signal.SIGSTOP))})
        report = grade_all([poison, *files], course, crew=crew, on_graded=came)
    assert came.times == Counter(file.id for file in [poison, *files])
    assert {r.submission.id: r.status for r in report.results} == {
        "poison": "infrastructure_error",
        **{file.id: "graded" for file in files},
    }
    assert report.results[0].problem == f"The grading process ended unexpectedly, {tries.PLACES} times; set aside."
    assert "poison: the grading process ended unexpectedly (at tls://127.0.0.1:" in capfd.readouterr().err


class Machines:
    """A scheduler and workers in processes of their own, as users start them."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def scheduler(self) -> None:
        options = ("--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        self._start("scheduler", *options, variables={"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "15s"})

    def worker(self, *before: str, variables: Mapping[str, str] | None = None) -> None:
        options = ("--nthreads", "1", "--memory-limit", "0", "--no-dashboard")
        self._start("worker", self.address, *options, before=before, variables=variables or {})

    def _start(
        self, what: str, *options: str, before: tuple[str, ...] = (), variables: Mapping[str, str] | None = None
    ) -> None:
        command = [*before, sys.executable, "-m", f"distributed.cli.dask_{what}", *options]
        if what == "worker":
            command += ["--local-directory", str(self._folder)]
        log = (self._folder / f"{what}.log").open("ab")
        with log:
            process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
                env=environment() | dict(variables or {}),
            )
        self._running.append(process)

    def send(self, number: int, to: int) -> None:
        """Send a signal to the grading process of a worker; workers are numbered in the order of their start."""
        nannies = [process for process in self._running if "distributed.cli.dask_worker" in process.args]  # type: ignore[operator]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for one in psutil.Process(nannies[to].pid).children():
                if "resource_tracker" not in " ".join(one.cmdline()):
                    one.send_signal(number)
                    return
            time.sleep(0.1)
        pytest.fail("the worker does not start")

    def kill(self) -> None:
        """Kill everything at once, like a power cut."""
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for process in self._running:
            process.wait()
            wait_for_the_group_to_end(process.pid)
        self._running.clear()


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    folder = tmp_path / "machines"
    folder.mkdir()
    machines = Machines(folder)
    machines.scheduler()
    try:
        yield machines
    finally:
        machines.kill()


def test_a_batch_with_every_fault_loses_and_doubles_nothing(machines: Machines, tmp_path: Path) -> None:
    """The batch's process is killed, the scheduler and all machines are lost, one worker is killed and one hangs.

    Throughout, there are machines that cannot grade.  With `GRADER_WHOLE_CORPUS=1` there are 200 submissions, attackers
    among them.
    """
    folder = tmp_path / "class"
    if whole := bool(os.environ.get("GRADER_WHOLE_CORPUS")):
        write_class(folder, 200)
    else:
        folder.mkdir()
        class_in(folder, 10)
    count = len(list(folder.iterdir()))
    command = [sys.executable, "-m", "grader", "grade", str(folder), "--profile", "quick", "--task", "2"]
    command += ["--cluster", machines.address]

    def begin() -> subprocess.Popen[str]:
        return subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment()
        )

    def start_machines() -> None:
        for _ in range(2):
            machines.worker()
        add_machine_with_another_grader(machines, tmp_path)
        add_machine_with_a_full_disk(machines, tmp_path)

    start_machines()
    process = begin()
    assert process.stderr is not None
    wait_for_line(process.stderr, f"[{count // 5}/{count}] ")
    process.kill()
    process.communicate()

    process = begin()
    assert process.stderr is not None
    said = wait_for_line(process.stderr, f"[{2 * count // 5}/{count}] ")
    machines.kill()
    machines.scheduler()
    start_machines()
    said += wait_for_line(process.stderr, f"[{3 * count // 5}/{count}] ")
    machines.send(signal.SIGKILL, 0)
    wait_for_line(process.stderr, f"[{4 * count // 5}/{count}] ")
    machines.send(signal.SIGSTOP, 1)
    _, errors = process.communicate(timeout=500 if whole else 150)
    assert process.returncode == 0, errors
    assert "gets no work: it has grader 0.0.9" in said
    with Gradebook.open(tmp_path / "gradebook.db") as book:
        assert {entry.attempt.result.submission.id: entry.attempts for entry in book.entries()} == {
            path.stem: 1 for path in folder.iterdir()
        }


def wait_for_line(stream: IO[str], start: str) -> str:
    """Return the output up to a line that begins with a text."""
    said = ""
    for line in stream:
        said += line
        if line.startswith(start):
            return said
    pytest.fail(f"no line began with {start}:\n{said}")


def refusal(machines: Machines, chosen: Settings) -> str:
    """Return the reason why a cluster does not grade."""
    with cluster.connect(machines.address, chosen, lambda note: None) as crew:
        deadline = time.monotonic() + 100
        while time.monotonic() < deadline:
            try:
                assert crew.places() == []
            except CrewLost as error:
                return str(error)
            time.sleep(0.1)
    pytest.fail("nothing was refused")


def add_machine_with_another_grader(machines: Machines, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(SOURCE, other / "grader", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    version = other / "grader" / "__init__.py"
    version.write_text(version.read_text() + '\n__version__ = "0.0.9"\n')
    machines.worker(variables={"PYTHONPATH": str(other)})


def add_machine_with_a_full_disk(machines: Machines, tmp_path: Path) -> bool:
    """Add a machine with a full disk; return whether that is possible here."""
    small = tmp_path / "small"
    small.mkdir(exist_ok=True)
    mount = f"mount -t tmpfs -o size=1m none {small} && "
    if subprocess.run(["unshare", "-rm", "sh", "-c", f"{mount} true"], capture_output=True).returncode:
        return False
    machines.worker("unshare", "-rm", "sh", "-c", f'{mount} exec "$0" "$@"', variables={"TMPDIR": str(small)})
    return True


def test_a_machine_with_another_grader_gets_no_work(machines: Machines, tmp_path: Path) -> None:
    add_machine_with_another_grader(machines, tmp_path)
    reason = refusal(machines, settings())
    assert reason.startswith("no worker of the cluster can grade: tcp://127.0.0.1:")
    assert "it has grader 0.0.9 (here: " in reason


def test_a_machine_whose_disk_is_full_gets_no_work(machines: Machines, tmp_path: Path) -> None:
    if not add_machine_with_a_full_disk(machines, tmp_path):
        pytest.skip("no file system can be mounted here")
    small = tmp_path / "small"
    assert f"its disk is full: 1 MB are free in {small}" in refusal(machines, settings("process"))


def test_a_machine_without_the_data_gets_no_work(machines: Machines, tmp_path: Path) -> None:
    if not (cache_directory() / "cifar10.bin").exists():
        pytest.skip("CIFAR-10 is not in the cache here")
    nowhere = {name: str(tmp_path / "nowhere") for name in ("GRADER_CACHE", "KERAS_HOME", "HOME", "PATH")}
    proxies = dict.fromkeys(("https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
    machines.worker(variables=nowhere | proxies)
    assert "CIFAR-10 is neither in the grader's cache" in refusal(
        machines, Settings(Course(), "standard", frozenset((6,)), "process")
    )


@pytest.mark.parametrize("where", ["local:0", "local:", "slurm:x", "local", "host:8786", "http://host"])
def test_what_is_no_cluster_is_said(where: str) -> None:
    with pytest.raises(UsageError, match=f"^--cluster {where}: give "), cluster.connect(where, settings(), print):
        pass


def test_a_scheduler_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_ANSWER_SECONDS", 0.5)
    with (
        pytest.raises(GraderError, match=r"^tcp://127\.0\.0\.1:9: no Dask scheduler answers there"),
        cluster.connect("tcp://127.0.0.1:9", settings(), print),
    ):
        pass


def test_without_dask_it_is_said_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "s.py").write_text("x = 1\n")
    code = "import sys; sys.modules['distributed'] = None; from grader.cli import main; main()"
    command = [sys.executable, "-c", code, "grade", "s.py", "--profile", "quick", "--cluster", "local:2"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment())
    assert done.returncode == 3
    assert "install it with: pip install 'keras-course-grader[cluster]'." in done.stderr


def test_a_job_of_slurm_asks_for_what_a_grading_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dask_jobqueue")
    monkeypatch.chdir(tmp_path)
    with cluster.start_slurm(0, settings(), shared_temp_directory=str(tmp_path), queue="teaching") as started:
        script = started.job_script()
    for line in ("#SBATCH -p teaching", "#SBATCH --cpus-per-task=1", "#SBATCH --mem=8G"):
        assert line in script
    assert "--nthreads 1" in script and "tls://" in script
