"""Talking to a sandbox from the trusted side: workers, calls, deadlines, and what became of a worker.

    with Sandbox.start("namespaces", threads=2) as sandbox, sandbox.worker(seed=0) as worker:
        worker.load(source, names)
        x, y = worker.call("subset_data", x, y, classes=(0, 1))

A worker that breaks the protocol, goes silent or dies is ended; that costs the call, never the sandbox.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Iterator
from typing import Any, Final, Self

import msgspec

from grader.ground.errors import GraderError
from grader.sandbox.host import launch
from grader.sandbox.host.devices import why_no_device
from grader.sandbox.wire.backends import DEFAULT, why_missing
from grader.sandbox.wire.channel import MAX_FRAME_BYTES, Channel, ProtocolError, WireClosed, WireTimeout
from grader.sandbox.wire.frames import (
    MEMORY_TOGETHER,
    Account,
    Accounted,
    Call,
    Exited,
    FromForkserver,
    FromWorker,
    Join,
    Kill,
    Limits,
    Load,
    Loaded,
    Opaque,
    Raised,
    Ready,
    Returned,
    Spawn,
    Started,
    TracebackLine,
    from_wire,
    to_wire,
)

MAX_ANSWER_BYTES: Final = 16 * 2**20
"""The largest answer of a submission's function; no check asks for more than a few thousand rows."""

_START_SECONDS: Final = 180.0
_EXIT_SECONDS: Final = 30.0
_LOG_BYTES: Final = 8192


class SandboxError(GraderError):
    """The sandbox itself failed: trouble on the grader's side, which never costs marks."""


class SubmissionError(Exception):
    """The submission's code raised.

    Attributes:
        type_name: The exception's class.
        text: Its message.
        frames: Where in the submission's source, outermost first; empty where it raised outside of it.
        tool: Whether a tool of the grader's was used, and no function of the submission called.
    """

    def __init__(self, raised: Raised, *, tool: bool = False) -> None:
        super().__init__(f"{raised.type_name}: {raised.message}")
        self.tool = tool
        self.type_name = raised.type_name
        self.text = raised.message
        self.frames: tuple[TracebackLine, ...] = raised.frames


