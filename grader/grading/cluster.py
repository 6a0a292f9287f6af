"""Grading on a Dask cluster: the trusted side of the grader runs in Dask workers, each with a sandbox of its own.

    with connect("tcp://10.0.0.1:8786", settings, note) as crew:
        grade_all(files, settings, crew=crew, on_graded=...)

Dask transports the work and restarts workers that have died.  `crew.dispatch` decides which worker grades what, one
submission at a time for each worker, so it is always known which submission a lost worker was grading.

Dask's messages are pickles, so whoever can connect to the scheduler can run code on every machine of the cluster.  The
messages pass only between trusted processes; a submission never has access to them.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import math
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec

import grader
from grader.course import Settings
from grader.course.thresholds import calibration_of
from grader.gradebook.conditions import LIBRARIES, conditions_of
from grader.gradebook.records import Conditions
from grader.grading.crew import CrewLost, Notify, Place
from grader.grading.slots import end_here, grade_here, prepare_here
from grader.ground.errors import GraderError, UsageError
from grader.ground.machine import machine_lock, versions_of
from grader.results.scoring import Graded
from grader.sandbox.host.launch import why_not
from grader.submissions import SubmissionBytes

_LOOK_SECONDS: Final = 1.0
_ANSWER_SECONDS: Final = 10.0
_WAIT_SECONDS: Final = 300.0  # how long a batch waits for workers, such as after a restart of the scheduler
_EXAMINATION_SECONDS: Final = 1800.0  # the worker may have to download the data first
_FREE_BYTES: Final = 200_000_000  # a worker with less disk space than this gets no work
_OWN_MB: Final = 4096  # what a Slurm job asks for in addition to the limit of a submission's memory


class Found(msgspec.Struct, frozen=True):
    """What a worker reports about itself when it is examined.

    Attributes:
        problem: Why it cannot grade; empty if it can.
        conditions: The conditions of its verdicts; `None` if it has a problem.
        versions: The versions of the grader and its libraries on the worker.
    """

    problem: str
    conditions: Conditions | None
    versions: dict[str, str]


def installed() -> dict[str, str]:
    """Return the installed versions of everything that influences verdicts: the grader and its libraries, by name."""
    return {"grader": grader.__version__} | versions_of(LIBRARIES)


def examine(settings: Settings, expected: Conditions) -> Found:
    """Find out whether this worker can grade, and start its sandbox if its conditions are as expected.

    Runs on the worker.
    """
    versions = installed()
    if reason := why_not(settings.level):
        return Found(f"it does not offer the isolation level {settings.level}: {reason}", None, versions)
    try:
        folder = tempfile.gettempdir()
        if (free := shutil.disk_usage(folder).free) < _FREE_BYTES:
            return Found(f"its disk is full: {free // 1_000_000} MB are free in {folder}", None, versions)
        conditions = conditions_of(settings, calibration_of(settings))
        if conditions == expected:
            prepare_here(settings)
    except (GraderError, OSError) as error:
        return Found(str(error).rstrip("."), None, versions)
    return Found("", conditions, versions)


def grade_there(settings: Settings, handed_in: SubmissionBytes) -> Graded:
    """Grade one submission, after waiting until no measurement of training speed is running on this machine.

    Runs on the worker.
    """
    with machine_lock("grader grade --cluster", alone=False, waiting=lambda sentence: None):
        return grade_here(settings, handed_in)


def why_unfit(found: Found, own: Found) -> str:
    """Return why a worker cannot be used, such as verdicts that could differ from ours; empty if it can be used."""
    if found.problem:
        return found.problem
    if found.conditions == own.conditions:
        return ""
    differing = [
        f"{name} {found.versions.get(name, 'is missing')} (here: {version})"
        for name, version in own.versions.items()
        if found.versions.get(name) != version
    ]
    if differing:
        return f"it has {', '.join(differing)}"
    assert found.conditions is not None and own.conditions is not None
    if found.conditions.calibration != own.conditions.calibration:
        return "its accuracy thresholds are others than here"
    return "its grader is another than here, though of the same version; install the same one"


class Cluster:
    """A crew of Dask workers.  Each worker, including those that join later, is examined before it gets any work."""

    def __init__(self, join: Callable[[], Any], settings: Settings, own: Found, notify: Notify, wait: float) -> None:
        """Connect to the scheduler.

        Args:
            join: Returns a new `distributed.Client`; raises `OSError` if there is no scheduler.
            settings: How submissions are graded.
            own: The conditions and versions of this machine, which the workers must match.
            notify: Called with a sentence for each worker that is not used, with the reason.
            wait: Seconds to wait for workers while there are none.
        """
        self.client = join()
        self.settings = settings
        self.own = own
        self.notify = notify
        self._join = join
        self._wait = wait
        self._workers: dict[str, _DaskWorker] = {}
        self._next_look = time.monotonic()
        self._none_since = time.monotonic()
        self._had_one = False

    def places(self) -> Sequence[Place]:
        """Return the workers that are available now and have passed the examination.

        Raises:
            CrewLost: If there are workers but none of them can grade, or there has been no worker for too long.
        """
        now = time.monotonic()
        # If the scheduler is lost, look at once: work sent to any of the workers known so far would only fail.
        if now >= self._next_look or self.client.status != "running":
            self._look()
            self._next_look = now + _LOOK_SECONDS
        fit = [worker for worker in self._workers.values() if worker.fit]
        self._had_one = self._had_one or bool(fit)
        if fit or any(worker.fit is None for worker in self._workers.values()):
            self._none_since = now
        elif self._workers and not self._had_one:
            reasons = "; ".join(f"{worker.name}: {worker.problem}" for worker in self._workers.values())
            raise CrewLost(f"no worker of the cluster can grade: {reasons}.")
        elif now - self._none_since > self._wait:
            raise CrewLost(f"there has been no worker for {self._wait:.0f} s; start some, and run the command again.")
        return fit

    def _look(self) -> None:
        """Find out which workers have come and gone, and have the new ones examined."""
        try:
            if self.client.status != "running":
                self.client.close(timeout=_ANSWER_SECONDS)
                self.client = self._join()
            there = self.client.scheduler_info(n_workers=-1)["workers"]
        except (OSError, RuntimeError, TimeoutError):
            there = {}  # the scheduler is gone, and with it all work; it may come back
        self._workers = {
            info["id"]: self._workers.get(info["id"]) or _DaskWorker(self, address) for address, info in there.items()
        }

    def submit(self, worker: str, function: Callable[..., Any], *args: Any) -> concurrent.futures.Future[Any]:
        """Have exactly this worker call a function; if it cannot be reached, the future raises the error."""
        # Dask must not retry: `crew.dispatch` does, and counts the failures of each submission.
        executor = self.client.get_executor(workers=[worker], allow_other_workers=False, pure=False, retries=0)
        future: concurrent.futures.Future[Any]
        try:
            future = executor.submit(function, *args)
        except Exception as error:  # the connection is lost, for which Dask has exception types of its own
            future = concurrent.futures.Future()
            future.set_exception(error)
        return future

    def close(self) -> None:
        """Tell the workers to end their sandboxes as soon as they are free, and disconnect from the cluster."""
        from distributed import fire_and_forget

        with contextlib.suppress(Exception):  # the connection may be lost, and then there is nobody to tell
            for worker in self._workers.values():
                if worker.fit:
                    fire_and_forget(self.client.submit(end_here, workers=[worker.name], pure=False))
        self.client.close(timeout=_ANSWER_SECONDS)


class _DaskWorker:
    """One Dask worker of a `Cluster`, whose examination begins as soon as it is created.

    Attributes:
        name: The worker's address.
        problem: Why it cannot grade; empty if it can, or is still being examined.
    """

    def __init__(self, cluster: Cluster, address: str) -> None:
        self.name = address
        self.problem = ""
        self._cluster = cluster
        self._until = time.monotonic() + _EXAMINATION_SECONDS
        self._examination: concurrent.futures.Future[Found] | None = cluster.submit(
            address, examine, cluster.settings, cluster.own.conditions
        )

    @property
    def fit(self) -> bool | None:
        """Whether the worker can grade; `None` while it is being examined."""
        if self._examination is not None:
            if not self._examination.done() and time.monotonic() < self._until:
                return None
            self.problem = self._found(self._examination)
            self._examination = None
            if self.problem:
                self._cluster.notify(f"{self.name} gets no work: {self.problem}.")
        return not self.problem

    def _found(self, examination: concurrent.futures.Future[Found]) -> str:
        if not examination.done():
            examination.cancel()
            return "it does not answer"
        try:
            return why_unfit(examination.result(), self._cluster.own)
        except Exception as error:  # a worker with an older grader, or without one, can fail in any way
            return f"it cannot be examined ({type(error).__name__}: {error})"

    def start(self, handed_in: SubmissionBytes) -> concurrent.futures.Future[Graded]:
        """Begin to grade a submission on this worker."""
        return self._cluster.submit(self.name, grade_there, self._cluster.settings, handed_in)

    def give_up(self) -> None:
        """Stop using the worker, and ask Dask to restart it; a restarted worker counts as new and is examined again."""
        self.problem = "it failed too often, or did not answer in time"
        self._cluster.notify(f"{self.name} gets no more work: {self.problem}.")
        with contextlib.suppress(OSError, RuntimeError, TimeoutError, ValueError):
            self._cluster.client.restart_workers([self.name], timeout=_ANSWER_SECONDS, raise_for_error=False)


@contextlib.contextmanager
def connect(where: str, settings: Settings, notify: Notify) -> Iterator[Cluster]:
    """Join a Dask cluster, or start one that ends with this context.

    Args:
        where: `local:N` for N workers on this machine, `slurm:N` for N jobs of Slurm, or a scheduler's address, such
            as `tcp://10.0.0.1:8786` or `tls://…`.  The credentials for TLS are taken from Dask's configuration.
        settings: How submissions are graded; workers whose verdicts could differ from this machine's get no work.
        notify: Called with sentences that say where Dask's dashboard is, and which workers cannot be used.

    Raises:
        UsageError: If `where` has none of these forms.
        GraderError: If Dask is not installed, or no scheduler answers.
    """
    kind, _, rest = where.partition(":")
    if kind in ("local", "slurm") and not (rest.isdecimal() and int(rest) > 0):
        raise UsageError(f"--cluster {where}: give a number of 1 or more, as in {kind}:4.")
    if kind not in ("local", "slurm", "tcp", "tls"):
        raise UsageError(f"--cluster {where}: give local:N, slurm:N, or a scheduler's address, as in tcp://host:8786.")
    try:
        import distributed
        from distributed.utils import silence_logging_cmgr
    except ImportError as error:
        raise GraderError(
            f"--cluster needs Dask ({error}); install it with: pip install 'keras-course-grader[cluster]'."
        ) from None
    with contextlib.ExitStack() as stack:
        stack.enter_context(silence_logging_cmgr(logging.CRITICAL))  # `notify` is told what matters
        target: Any = where
        if kind == "local":
            target = stack.enter_context(_local(int(rest)))
        elif kind == "slurm":
            target = stack.enter_context(start_slurm(int(rest), settings))

        def join() -> Any:
            return distributed.Client(target, timeout=_ANSWER_SECONDS, set_as_default=False)

        try:
            own = Found("", conditions_of(settings, calibration_of(settings)), installed())
            # Jobs may wait in Slurm's queue for any time.
            cluster = Cluster(join, settings, own, notify, math.inf if kind == "slurm" else _WAIT_SECONDS)
        except (OSError, TimeoutError) as error:
            raise GraderError(f"{where}: no Dask scheduler answers there ({error}); is it running?") from None
        stack.callback(cluster.close)
        notify(f"the cluster can be watched at {cluster.client.dashboard_link}")
        yield cluster


@contextlib.contextmanager
def _local(count: int) -> Iterator[Any]:
    """Start a scheduler and workers on this machine that nobody else can connect to."""
    import dask
    from distributed import LocalCluster

    with (
        tempfile.TemporaryDirectory(prefix="grader-") as folder,
        dask.config.set({"temporary-directory": folder}),
        LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            memory_limit=None,  # the sandbox has its own limits
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            security=True,  # TLS with temporary credentials keeps other users of this machine out
            silence_logs=logging.CRITICAL,
            preload=[__name__],
        ) as cluster,
    ):
        yield cluster


def dask_setup(_worker: Any) -> None:
    """Make a new worker of `local:N` ignore Ctrl-C, which the process that started it handles; called by Dask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def start_slurm(jobs: int, settings: Settings, **options: Any) -> Any:
    """Start a scheduler here and have Slurm run workers, one for each job.

    Partition, account, wall time and everything else that the site requires are set in Dask's `jobqueue.yaml`, under
    `slurm`.

    Args:
        jobs: The number of jobs.
        settings: How submissions are graded; their limits decide what resources a job asks for.
        options: Further arguments of `dask_jobqueue.SLURMCluster`.

    Returns:
        The `dask_jobqueue.SLURMCluster`, a context manager that ends the jobs on exit.

    Raises:
        GraderError: If dask-jobqueue is not installed.
    """
    try:
        from dask_jobqueue import SLURMCluster
    except ImportError as error:
        raise GraderError(
            f"slurm:N needs dask-jobqueue ({error}); install it with: pip install 'keras-course-grader[slurm]'."
        ) from None
    limits = settings.course.limits
    cluster = SLURMCluster(
        cores=1,  # threads of a Dask worker, and so gradings at once; `job_cpu` is what Slurm is asked for
        processes=1,
        job_cpu=limits.threads,
        memory=f"{limits.memory_mb + _OWN_MB} MiB",
        worker_extra_args=["--memory-limit", "0"],
        security=True,
        **options,
    )
    cluster.scale(jobs=jobs)
    return cluster
