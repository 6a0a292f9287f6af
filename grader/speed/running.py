"""Measure several submissions on several devices: pytest-benchmark runs `test_epochs`, and a plugin keeps the samples.

measurements = measure_all(plan, on_training=..., on_measured=...)
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from grader.checks.common.evidence import Examiner
from grader.checks.common.running import run_pytest
from grader.checks.common.student import TimeLeft
from grader.checks.common.tools import tools_in
from grader.checks.common.verdict import CheckFailed
from grader.course import Course
from grader.course.datasets import Dataset
from grader.course.thresholds import installed_versions
from grader.ground.errors import GraderError
from grader.ground.machine import spare_cores
from grader.ground.text import utc
from grader.sandbox.host.devices import why_no_device
from grader.sandbox.host.session import Sandbox, SubmissionError, WorkerGone
from grader.sandbox.wire.backends import DEFAULT, on_gpu, why_missing
from grader.speed.errors import MeasuringError
from grader.speed.explaining import LIKELY, Explainer, images_for, seconds_for
from grader.speed.flops import training_flops
from grader.speed.machine import this_machine
from grader.speed.measuring import Pairs, budget_of, draw_data
from grader.speed.records import Cause, Machine, Measurement, Rates
from grader.speed.statistics import images_an_epoch
from grader.submissions import Submission, SubmissionFile, read_submission
from grader.submissions.reference import write_reference

_FOLDER: Final = Path(__file__).parent
_REFERENCE: Final = "reference"
_EXAMINED_SECONDS: Final = 120.0


class Lane(msgspec.Struct, frozen=True):
    """A submission on one device and backend."""

    submission: Submission
    device: str
    backend: str

    @property
    def name(self) -> str:
        """The name that pytest shows, such as `ada-tensorflow-cpu`."""
        return f"{self.submission.id}-{self.backend}-{self.device}"


class Plan(msgspec.Struct, frozen=True):
    """What is to be measured.

    Attributes:
        submissions: The submissions, each of which is measured beside the reference.
        course: The course, with its classes, limits and what is trained.
        dataset: The data set that the images come from.
        level: The isolation level.
        devices: The devices: `cpu`, `gpu:0`, `gpu:1` and so on, whether or not the machine has them.
        backends: The backends: `tensorflow`, `jax`, `torch`, whether or not they are installed.
        explain: Whether to undo each likely cause of slowness, to see what that gains.
    """

    submissions: tuple[Submission, ...]
    course: Course
    dataset: Dataset
    level: str
    devices: tuple[str, ...] = ("cpu",)
    backends: tuple[str, ...] = (DEFAULT,)
    explain: bool = False

    def machine(self, device: str, backend: str, versions: dict[str, str]) -> Machine:
        """Describe this machine for measurements on a device and backend."""
        threads = self.course.speed.threads
        return this_machine(threads=threads, backend=backend, device=device, isolation=self.level, versions=versions)

    @property
    def trainings(self) -> int:
        """The number of trainings that it takes."""
        return 2 * self.course.speed.rounds * len(self.submissions) * len(self.devices) * len(self.backends)


SPEED_RUN: Final = pytest.StashKey["SpeedRun"]()


class Station:
    """A sandbox for the trainings on one device and backend, and what is known about its machine.

    It is a context manager, which ends the sandbox.

    Args:
        plan: What is to be measured.
        device: The device.
        backend: The backend.

    Attributes:
        sandbox: The sandbox.
        second: A second sandbox, on other cores; `None` if this machine has none to spare. See `Sandbox.second`.
        machine: The machine that it runs on.
        import_seconds: How long it took to start, nearly all of which is importing Keras.
        sees_device: Whether Keras computes on the device; False if only the driver knows of the GPU.
        rates: The rates that the device reaches by itself; `None` if they cannot be measured.
    """

    def __init__(self, plan: Plan, device: str, backend: str) -> None:
        self._stack = contextlib.ExitStack()
        threads = plan.course.speed.threads
        began = time.perf_counter()
        # On the processor, both trainings of a pair take their turns on the same cores, and cannot leave them.
        self.sandbox = self._stack.enter_context(
            Sandbox.start(plan.level, threads=threads, backend=backend, device=device, pinned=not on_gpu(device))
        )
        self.import_seconds = time.perf_counter() - began
        spare = () if on_gpu(device) else spare_cores(threads)
        self.second = self._stack.enter_context(self.sandbox.second(spare))
        self.machine = plan.machine(device, backend, self.sandbox.versions)
        # The driver may know of a GPU that the installed backend cannot use.
        self.sees_device = not on_gpu(device) or self._sees_gpu()
        self.rates = self._measure_rates()

    def __enter__(self) -> Station:
        """Do nothing; the sandbox is already running."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the sandbox."""
        self._stack.close()

    def _sees_gpu(self) -> bool:
        with self.sandbox.worker(seed=0) as worker, contextlib.suppress(SubmissionError, WorkerGone):
            return tools_in(worker).device_facts()["gpu"]
        return False

    def _measure_rates(self) -> Rates | None:
        with self.sandbox.worker(seed=0) as worker, contextlib.suppress(SubmissionError, WorkerGone):
            return Rates(**tools_in(worker).measure_rates())
        return None

    def flops(self, config: str, images: int) -> float | None:
        """Return the floating-point operations of training a network for an epoch; `None` if it cannot be examined.

        Args:
            config: The network's configuration from `toolbox.export_model`.
            images: The number of images in the epoch.
        """
        examiner = Examiner(lambda: self.sandbox.spawn(seed=0), TimeLeft(_EXAMINED_SECONDS))
        with contextlib.closing(examiner), contextlib.suppress(CheckFailed):
            return training_flops(examiner.describe_network(examiner.rebuild(config)), images)
        return None


