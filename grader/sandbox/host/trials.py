"""The promises that an isolation level can make, each with a trial that tries to break it from inside the sandbox.

Trusted side; the code that runs in the sandbox is `probes`.  A trial attacks as a hostile submission would, and aims at
things that really exist: a file in the home folder, a listening socket, a sleeping process.  Wherever it can, it
decides by what this side observes and not by what the probe reports.  `grader doctor` runs the quick trials of a level;
the tests run all of them.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil

from grader.sandbox.host.session import MAX_ANSWER_BYTES, Sandbox, SubmissionError, Worker, WorkerGone
from grader.sandbox.levels import LEVELS, view
from grader.sandbox.wire.frames import Limits

_SECONDS: Final = 30.0
_MANY: Final = 12

_PROBES: Final = view.PACKAGE / "sandbox" / "inside" / "probes.py"


class Outside(msgspec.Struct, frozen=True):
    """Targets outside the sandbox for the trials to aim at.

    Attributes:
        home: A folder in the home folder that contains a file `answers`.
        public: A folder in the system's folder for temporary files that contains a file `answers`.
        tcp: A listening TCP socket.
        udp: A bound UDP socket.
        unix: Unix sockets, for streams and for datagrams: for each, one bound to a path and, on Linux, an abstract one.
        variable: The name of an environment variable of this process.
    """

    home: Path
    public: Path
    tcp: socket.socket
    udp: socket.socket
    unix: tuple[socket.socket, ...]
    variable: str


Trial = Callable[[Sandbox, Outside], bool]


class Promise(msgspec.Struct, frozen=True):
    """Something that an isolation level can promise about a submission.

    Attributes:
        sentence: The end of a sentence that begins "A submission …".
        trial: Tries to break the promise as a hostile submission would; returns whether it held.
        slow: Whether the trial takes seconds of processor time.  `grader doctor` leaves such trials to the tests.
    """

    sentence: str
    trial: Trial
    slow: bool


PROMISES: Final[dict[str, Promise]] = {}
"""Every promise by the name of its trial function, in the order in which tables show them."""


def _promise(sentence: str, *, slow: bool = False) -> Callable[[Trial], Trial]:
    def note(trial: Trial) -> Trial:
        PROMISES[trial.__name__] = Promise(sentence, trial, slow)
        return trial

    return note


def promised(level: str, name: str) -> bool:
    """Whether a level makes the promise of this name."""
    return name not in LEVELS[level].not_promised


def markdown_table() -> str:
    """Return the table of promises that `docs/design.md` contains, as Markdown."""
    levels = tuple(reversed(LEVELS))
    lines = [f"| a submission … | {' | '.join(f'`{level}`' for level in levels)} |", "|---|" + ":-:|" * len(levels)]
    for name, promise in PROMISES.items():
        marks = " | ".join("yes" if promised(level, name) else "–" for level in levels)
        lines.append(f"| {promise.sentence} | {marks} |")
    return "\n".join(lines)


@contextlib.contextmanager
def outside() -> Iterator[Outside]:
    """Create the targets of the trials, and remove them when the `with` block ends.

    The sandbox has to be started inside the block: only then can it inherit the environment variable.
    """
    with contextlib.ExitStack() as stack:
        folders = []
        for parent in (Path.home(), Path(tempfile.gettempdir())):
            folders.append(Path(stack.enter_context(tempfile.TemporaryDirectory(dir=parent, prefix="grader-trial-"))))
            (folders[-1] / "answers").write_text("secret")
        sockets = []
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            addresses: list[str] = [str(folders[1] / f"socket-{kind}")]
            if sys.platform.startswith("linux"):
                addresses.append(f"\0grader-trial-{uuid.uuid4().hex}")
            for address in addresses:
                sock = stack.enter_context(socket.socket(socket.AF_UNIX, kind))
                sock.bind(address)
                if kind == socket.SOCK_STREAM:
                    sock.listen()
                sockets.append(sock)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        variable = f"GRADER_TRIAL_{uuid.uuid4().hex}"
        os.environ[variable] = "secret"
        stack.callback(os.environ.pop, variable)
        yield Outside(folders[0], folders[1], tcp, udp, tuple(sockets), variable)


@contextlib.contextmanager
def _probe(sandbox: Sandbox, limits: Limits | None = None) -> Iterator[Worker]:
    with sandbox.worker(seed=0, limits=limits) as worker:
        worker.load(_PROBES.read_text("utf-8"), (), seconds=_SECONDS)
        yield worker


@contextlib.contextmanager
def _sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Run a sleeping process of this user for the duration of a `with` block."""
    process = subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _try(worker: Worker, name: str, *arguments: Any) -> Any:
    """Call a probe, and return its answer, or None if it raised an exception."""
    try:
        return worker.call(name, *arguments, seconds=_SECONDS)
    except SubmissionError:
        return None


