"""Control a sandbox from the trusted side: start workers, call them, enforce deadlines, and learn how they ended.

    with Sandbox.start("namespaces", threads=2) as sandbox, sandbox.worker(seed=0) as worker:
        worker.load(source, names)
        x, y = worker.call("subset_data", x, y, classes=(0, 1))

A worker that breaks the protocol, stops responding or dies is ended.  Only the call fails; the sandbox keeps running.
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
    Pin,
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
"""The largest answer accepted from a function of a submission; no check asks for more than a few thousand rows."""

_START_SECONDS: Final = 180.0
_EXIT_SECONDS: Final = 30.0
_LOG_BYTES: Final = 8192
_FIRST_OF_SECOND: Final = 10**9
"""The number of the first worker of the first `Sandbox.second`, which the helpers of a grading don't reach."""


class SandboxError(GraderError):
    """The sandbox itself failed.  This is a fault of the grader, and never costs the student marks."""


class SubmissionError(Exception):
    """The submission's code raised an exception.

    Attributes:
        type_name: The name of the exception's class.
        text: The exception's message.
        frames: The traceback entries that lie in the submission's source, outermost first; empty if there are none.
        tool: Whether the call was to one of the grader's tools rather than to a function of the submission.
    """

    def __init__(self, raised: Raised, *, tool: bool = False) -> None:
        super().__init__(f"{raised.type_name}: {raised.message}")
        self.tool = tool
        self.type_name = raised.type_name
        self.text = raised.message
        self.frames: tuple[TracebackLine, ...] = raised.frames