class SpeedRun:
    """The pytest plugin that gives `test_epochs` its lanes and sandboxes, and keeps the measurements.

    Args:
        plan: What is measured.
        on_training: Called after each training of a submission or of the reference.
        on_measured: Called with each measurement as soon as it is complete.
        on_trials: Called before the trials of a submission, with their number and about how many seconds they take.

    Attributes:
        plan: What is measured.
        measurements: The measurements that are complete.
    """

    def __init__(
        self,
        plan: Plan,
        on_training: Callable[[Lane], None] = lambda lane: None,
        on_measured: Callable[[Measurement], object] = lambda measurement: None,
        on_trials: Callable[[Lane, int, float], None] = lambda lane, trials, seconds: None,
    ) -> None:
        self.plan = plan
        self.measurements: list[Measurement] = []
        self._on_training = on_training
        self._on_measured = on_measured
        self._on_trials = on_trials
        self._stack = contextlib.ExitStack()
        self._station: Station | None = None
        self._where = ("", "")
        self._pairs: Pairs | None = None
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{_REFERENCE}.py"
            write_reference(path)
            self._reference = read_submission(SubmissionFile(_REFERENCE, path))

    @property
    def _machine_id(self) -> str:
        """The id that distinguishes stored benchmarks of this run from those of other machines, devices or backends."""
        lanes = dict.fromkeys((lane.device, lane.backend) for lane in self.lanes)
        ids = [self.plan.machine(*lane, installed_versions()).id for lane in lanes]
        return ids[0] if len(ids) == 1 else hashlib.sha256(" ".join(ids).encode()).hexdigest()[:12]

    @property
    def lanes(self) -> list[Lane]:
        """The lanes of the plan, ordered so that only one sandbox is needed at a time."""
        plan = self.plan
        return [
            Lane(s, device, backend) for backend in plan.backends for device in plan.devices for s in plan.submissions
        ]

    def pytest_configure(self, config: pytest.Config) -> None:
        """Make this run available to the tests."""
        config.stash[SPEED_RUN] = self

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Replace pytest-benchmark's machine id by one that includes device and backend.

        There is no hook for this, so a private attribute has to be set.
        """
        benchmarks = session.config._benchmarksession  # type: ignore[attr-defined]
        benchmarks.machine_id = benchmarks.storage.default_machine_id = self._machine_id

    def pytest_benchmark_update_machine_info(self, machine_info: dict[str, Any]) -> None:
        """Add what the times depend on to the stored benchmarks."""
        machine_info["keras_course_grader"] = {"id": self._machine_id, "lanes": [lane.name for lane in self.lanes]}

    def pytest_unconfigure(self) -> None:
        """End the sandbox."""
        self._stack.close()

    @contextlib.contextmanager
    def pairs(self, lane: Lane) -> Iterator[Pairs]:
        """Yield the pairs of trainings of a lane, and end them with the `with` block.

        Raises:
            MeasuringError: If the lane cannot be measured.
        """
        self._pairs = None
        station = self._station_of(lane)
        if lane.submission.problem:
            raise MeasuringError("failed", lane.submission.problem)
        plan = self.plan
        self._pairs = Pairs(
            station.sandbox,
            lane.submission,
            self._reference,
            plan.course,
            plan.dataset,
            lambda: self._on_training(lane),
            second=station.second,
        )
        with contextlib.closing(self._pairs):
            yield self._pairs

    def _station_of(self, lane: Lane) -> Station:
        """Return the station of a lane, after ending the previous one if it is for another device or backend.

        Raises:
            MeasuringError: If this machine does not have the device or backend.
        """
        if self._where != (lane.device, lane.backend):
            self._stack.close()
            self._station = None
            self._where = (lane.device, lane.backend)
        if problem := why_missing(lane.backend):
            raise MeasuringError("no_backend", f"{problem}.")
        if problem := why_no_device(lane.device, self.plan.level):
            raise MeasuringError("no_device", f"{problem}.")
        if self._station is None:
            self._station = self._stack.enter_context(Station(self.plan, lane.device, lane.backend))
        if not self._station.sees_device:  # TensorFlow would silently compute on the processor
            raise MeasuringError(
                "no_device",
                f"Keras sees no GPU with the backend {lane.backend}, but the driver does; install it with CUDA.",
            )
        return self._station

    def keep(self, lane: Lane, error: MeasuringError | None = None) -> dict[str, Any]:
        """Keep the measurement of a lane, or the reason why there is none, and return the benchmark's `extra_info`."""
        course, pairs, station = self.plan.course, self._pairs, self._station
        budget = budget_of(draw_data(self.plan.dataset, course, course.seed), course, self.plan.dataset)
        rounds = tuple(pairs.rounds) if pairs else ()
        measurement = Measurement(
            submission=lane.submission.id,
            sha256=lane.submission.sha256,
            device=lane.device,
            machine=station.machine if station else self.plan.machine(lane.device, lane.backend, {}),
            budget=budget,
            status="measured" if error is None else error.status,
            problem="" if error is None else error.problem,
            rounds=rounds,
            reference=tuple(pairs.reference_rounds[: len(rounds)]) if pairs else (),
            import_seconds=station.import_seconds if station else 0.0,
            measured_at=utc(datetime.now(UTC)),
            rates=station.rates if station else None,
        )
        if station and pairs and pairs.config:
            images = round(images_an_epoch(measurement))
            measurement = msgspec.structs.replace(measurement, flops=station.flops(pairs.config, images))
        if pairs and measurement.status == "measured" and any(round_.epochs for round_ in rounds):
            measurement = msgspec.structs.replace(measurement, causes=self._causes(lane, pairs, measurement))
        self.measurements.append(measurement)
        self._on_measured(measurement)
        return extra_info(measurement)

    def _causes(self, lane: Lane, pairs: Pairs, measurement: Measurement) -> tuple[Cause, ...]:
        """Find what takes the time of a measured submission, and measure what undoing it gains if the plan says so."""
        explainer = Explainer(pairs, self.plan.course, self.plan.dataset, images_for(measurement))
        causes = explainer.look()
        worth = explainer.worth_a_trial(causes) if self.plan.explain else ()
        if not worth:
            return tuple(cause for cause in causes if cause.share >= LIKELY)
        self._on_trials(lane, len(worth), seconds_for(measurement, len(worth)))
        return explainer.try_all(worth)