class WorkerGone(Exception):
    """The worker is no more.

    Attributes:
        reason: `timeout`, or what `wire.Exited` says, or `protocol`.
        detail: One sentence for the student.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Interrupted(KeyboardInterrupt):
    """What is being graded is not wanted any more: see `Sandbox.interrupt`."""


class Worker:
    """One confined process that a submission may be loaded into; made by `Sandbox.worker`."""

    def __init__(self, sandbox: Sandbox, number: int, limits: Limits, channel: Channel, log_fd: int) -> None:
        self._sandbox = sandbox
        self.number = number
        self._limits = limits
        self._channel = channel
        self._log_fd = log_fd
        self._log = b""
        self._prints = True
        self._started = False
        self._calls = 0
        self._gone: WorkerGone | None = None

    @property
    def gone(self) -> bool:
        """Whether it has ended."""
        return self._gone is not None

    @property
    def log(self) -> str:
        """The end of what it has printed."""
        return self._log.decode("utf-8", "replace")

    def load(
        self,
        source: str,
        names: tuple[str, ...],
        *,
        whole: bool = False,
        real_sizes: bool = False,
        seconds: float = 60.0,
    ) -> Loaded:
        """Execute a submission's source; see `wire.Load`.

        Raises:
            WorkerGone: It ended, or did not finish in time.
        """
        self._calls += 1
        answer = self._exchange(Load(self._calls, source, names, whole, real_sizes), seconds)
        if not isinstance(answer, Loaded):
            raise self.end("protocol", "answered something else than was asked")
        return answer

    def call(
        self, name: str, *args: Any, seconds: float = 60.0, max_bytes: int = MAX_ANSWER_BYTES, **kwargs: Any
    ) -> Any:
        """Call a function of the submission.

        Args:
            name: The function.
            args: Data, arrays and handles.
            seconds: How long it may take.
            max_bytes: The largest answer that is taken.
            kwargs: Likewise, by name.

        Returns:
            Plain data, read-only arrays, and `Handle` or `Opaque` for what stayed inside.

        Raises:
            SubmissionError: The function raised.
            WorkerGone: The worker ended, or did not answer in time.
        """
        return self._call(name, args, kwargs, seconds, max_bytes, toolbox=False)

    def tool(self, name: str, *args: Any, seconds: float = 60.0, max_bytes: int = MAX_FRAME_BYTES) -> Any:
        """Use a tool of `grader.sandbox.inside.toolbox`; otherwise as `call`."""
        return self._call(name, args, {}, seconds, max_bytes, toolbox=True)

    def _call(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        seconds: float,
        max_bytes: int,
        *,
        toolbox: bool,
    ) -> Any:
        self._calls += 1
        order = Call(
            self._calls,
            name,
            tuple(to_wire(value, _refuse) for value in args),
            {key: to_wire(value, _refuse) for key, value in kwargs.items()},
            toolbox,
        )
        answer = self._exchange(order, seconds, max_bytes)
        if isinstance(answer, Raised):
            raise SubmissionError(answer, tool=toolbox)
        if not isinstance(answer, Returned):
            raise self.end("protocol", "answered something else than was asked")
        try:
            return from_wire(answer.value)
        except ProtocolError:
            raise self.end("protocol", "sent back something that is not data") from None

    def _exchange(
        self, order: Load | Call, seconds: float, max_bytes: int = MAX_ANSWER_BYTES
    ) -> Started | Raised | Returned | Loaded:
        if self._gone is not None:
            raise self._gone
        if not self._started:
            self._await_start()
        began = time.monotonic()
        deadline = began + seconds
        try:
            self._channel.send(order, deadline=deadline, wait=self._wait)
            answer: Started | Raised | Returned | Loaded = self._channel.receive(
                deadline=deadline, max_bytes=max_bytes, wait=self._wait
            )
        except WireTimeout:
            raise self.end("timeout", f"did not finish within {seconds:g} seconds") from None
        except WireClosed:
            raise self._ended() from None
        except ProtocolError:
            raise self.end("protocol", "sent back something that is not data") from None
        except Interrupted:
            self.end("killed", "was interrupted")
            raise
        finally:
            self._sandbox.seconds_in_workers += time.monotonic() - began
        if isinstance(answer, Started) or answer.number != order.number:
            raise self.end("protocol", "answered out of turn")
        return answer

    def _await_start(self) -> None:
        """Wait until the worker is confined.  No line of a submission has run by then: a failure is the grader's."""
        try:
            self._channel.receive(deadline=time.monotonic() + _START_SECONDS, wait=self._wait)
        except ProtocolError as error:
            raise SandboxError("a worker did not start; `grader doctor` tells what this machine offers.") from error
        self._started = True

    def _wait(self, sock: socket.socket, for_writing: bool, deadline: float) -> None:
        """Wait for the wire, drain what the worker prints, and notice its end."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise WireTimeout("no answer in time")
            watched: list[Any] = [self._sandbox.control] + ([] if for_writing else [sock])
            watched += [self._log_fd] if self._prints else []
            watched += [] if self._sandbox.interrupt is None else [self._sandbox.interrupt]
            readable, writable, _ = select.select(watched, [sock] if for_writing else [], [], left)
            if (interrupt := self._sandbox.interrupt) in readable and interrupt is not None:
                os.read(interrupt, 1)
                raise Interrupted
            if self._log_fd in readable:
                self._drain()
            if sock in readable or writable:
                return
            if self._sandbox.control in readable:
                self._sandbox.hear()
            if self.number in self._sandbox.exits:
                raise WireClosed("the worker has ended")

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            printed = os.read(self._log_fd, 65536)
            self._prints = bool(printed)  # what it has closed would be readable for ever
            self._log = (self._log + printed)[-_LOG_BYTES:]

    def _ended(self) -> WorkerGone:
        """The worker's wire closed by itself: learn why."""
        exited = self._sandbox.wait_for_exit(self.number, kill=True)
        self._drain()
        self._gone = WorkerGone(*_explain(exited, self._limits))
        return self._gone

    def end(self, reason: str, detail: str) -> WorkerGone:
        """End the worker for what it did; gives the exception to raise."""
        self._sandbox.wait_for_exit(self.number, kill=True)
        self._gone = WorkerGone(reason, detail)
        return self._gone

    def close(self) -> Exited:
        """End the worker with all its processes; returns what it used."""
        self._channel.close()
        try:
            return self._sandbox.wait_for_exit(self.number, kill=True)
        finally:
            os.close(self._log_fd)


def _refuse(value: Any) -> Any:
    if isinstance(value, Opaque):
        return value
    raise TypeError(f"a {type(value).__name__} is no data and cannot be sent")


def _explain(exited: Exited, limits: Limits) -> tuple[str, str]:
    texts = {
        "memory": f"used more than {limits.memory_mb} MB of memory"
        if exited.peak_mb > limits.memory_mb
        else f"kept more than {MEMORY_TOGETHER * limits.memory_mb} MB of memory between all calls together",
        "processes": f"started more than {limits.processes} processes",
        "cpu": f"used more than {limits.cpu_seconds} seconds of processor time",
        "signal": f"was ended by signal {exited.code}",
        "killed": "closed its connection to the grader",
    }
    return exited.reason, texts.get(exited.reason, f"ended the Python process (exit status {exited.code})")