class WorkerGone(Exception):
    """The worker has ended.

    Attributes:
        reason: `timeout`, `protocol`, or the reason given by `frames.Exited`.
        detail: What happened, as the end of a sentence for the student.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Interrupted(KeyboardInterrupt):
    """The grading in progress is no longer wanted; see `Sandbox.interrupt`."""


class Worker:
    """A confined process into which a submission can be loaded; made by `Sandbox.worker`."""

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
        """Whether the worker has ended."""
        return self._gone is not None

    @property
    def log(self) -> str:
        """The end of what the worker has printed."""
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
        """Execute a submission's source; see `frames.Load` for the arguments.

        Raises:
            WorkerGone: If the worker ended, or did not finish in time.
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
            name: The function's name.
            args: Its positional arguments: plain data, arrays and handles.
            seconds: How long the call may take.
            max_bytes: The largest answer that is accepted.
            kwargs: Its keyword arguments, of the same kinds.

        Returns:
            Plain data and read-only arrays, with a `Handle` or `Opaque` for each object that stayed in the worker.

        Raises:
            SubmissionError: If the function raised an exception.
            WorkerGone: If the worker ended, or did not answer in time.
        """
        return self._call(name, args, kwargs, seconds, max_bytes, toolbox=False)

    def tool(self, name: str, *args: Any, seconds: float = 60.0, max_bytes: int = MAX_FRAME_BYTES) -> Any:
        """Call a tool of `grader.sandbox.inside.toolbox`; arguments, result and exceptions are those of `call`."""
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
        """Wait until the worker is confined.

        No line of the submission has run by then, so any failure is a fault of the grader.
        """
        try:
            self._channel.receive(deadline=time.monotonic() + _START_SECONDS, wait=self._wait)
        except ProtocolError as error:
            raise SandboxError("a worker did not start; `grader doctor` tells what this machine offers.") from error
        self._started = True

    def _wait(self, sock: socket.socket, for_writing: bool, deadline: float) -> None:
        """Wait until the wire is ready; meanwhile read what the worker prints, and notice if it ends."""
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
            self._prints = bool(printed)  # a closed pipe is always readable, so watching it would make `select` spin
            self._log = (self._log + printed)[-_LOG_BYTES:]

    def _ended(self) -> WorkerGone:
        """Find out why the worker closed its wire, and return the exception to raise."""
        # A worker may close its wire and keep running, so it is told to end all the same.  If it is exiting already,
        # the forkserver reports how it exited and not that it was killed.
        exited = self._sandbox.wait_for_exit(self.number, kill=True)
        self._drain()
        self._gone = WorkerGone(*_explain(exited, self._limits))
        return self._gone

    def end(self, reason: str, detail: str) -> WorkerGone:
        """End the worker for the given reason, and return the exception to raise."""
        self._sandbox.wait_for_exit(self.number, kill=True)
        self._gone = WorkerGone(reason, detail)
        return self._gone

    def close(self) -> Exited:
        """End the worker with all of its processes, and return how it ended and what it used."""
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
    # A worker that was ended for memory while below its own limit was the largest when all of them passed theirs.
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
    """A running forkserver, seen from the trusted side.

    Args:
        level: Its isolation level.
        control: The socket to the forkserver.
        pid: The process number of the forkserver.
        first: The number of the first worker.  Where several processes give orders to the same forkserver, each
            starts at another number, so that no two workers have the same one.
        cores: The CPU cores that its workers start on; those of the forkserver if there are none here.
        pinned: Whether the forkserver and its workers are pinned to cores.

    Attributes:
        level: Its isolation level.
        cores: The CPU cores that its workers start on; those of the forkserver if there are none here.
        pinned: Whether the forkserver and its workers are pinned to cores.
        versions: The versions of Python, Keras, the backend and NumPy inside.
        exits: How each worker that has ended did so, by its number.
        seconds_in_workers: The time spent waiting for workers to answer, in seconds.
        interrupt: A file descriptor to watch, if any.  Each byte that arrives there ends the worker that is being
            waited for and raises `Interrupted` in whoever waits for it.  The sandbox keeps running.
    """

    def __init__(
        self,
        level: str,
        control: socket.socket,
        pid: int,
        first: int = 1,
        *,
        cores: tuple[int, ...] = (),
        pinned: bool = False,
    ) -> None:
        self.level = level
        self.cores = cores
        self.pinned = pinned
        self.pid = pid
        self.control = control
        self._channel = Channel(control, FromForkserver)
        self.exits: dict[int, Exited] = {}
        self._count = first - 1
        self._second_ones = 0
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
        """Start a forkserver, wait until it is ready, and end it with all it has started when the `with` block ends.

        Args:
            level: The isolation level.
            threads: The number of threads that the backend may use in each worker.
            backend: The Keras backend: `tensorflow`, `jax` or `torch`.
            device: `cpu`, or `gpu:0`, `gpu:1` and so on.  It is the only device that is visible inside, so
                measuring on the processor and on a GPU takes one sandbox each.
            plain: See `backends.environment`.
            pinned: Whether to pin everything in it to as many cores as it has threads, always the same ones, unless
                `second` or `pin` says otherwise.

        Raises:
            SandboxError: If it did not start, or if there is no such backend or device.  `backends.why_missing` and
                `devices.why_no_device` can be asked beforehand.
        """
        if reason := why_missing(backend) or why_no_device(device, level):
            raise SandboxError(f"{reason}.")
        started = launch.forkserver(level, threads=threads, backend=backend, device=device, plain=plain, pinned=pinned)
        with started as (control, pid):
            yield cls(level, control, pid, pinned=pinned)

    def let_join(self, control: socket.socket) -> None:
        """Let another process or thread of this grading give orders to the same forkserver.

        It makes a `Sandbox` of its own from the other end of the socket pair.  That sandbox ends with this one at the
        latest.

        Args:
            control: The forkserver's end of a socket pair.  It is closed in this process.

        Raises:
            SandboxError: If the forkserver has ended.
        """
        with control:
            self._send(Join(), descriptors=(control.fileno(),))

    @contextlib.contextmanager
    def second(self, cores: tuple[int, ...]) -> Iterator[Sandbox | None]:
        """Make a second sandbox of the same forkserver, with a wire of its own, for the length of a `with` block.

        Two threads must not use one sandbox at the same time, but each of them may use one of these two.

        Args:
            cores: The CPU cores that the workers of the second one start on.  If there are none, there is no second
                one.

        Raises:
            SandboxError: If the forkserver has ended.
        """
        if not cores:
            yield None
            return
        ours, theirs = socket.socketpair()
        with ours:
            self.let_join(theirs)
            self._second_ones += 1
            first = self._second_ones * _FIRST_OF_SECOND
            yield Sandbox(self.level, ours, self.pid, first, cores=cores, pinned=self.pinned)

    @contextlib.contextmanager
    def worker(self, *, seed: int = 0, limits: Limits | None = None) -> Iterator[Worker]:
        """Fork a fresh worker as `spawn` does, and end it when the `with` block ends, whatever it is doing then."""
        worker = self.spawn(seed=seed, limits=limits)
        try:
            yield worker
        finally:
            worker.close()

    def spawn(self, *, seed: int = 0, limits: Limits | None = None) -> Worker:
        """Fork a fresh worker, which the caller has to close.

        Args:
            seed: The seed of its random generators.  The submission can read it, so it must have nothing to do with the
                course's seed, which decides what the submission is asked.
            limits: Its limits; the usual ones if not given.

        Raises:
            SandboxError: If the forkserver has ended.
        """
        self._count += 1
        limits = limits or Limits()
        ours, theirs = socket.socketpair()
        # macOS has no `pipe2`; there `os.pipe` makes descriptors that are not inherited, too.
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
        if self.cores:
            self.pin(self._count, self.cores)
        return Worker(self, self._count, limits, Channel(ours, FromWorker), log_reader)

    def pin(self, number: int, cores: tuple[int, ...]) -> None:
        """Move a worker, with all its processes and threads, to some CPU cores, and wait until it is there.

        Args:
            number: The worker's number.
            cores: The cores; those of the forkserver if there are none here.

        Raises:
            SandboxError: If the forkserver does not answer.
        """
        self._send(Pin(number, cores))
        self.account(number)  # orders are obeyed one after the other, so the worker has moved before this is answered

    def account(self, number: int) -> Accounted:
        """Return the processor time that a worker has used so far; 0 if it has ended.

        Raises:
            SandboxError: If the forkserver does not answer.
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
        """Receive one report from the forkserver and keep it for whoever waits for it."""
        try:
            report = self._channel.receive(deadline=deadline)
        except (ProtocolError, OSError) as error:
            raise SandboxError("the sandbox ended unexpectedly; grade the submission again.") from error
        if isinstance(report, Exited):
            self.exits[report.worker] = report
        elif isinstance(report, Accounted):
            self._accounts.append(report)

    def kill(self, number: int) -> None:
        """End a worker with all of its processes, and don't wait for it.

        The worker may be one of another sandbox of the same forkserver: whoever waits for it there is told that it has
        ended.

        Raises:
            SandboxError: If the forkserver has ended.
        """
        self._send(Kill(number))

    def wait_for_exit(self, number: int, *, kill: bool) -> Exited:
        """Wait until a worker and all of its processes have ended.

        Args:
            number: The worker's number.
            kill: Whether to end the worker first.

        Raises:
            SandboxError: If the forkserver does not report the end in time.
        """
        if kill and number not in self.exits:
            self.kill(number)
        deadline = time.monotonic() + _EXIT_SECONDS
        while number not in self.exits:
            self.hear(deadline)
        return self.exits[number]