def extra_info(measurement: Measurement) -> dict[str, Any]:
    """Return what a stored benchmark contains of a measurement: the samples of its epochs, and what they depend on."""
    return {
        "device": measurement.device,
        "backend": measurement.machine.backend,
        "machine": measurement.machine.id,
        "threads": measurement.machine.threads,
        "seeds": [round_.seed for round_ in measurement.rounds],
        "accuracy": [round_.accuracy for round_ in measurement.rounds],
        "epoch_seconds": [[epoch.train_seconds for epoch in round_.epochs] for round_ in measurement.rounds],
        "reference_epoch_seconds": [[e.train_seconds for e in round_.epochs] for round_ in measurement.reference],
        "reference_call_seconds": [round_.call_seconds for round_ in measurement.reference],
    }


def measure_all(
    plan: Plan,
    on_training: Callable[[Lane], None] = lambda lane: None,
    on_measured: Callable[[Measurement], object] = lambda measurement: None,
    on_trials: Callable[[Lane, int, float], None] = lambda lane, trials, seconds: None,
) -> list[Measurement]:
    """Measure everything in a plan, one submission after the other.

    Args:
        plan: What to measure.
        on_training: Called after each training.
        on_measured: Called with each measurement as soon as it is complete.
        on_trials: See `SpeedRun`.

    Raises:
        GraderError: If measuring itself failed.
        KeyboardInterrupt: If it was interrupted; `on_measured` has received everything that was complete by then.
    """
    run = SpeedRun(plan, on_training, on_measured, on_trials)
    problem = run_pytest(_FOLDER, run, "-p", "pytest_benchmark.plugin")
    if problem or len(run.measurements) != len(run.lanes):
        raise GraderError(f"measuring failed, which is the grader's fault: {problem or 'a measurement is missing'}.")
    return run.measurements