class Sandbox:
    """A running forkserver.

    Args:
        level: Its isolation level.
        control: The socket to it.
        pid: Its process.
        first: The number of the first worker, for one of several that give orders to the same forkserver.

    Attributes:
        level: Its isolation level.
        versions: What runs inside: Python, Keras, the backend, NumPy.
        exits: How workers that are gone ended, by number.
        seconds_in_workers: Time spent waiting for workers to answer.
        interrupt: A descriptor; each byte that comes there ends a worker that is being waited for, and raises
            `Interrupted` where it is.  The sandbox stays as it is.
    """

    def __init__(self, level: str, control: socket.socket, pid: int, first: int = 1) -> None:
        self.level = level
        self.pid = pid
        self.control = control
        self._channel = Channel(control, FromForkserver)
        self.exits: dict[int, Exited] = {}
        self._count = first - 1
        self._accounts: list[Accounted] = []
        self.seconds_in_workers = 0.0
        self.interrupt: int | None = None
        try:
            ready = self._channel.receive(deadline=time.monotonic() + _START_SECONDS)
        except ProtocolError as error:
            raise SandboxError("the sandbox did not start; `grader doctor` tells what this machine offers.") from error
        if not isinstance(ready, Ready):
            raise SandboxError("the sandbox did not start; `grader doctor` tells what this machine offers.")
        self.versions = ready.versions

    @classmethod
    @contextlib.contextmanager
    def start(
        cls,
        level: str,
        *,
        threads: int,
        backend: str = DEFAULT,
        device: str = "cpu",
        plain: bool = False,
        pinned: bool = False,
    ) -> Iterator[Self]:
        """Start a forkserver and wait until it is ready; ends it with everything it started.

        Args:
            level: The isolation level.
            threads: Threads that the backend may use in each worker.
            backend: The Keras backend: `tensorflow`, `jax` or `torch`.
            device: `cpu`, or `gpu:0` and on.  Nothing else is seen inside; processor and GPU need a sandbox each.
            plain: See `backends.environment`.
            pinned: Whether everything in it is kept to as many cores as it has threads, always the same ones.

        Raises:
            SandboxError: It did not start, or there is no such backend or device, which `backends.why_missing` and
                `devices.why_no_device` tell beforehand.
        """
        if reason := why_missing(backend) or why_no_device(device, level):
            raise SandboxError(f"{reason}.")
        started = launch.forkserver(level, threads=threads, backend=backend, device=device, plain=plain, pinned=pinned)
        with started as (control, pid):
            yield cls(level, control, pid)

    def let_join(self, control: socket.socket) -> None:
        """Have the forkserver take orders from another process of this grading, too.

        Args:
            control: The forkserver's end of a pair of sockets, which is closed here; with the other one that process
                makes a `Sandbox` of its own, which ends with this one at the latest.

        Raises:
            SandboxError: The forkserver is gone.
        """
        with control:
            self._send(Join(), descriptors=(control.fileno(),))

    @contextlib.contextmanager
    def worker(self, *, seed: int, limits: Limits | None = None) -> Iterator[Worker]:
        """Fork a fresh worker; it ends with the context, whatever it is doing."""
        worker = self.spawn(seed=seed, limits=limits)
        try:
            yield worker
        finally:
            worker.close()

    def spawn(self, *, seed: int, limits: Limits | None = None) -> Worker:
        """Fork a fresh worker, which the caller closes.

        Raises:
            SandboxError: The forkserver is gone.
        """
        self._count += 1
        limits = limits or Limits()
        ours, theirs = socket.socketpair()
        log_reader, log_writer = os.pipe2(os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
        os.set_blocking(log_reader, False)
        try:
            self._send(Spawn(self._count, limits, seed), descriptors=(theirs.fileno(), log_writer))
        except SandboxError:
            ours.close()
            os.close(log_reader)
            raise
        finally:
            theirs.close()
            os.close(log_writer)
        return Worker(self, self._count, limits, Channel(ours, FromWorker), log_reader)

    def account(self, number: int) -> Accounted:
        """What a worker has had of the processor up to now; nothing where it is gone.

        Raises:
            SandboxError: The forkserver does not tell.
        """
        self._send(Account(number))
        deadline = time.monotonic() + _EXIT_SECONDS
        while not self._accounts:
            self.hear(deadline)
        return self._accounts.pop()

    def _send(self, order: msgspec.Struct, descriptors: tuple[int, ...] = ()) -> None:
        try:
            self._channel.send(order, descriptors=descriptors)
        except (ProtocolError, OSError) as error:
            raise SandboxError("the sandbox ended unexpectedly; grade the submission again.") from error

    def hear(self, deadline: float = float("inf")) -> None:
        """Take in one report of the forkserver."""
        try:
            report = self._channel.receive(deadline=deadline)
        except (ProtocolError, OSError) as error:
            raise SandboxError("the sandbox ended unexpectedly; grade the submission again.") from error
        if isinstance(report, Exited):
            self.exits[report.worker] = report
        elif isinstance(report, Accounted):
            self._accounts.append(report)

    def wait_for_exit(self, number: int, *, kill: bool) -> Exited:
        """Wait until a worker is gone with all its processes, ending it first where asked to.

        Raises:
            SandboxError: The forkserver does not report it.
        """
        if kill and number not in self.exits:
            self._send(Kill(number))
        deadline = time.monotonic() + _EXIT_SECONDS
        while number not in self.exits:
            self.hear(deadline)
        return self.exits[number]
