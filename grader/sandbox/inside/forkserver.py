"""The forkserver: imports Keras once, then forks a confined worker for each order.

Untrusted side, but no submission ever runs in this process.  `launch` starts it, inside bubblewrap at the level
`namespaces`, with a socket to take orders from.  It must never run a Keras operation, because operations start the
backend's threads, and a process with threads cannot be forked safely.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys
import tempfile
import traceback
from typing import Any, Final

from grader.sandbox.inside import backend
from grader.sandbox.inside.processes import (
    ProcessSeen,
    children,
    descendants,
    memory_of,
    pin,
    process_table,
    processor_time,
    proportional_mb,
)
from grader.sandbox.inside.worker import WorkerService
from grader.sandbox.levels import LEVELS, confine
from grader.sandbox.levels.level import Level, Seen
from grader.sandbox.wire import backends, scratch
from grader.sandbox.wire.channel import Channel, ProtocolError, WireClosed
from grader.sandbox.wire.frames import (
    MEMORY_TOGETHER,
    Account,
    Accounted,
    Exited,
    Join,
    Kill,
    Limits,
    Pin,
    Ready,
    Spawn,
    ToForkserver,
)

WIRE_FD: Final = 3
_NO_WIRE: Final = 70
"""The exit status of a worker that could not be confined, or that has lost its wire."""

_WATCH_SECONDS: Final = 0.05
# The kernel's own limit is higher by this much, so that the watch acts first: the kernel counts coarsely, and does not
# say why it ends a process.
_CPU_GRACE_SECONDS: Final = 2
_THREADS_A_PROCESS: Final = 16  # TensorFlow starts dozens of threads, whatever number a course allows
_THREADS_AT_LEAST: Final = 1024
_REMOVE_SECONDS: Final = 10.0  # well below the 30 seconds for which the trusted side waits for the worker's end


class WorkerProcess:
    """A forked worker as the forkserver sees it: the root of a tree of processes."""

    def __init__(self, number: int, pid: int, limits: Limits, control: Channel) -> None:
        self.number = number
        self.control = control
        self.pid = pid
        self.limits = limits
        self.peak_mb = 0.0
        self.cpu_seconds = 0.0
        self.reason = ""
        self.pidfd = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else -1

    def end(self, reason: str) -> None:
        """Kill the worker; the first reason given is the one that is reported.

        The processes that it started become children of the forkserver, which ends them when it reaps the worker.
        """
        self.reason = self.reason or reason
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)  # in a PID namespace of its own, this also kills all other processes


def most_threads(limits: Limits) -> int:
    """Return the number of threads that all processes of a worker may have together.

    The forkserver checks this itself, since the kernel does not hold root to its limit.
    """
    return max(limits.processes * _THREADS_A_PROCESS, _THREADS_AT_LEAST)


def scratch_folder(number: int) -> str:
    """Return the folder that a worker without namespaces may write to.

    It is created before the worker is forked, and removed after the worker has ended.
    """
    return os.path.join(os.environ["HOME"], f"worker-{number}")


class Forkserver:
    """Forks workers, watches what they use, and reports how they ended.

    One process of the trusted side starts the forkserver and ends it.  Other processes and threads of the same grading
    may join, and have workers of their own.  The trusted side numbers the workers, and must not use a number twice.

    Args:
        control: The socket to the process of the trusted side that started it.
        level: The isolation level.
    """

    def __init__(self, control: socket.socket, *, level: Level) -> None:
        self._control = Channel(control, ToForkserver)
        self._joined: list[Channel] = []
        self._ready = Ready({})
        self._level = level
        self._workers: dict[int, WorkerProcess] = {}

    def run(self, ready: Ready) -> None:
        """Report that the imports are done, then serve until the trusted side closes its socket."""
        self._ready = ready
        self._control.send(ready)
        try:
            while True:
                controls = [self._control, *self._joined]
                watched: list[Any] = [*controls, *(w.pidfd for w in self._workers.values() if w.pidfd >= 0)]
                # A worker's pidfd becomes readable when it ends; without workers, there is nothing to watch.
                select.select(watched, [], [], _WATCH_SECONDS if self._workers else None)
                self._reap()
                self._watch()
                for control in select.select(controls, [], [], 0)[0]:
                    self._obey(control)
        except WireClosed:
            pass
        finally:
            self._workers.clear()
            self._end_strays()

    def _obey(self, control: Channel) -> None:
        descriptors: list[int] = []
        try:
            order = control.receive(descriptors=descriptors)
        except WireClosed:
            if control is self._control:
                raise
            self._leave(control)
            return
        if isinstance(order, Kill):
            if order.worker in self._workers:
                self._workers[order.worker].end("killed")
            return
        if isinstance(order, Pin):
            if order.worker in self._workers:
                pin(self._workers[order.worker].pid, order.cores)
            return
        if isinstance(order, Account):
            control.send(self._account(order.worker))
            return
        if isinstance(order, Join):
            self._joined.append(Channel(socket.socket(fileno=descriptors[0]), ToForkserver))
            self._joined[-1].send(self._ready)
            return
        try:
            pid = self._fork(order, *descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        if pid:
            self._workers[order.worker] = WorkerProcess(order.worker, pid, order.limits, control)
        else:
            self._report(control, Exited(order.worker, "confinement", 1, 0.0, 0.0))

    def _leave(self, control: Channel) -> None:
        """End the workers of a process that had joined and is gone, and stop reporting to it."""
        self._joined.remove(control)
        control.close()
        for worker in self._workers.values():
            if worker.control is control:
                worker.end("killed")

    def _account(self, number: int) -> Accounted:
        worker = self._workers.get(number)
        table = process_table()
        processes = descendants(worker.pid, table) if worker is not None else set()
        times = [processor_time(pid) for pid in processes]
        ran = sum(ran for ran, _ in times) + sum(table[pid].children_seconds for pid in processes)
        return Accounted(ran, sum(waited for _, waited in times))

    def _fork(self, order: Spawn, wire_fd: int, log_fd: int) -> int:
        """Fork a worker, and return its process number as this process sees it, or 0 if confining it failed."""
        if not self._level.contains_all:
            os.mkdir(scratch_folder(order.worker), 0o700)
            pid = os.fork()
            if pid == 0:
                become_worker(order, wire_fd, log_fd, level=self._level)
            return pid
        # A process that creates a PID namespace does not enter it; only its children do.  So a process in between
        # creates the namespaces, forks the worker, passes on its number and exits.  This process is a subreaper, so
        # the worker then becomes its child.
        reader, writer = os.pipe()
        middle = os.fork()
        if middle == 0:
            status = 1
            try:
                confine.unshare_namespaces()
                read_number, write_number = os.pipe()
                child = os.fork()
                if child == 0:
                    # In its new namespace it only sees its new number, so it is told the one in the current `/proc`.
                    number = int(os.read(read_number, 16))
                    for descriptor in (reader, writer, read_number, write_number):
                        os.close(descriptor)
                    become_worker(order, wire_fd, log_fd, level=self._level, pid=number)
                os.write(write_number, str(child).encode())
                os.write(writer, str(child).encode())
                status = 0
            finally:
                os._exit(status)
        os.close(writer)
        answer = os.read(reader, 16)
        os.close(reader)
        os.waitpid(middle, 0)
        return int(answer or 0)

    def _reap(self) -> None:
        """Collect every child that has ended, and report the workers among them."""
        by_pid = {worker.pid: worker for worker in self._workers.values()}
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            worker = by_pid.get(pid)
            if worker is None:
                continue
            if worker.pidfd >= 0:
                os.close(worker.pidfd)
            del self._workers[worker.number]
            if not self._level.contains_all:  # no namespace ends what the worker left behind
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
                self._end_strays()
                # Whatever is left after that time is removed with the forkserver's home folder.
                with contextlib.suppress(OSError, scratch.TooMuchError):
                    scratch.remove(scratch_folder(worker.number), seconds=_REMOVE_SECONDS)
            code = os.waitstatus_to_exitcode(status)
            cpu = max(worker.cpu_seconds, usage.ru_utime + usage.ru_stime)
            reason = worker.reason or ("signal" if code < 0 else "exit")
            # Two races are settled here, so that the same submission always gets the same reason.  A worker that exits
            # by itself closes its wire first, and may be told to end before it is gone: it exited.  A worker that has
            # closed its wire also ends by itself, maybe before it is told to: it was killed.
            if code == _NO_WIRE and reason == "exit":
                reason = "killed"
            elif reason == "killed" and code not in (-signal.SIGKILL, _NO_WIRE):
                reason = "signal" if code < 0 else "exit"
            if reason in ("signal", "killed") and cpu >= worker.limits.cpu_seconds:
                reason = "cpu"  # the kernel enforced its own limit before the watch did
            peak = max(worker.peak_mb, usage.ru_maxrss / 1024)
            self._report(worker.control, Exited(worker.number, reason, abs(code), cpu, peak))

    def _end_strays(self) -> None:
        """End the processes that workers have left behind.

        As orphans they become children of this process, a subreaper.  Ending one makes its own children orphans, so
        this goes on until there are none.
        """
        while strays := self._strays():
            for pid in strays:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            for pid in strays:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    def _strays(self) -> list[int]:
        """Return the children of this process that are not workers."""
        workers = {worker.pid for worker in self._workers.values()}
        return [pid for pid in children() if pid not in workers]

    def _report(self, control: Channel, exited: Exited) -> None:
        if control is self._control:
            control.send(exited)
        elif control in self._joined:
            with contextlib.suppress(ProtocolError, OSError):  # that process has ended: `_leave` will follow
                control.send(exited)

    def _watch(self) -> None:
        """Measure each worker's process tree, end workers that are over a limit, and end stray processes."""
        if not self._workers:
            return
        table = process_table()
        if not table:
            return  # without `/proc`, only the kernel's limits and the trusted side's clock are enforced
        everything: set[int] = set()
        for worker in self._workers.values():
            processes = descendants(worker.pid, table)
            everything |= processes
            memory = memory_of(processes, table, worker.limits.memory_mb)
            worker.peak_mb = max(worker.peak_mb, memory)
            worker.cpu_seconds = max(worker.cpu_seconds, sum(table[pid].cpu_seconds for pid in processes))
            threads = sum(table[pid].threads for pid in processes)
            if memory > worker.limits.memory_mb:
                worker.end("memory")
            elif len(processes) > worker.limits.processes or threads > most_threads(worker.limits):
                worker.end("processes")
            elif worker.cpu_seconds > worker.limits.cpu_seconds:
                worker.end("cpu")
        # Workers that wait for their next call must not hold a full limit each, so there is also a limit for all
        # together.
        together = max(worker.limits.memory_mb for worker in self._workers.values()) * MEMORY_TOGETHER
        if memory_of(everything, table, together) > together:
            self._largest(table).end("memory")
        self._end_strays()

    def _largest(self, table: dict[int, ProcessSeen]) -> WorkerProcess:
        """Return the worker that takes the most memory."""

        def size(worker: WorkerProcess) -> float:
            return sum(proportional_mb(pid, table[pid].memory_mb) for pid in descendants(worker.pid, table))

        return max(self._workers.values(), key=size)