def _gone(sandbox: Sandbox, limits: Limits, name: str, *arguments: Any, seconds: float = _SECONDS) -> str:
    """Return the reason for which a worker ends when it calls this probe, or an empty string if it does not end."""
    with _probe(sandbox, limits) as worker:
        try:
            worker.call(name, *arguments, seconds=seconds)
        except WorkerGone as gone:
            return gone.reason
        except SubmissionError:
            return "raised"
    return ""


def private_files(outside: Outside) -> list[Path]:
    """Return existing files that this user can read and a submission must not."""
    package = view.PACKAGE
    candidates = (
        *(outside.home / "answers", outside.public / "answers"),
        *(
            package / "checks" / "common" / "verdict.py",
            package / "assignment" / "contract.py",
            package.parent / "reference" / "model.py",
        ),
        *(Path("/etc/shadow"), Path("/etc/hostname"), Path("/proc/1/environ")),
    )
    return [path for path in candidates if os.access(path, os.R_OK)]


@_promise("reads no home folder, data, other file or check")
def files_hidden(sandbox: Sandbox, outside: Outside) -> bool:
    """Try to read files and list folders that a submission has no business with."""
    folders = (outside.home, outside.home.parent, outside.public, outside.public.parent)
    names = ("answers", outside.home.name, "answers", outside.public.name)
    with _probe(sandbox) as worker:
        listed = [worker.call("lists", str(folder), name) for folder, name in zip(folders, names, strict=True)]
        return not any(listed) and not worker.call("readable", [str(path) for path in private_files(outside)])


@_promise("cannot tell whether such a file exists")
def names_hidden(sandbox: Sandbox, outside: Outside) -> bool:
    """Try to find out whether files outside the sandbox exist."""
    with _probe(sandbox) as worker:
        return not worker.call("existing", [str(outside.home / "answers"), str(outside.public / "answers")])


@_promise("writes and deletes nothing outside its scratch")
def files_kept(sandbox: Sandbox, outside: Outside) -> bool:
    """Try every way of changing a file, and try to create files in the system's folders."""
    with _probe(sandbox) as worker:
        for folder in (outside.home, outside.public):
            kept = folder / "kept"
            kept.mkdir()
            (kept / "file").write_text("secret")
            before = _attributes(kept / "file")
            worker.call("spoil", str(kept), "file")
            whole = kept.is_dir() and os.listdir(kept) == ["file"] and (kept / "file").read_text() == "secret"
            whole = whole and _attributes(kept / "file") == before
            shutil.rmtree(kept, ignore_errors=True)
            if not whole:
                return False
        return not any(worker.call("creates", path) for path in ("/", "/usr", "/etc", "/dev", sys.prefix))