def become_worker(order: Spawn, wire_fd: int, log_fd: int, *, level: Level, pid: int = 0) -> None:
    """Turn this forked child into a confined worker; never returns.

    Args:
        order: The order to spawn the worker.
        wire_fd: The descriptor of the worker's end of the wire.
        log_fd: The descriptor of the pipe that the worker prints to.
        level: The isolation level.
        pid: The worker's number in the current `/proc`, if it has a PID namespace of its own.
    """
    status = _NO_WIRE
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((null, 0), (log_fd, 1), (log_fd, 2), (wire_fd, WIRE_FD)):
            os.dup2(source, target)
        os.closerange(WIRE_FD + 1, 65536)  # the forkserver's descriptors, among them its control socket
        limits, gpu = order.limits, backends.sees_gpu()
        place = level.scratch or scratch_folder(order.worker)
        level.confine(place, file_mb=limits.file_mb, pid=pid, gpu=gpu)
        confine.set_limits(
            file_mb=limits.file_mb,
            memory_mb=limits.memory_mb,
            threads=most_threads(limits),
            cpu_seconds=limits.cpu_seconds + _CPU_GRACE_SECONDS,
            gpu=gpu,
        )
        folder = os.path.join(place, "submission")
        os.mkdir(folder)
        os.chdir(folder)
        os.environ.update(HOME=place, TMPDIR=place)
        tempfile.tempdir = None
        sys.stdout = os.fdopen(1, "w", buffering=1, errors="replace", closefd=False)
        sys.stderr = os.fdopen(2, "w", buffering=1, errors="replace", closefd=False)
        WorkerService(socket.socket(fileno=WIRE_FD), seed=order.seed).serve()
        status = 0
    except BaseException:  # a submission may raise anything, SystemExit included; the log shows what it was
        traceback.print_exc()
    finally:
        os._exit(status)  # must always happen: a child that returned from here would act as a second forkserver


def main(control_fd: int, level: str, *, seen: Seen) -> None:
    """Import what submissions import, then serve orders.

    Args:
        control_fd: The descriptor of the socket to the trusted side.
        level: The name of the isolation level.
        seen: The files that the level needs to know about.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the trusted side handles Ctrl-C in a terminal
    control = socket.socket(fileno=control_fd)
    versions = backend.preload()
    confine.become_subreaper()
    LEVELS[level].prepare(seen)
    gc.collect()
    gc.freeze()  # a collection in a worker would write to every page shared with the forkserver, and so copy it
    Forkserver(control, level=LEVELS[level]).run(Ready(versions))