def _attributes(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_mode, found.st_uid, found.st_gid, found.st_nlink, found.st_mtime_ns


@_promise("starts with an empty scratch, which is removed")
def scratch_fresh(sandbox: Sandbox, _: Outside) -> bool:
    """Leave a file behind, and look for one left by an earlier worker."""
    seen = []
    for _attempt in range(2):
        with _probe(sandbox) as worker:
            seen.append(worker.call("scratch"))
    return all(
        set(home) - _bound_below(Path(folder).parent) == {"submission"}
        and files == ["mark", "solution.py"]
        and not (Path(folder) / "mark").exists()
        for folder, home, files in seen
    )


def _bound_below(folder: Path) -> set[str]:
    """Return the names in a scratch folder that only lead to the Python environment, which may lie below it."""
    return {p.relative_to(folder).parts[0] for p in view.environment_folders() if p.is_relative_to(folder)}


@_promise("cannot fill the disk with many files")
def scratch_capped(sandbox: Sandbox, _: Outside) -> bool:
    """Write many files, each below the size limit of a single file."""
    return _gone(sandbox, Limits(file_mb=8), "fill", _MANY, 4) != ""


@_promise("has no TCP")
def no_tcp(sandbox: Sandbox, outside: Outside) -> bool:
    """Connect to a listening socket outside, and try to listen."""
    with _probe(sandbox) as worker:
        worker.call("tcp", outside.tcp.getsockname()[1])
    return not _arrived(outside.tcp)


@_promise("has no UDP")
def no_udp(sandbox: Sandbox, outside: Outside) -> bool:
    """Send a datagram to a socket outside."""
    with _probe(sandbox) as worker:
        _try(worker, "udp", outside.udp.getsockname()[1])
    return not _arrived(outside.udp)


@_promise("reaches no Unix socket, named or abstract")
def no_unix_sockets(sandbox: Sandbox, outside: Outside) -> bool:
    """Connect and send to Unix sockets outside, by path and by abstract name."""
    with _probe(sandbox) as worker:
        for sock in outside.unix:
            address = sock.getsockname()
            _try(worker, "unix", sock.type == socket.SOCK_STREAM, address)
    arrived = [_arrived(sock) for sock in outside.unix]  # each is emptied for the next trial
    return not any(arrived)


def _arrived(sock: socket.socket) -> bool:
    """Whether something has arrived at a socket; whatever has is consumed."""
    found = False
    while select.select([sock], [], [], 0)[0]:
        found = True
        if sock.type == socket.SOCK_STREAM:
            sock.accept()[0].close()
        else:
            sock.recv(1)
    return found


@_promise("can neither list nor look into other processes")
def processes_hidden(sandbox: Sandbox, _: Outside) -> bool:
    """List the processes, and try to read what `/proc` says about one outside."""
    with _sleeper() as sleeper, _probe(sandbox) as worker:
        files = [f"/proc/{sleeper.pid}/{name}" for name in ("cmdline", "stat", "status", "comm", "io")]
        return not {sleeper.pid, os.getpid()} & set(worker.call("listed")) and not worker.call("readable", files)


@_promise("cannot tell which process numbers are in use")
def numbers_hidden(sandbox: Sandbox, _: Outside) -> bool:
    """Try to find out whether the number of a process outside is in use."""
    with _sleeper() as sleeper, _probe(sandbox) as worker:
        return not worker.call("in_use", sleeper.pid)


@_promise("cannot signal, slow or limit other processes")
def processes_kept(sandbox: Sandbox, _: Outside) -> bool:
    """Signal a process outside, and try to change its limits, priority and cores."""
    with _sleeper() as sleeper, _probe(sandbox) as worker:
        process = psutil.Process(sleeper.pid)
        limit, affinity = resource.prlimit(sleeper.pid, resource.RLIMIT_CPU), process.cpu_affinity()
        reached = worker.call("disturb", sleeper.pid)
        if reached or sleeper.poll() is not None:
            return False
        same = resource.prlimit(sleeper.pid, resource.RLIMIT_CPU) == limit and process.cpu_affinity() == affinity
        return same and process.nice() == os.getpriority(os.PRIO_PROCESS, 0)


@_promise("cannot trace others or read their memory")
def no_tracing(sandbox: Sandbox, _: Outside) -> bool:
    """Try to trace a process outside and to read its memory."""
    with _sleeper() as sleeper, _probe(sandbox) as worker:
        maps = Path(f"/proc/{sleeper.pid}/maps").read_text()
        return not worker.call("trace", sleeper.pid, int(maps.split("-")[0], 16))


@_promise("leaves nothing running")
def nothing_survives(sandbox: Sandbox, _: Outside) -> bool:
    """Leave a process running that has cut all ties to its parents."""
    marker = f"600.{uuid.uuid4().int % 10**12}"
    with _probe(sandbox) as worker:
        worker.call("survive", marker)
    return not any(marker in (process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))


@_promise("has no privilege and can gain none")
def no_privileges(sandbox: Sandbox, _: Outside) -> bool:
    """Look for a capability that the worker holds, or for a way to gain one."""
    with _probe(sandbox) as worker:
        status = worker.call("status")
    held = [int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")]
    return held == [0, 0, 0, 0] and status["NoNewPrivs"] == "1"


@_promise("cannot mount, enter namespaces, or hide memory")
def calls_refused(sandbox: Sandbox, _: Outside) -> bool:
    """Make system calls that reach further than a course project needs to."""
    with _probe(sandbox) as worker:
        return not worker.call("refused")


@_promise("sees none of your environment variables")
def environment_clean(sandbox: Sandbox, outside: Outside) -> bool:
    """Look for an environment variable that the trusted side had when it started the sandbox."""
    with _probe(sandbox) as worker:
        return outside.variable not in worker.call("environment")


@_promise("inherits no open file but its wire and log")
def descriptors_clean(sandbox: Sandbox, _: Outside) -> bool:
    """Look for inherited file descriptors: only 0 to 2 and the wire may be open."""
    with _probe(sandbox) as worker:
        return bool(worker.call("descriptors") == [0, 1, 2, 3])


@_promise("ends when its time is up")
def wall_time(sandbox: Sandbox, _: Outside) -> bool:
    """Sleep for longer than the call may take."""
    return _gone(sandbox, Limits(), "nap", seconds=0.3) == "timeout"


@_promise("ends at the limit of processor time", slow=True)
def processor_time(sandbox: Sandbox, _: Outside) -> bool:
    """Compute in an endless loop."""
    return _gone(sandbox, Limits(cpu_seconds=1), "spin") == "cpu"


@_promise("ends at the limit of memory", slow=True)
def memory(sandbox: Sandbox, _: Outside) -> bool:
    """Allocate memory in an endless loop."""
    return _gone(sandbox, Limits(memory_mb=800), "eat") == "memory"


@_promise("ends at the limit of processes", slow=True)
def process_count(sandbox: Sandbox, _: Outside) -> bool:
    """Fork in an endless loop."""
    return _gone(sandbox, Limits(processes=20), "breed") == "processes"


@_promise("ends at the limit of a file's size")
def file_size(sandbox: Sandbox, _: Outside) -> bool:
    """Write a file that is larger than the limit."""
    return _gone(sandbox, Limits(file_mb=8), "fill", 1, 16) != ""


@_promise("ends at the limit of open files")
def open_files(sandbox: Sandbox, _: Outside) -> bool:
    """Open files until the kernel refuses."""
    with _probe(sandbox) as worker:
        return int(worker.call("open_all", seconds=_SECONDS)) <= 1024


@_promise("cannot flood the grader with output")
def output(sandbox: Sandbox, _: Outside) -> bool:
    """Print 4 MiB, and send an answer that is larger than the trusted side accepts."""
    with _probe(sandbox) as worker:
        worker.call("shout", 4 * 2**20, seconds=_SECONDS)
        if len(worker.log) > 2**16:
            return False
    return _gone(sandbox, Limits(), "answer", MAX_ANSWER_BYTES + 1) == "protocol"
