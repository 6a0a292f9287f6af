"""The conformance tests of all isolation levels: everything that a level promises is tried at that level.

What a level does not promise is tried too, but is reported as skipped, with the outcome.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from grader.ground.errors import GraderError
from grader.sandbox import levels
from grader.sandbox.host import launch
from grader.sandbox.host.launch import LEVELS
from grader.sandbox.host.session import Sandbox, SubmissionError, WorkerGone
from grader.sandbox.host.trials import PROMISES, Outside, markdown_table, outside, promised
from grader.sandbox.levels import landlock, seccomp, view
from grader.sandbox.wire import scratch
from grader.sandbox.wire.frames import Limits

PROJECT = Path(__file__).parent.parent

only_landlock = pytest.mark.skipif(bool(launch.why_not("landlock")), reason=launch.why_not("landlock"))


@pytest.fixture(scope="module", params=LEVELS)
def contained(request: pytest.FixtureRequest, aims: Outside) -> Iterator[Sandbox]:
    """A sandbox at each level that the machine offers, started after the targets exist."""
    level: str = request.param
    if reason := launch.why_not(level):
        pytest.skip(f"{level}: {reason}")
    with Sandbox.start(level, threads=1) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def aims() -> Iterator[Outside]:
    """The targets of the trials."""
    with outside() as aims:
        yield aims


@pytest.mark.parametrize("name", PROMISES)
def test_a_promise_holds(contained: Sandbox, aims: Outside, name: str) -> None:
    held = PROMISES[name].trial(contained, aims)
    if promised(contained.level, name):
        assert held, f"{contained.level} promises that a submission {PROMISES[name].sentence}"
    else:
        pytest.skip(f"{contained.level} does not promise it; here it {'holds' if held else 'does not hold'}")


@pytest.mark.parametrize(
    "name",
    ["files_hidden", "names_hidden", "no_tcp", "no_udp", "no_unix_sockets", "processes_hidden", "numbers_hidden"],
)
@pytest.mark.parametrize("contained", ["process"], indirect=True)
def test_a_trial_sees_what_nothing_keeps_from_it(contained: Sandbox, aims: Outside, name: str) -> None:
    assert not PROMISES[name].trial(contained, aims)


@pytest.mark.parametrize("name", ["files_kept", "processes_kept", "no_tracing", "no_privileges", "calls_refused"])
@pytest.mark.parametrize("contained", ["process"], indirect=True)
def test_a_trial_does_what_nothing_keeps_it_from(contained: Sandbox, aims: Outside, name: str) -> None:
    assert not PROMISES[name].trial(contained, aims)


def test_what_a_level_does_not_promise_is_a_promise_that_another_makes() -> None:
    kept_back = [level.not_promised for level in levels.LEVELS.values()]
    assert frozenset().union(*kept_back) <= set(PROMISES)
    assert frozenset().intersection(*kept_back) == frozenset()


def test_a_stronger_level_promises_no_less() -> None:
    for weaker, stronger in itertools.pairwise(LEVELS):
        assert all(promised(stronger, name) for name in PROMISES if promised(weaker, name))


def test_the_docs_have_the_table_of_promises() -> None:
    assert markdown_table() in (PROJECT / "docs" / "design.md").read_text()


def test_a_missing_level_is_refused_with_its_own_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = {"namespaces": "no bubblewrap", "landlock": "no Landlock", "process": ""}
    monkeypatch.setattr(launch, "why_not", reasons.__getitem__)
    assert launch.best_level() == "process"
    for level in ("namespaces", "landlock"):
        with pytest.raises(GraderError) as refused:
            launch.choose_level(level)
        expected = f"this machine does not offer the isolation level {level}: {reasons[level]}."
        assert str(refused.value) == expected
    reasons["landlock"] = ""
    assert launch.choose_level("landlock") == launch.choose_level(None) == "landlock"


def call(sandbox: Sandbox, source: str, *arguments: object, limits: Limits | None = None) -> object:
    """Call `f` of an indented source in a fresh worker."""
    with sandbox.worker(seed=0, limits=limits) as worker:
        worker.load(textwrap.dedent(source), ("f",))
        return worker.call("f", *arguments)


def test_honest_code_works_at_every_level(contained: Sandbox) -> None:
    source = """
        import multiprocessing, os, shutil, subprocess, tempfile
        import matplotlib.pyplot as plt, numpy as np, keras
        def f():
            model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2, activation="softmax")])
            model.compile(loss="categorical_crossentropy")
            model.fit(np.zeros((8, 4)), np.eye(2)[[0, 1] * 4], verbose=0)
            model.save("model.keras")
            shutil.copy("model.keras", "copy.keras")
            shutil.move("copy.keras", tempfile.mkdtemp())
            plt.plot([1, 2])
            plt.savefig("figure.png")
            shown = keras.models.load_model("model.keras").predict(np.zeros((1, 4)), verbose=0).shape
            return shown, sorted(os.listdir(".")), subprocess.run(["echo", "x"], capture_output=True).stdout
        """
    assert call(contained, source) == ((1, 2), ["figure.png", "model.keras", "solution.py"], b"x\n")


def test_a_submission_imports_nothing_of_the_grader(contained: Sandbox) -> None:
    if not promised(contained.level, "files_hidden"):
        pytest.skip(f"{contained.level} does not promise it")
    source = """
        import importlib
        def f(names):
            found = []
            for name in names:
                try:
                    importlib.import_module(name)
                    found.append(name)
                except (ImportError, OSError):
                    pass
            return found
        """
    names = [
        "reference.model",
        "grader.checks.common.hidden",
        "grader.assignment.contract",
        "grader.sandbox.host.launch",
        "grader.validation.corpus",
    ]
    assert call(contained, source, names) == []


def test_threads_without_end_are_ended_too(contained: Sandbox) -> None:
    source = """
        import threading, time
        def f():
            threading.stack_size(65536)
            while True:
                threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        """
    with pytest.raises((WorkerGone, SubmissionError)) as ended:
        call(contained, source, limits=Limits(processes=4))
    if isinstance(ended.value, WorkerGone):
        assert ended.value.reason == "processes"
    else:  # the kernel's own limit took effect first; it does not apply to root
        assert os.getuid() != 0
        assert str(ended.value) == "RuntimeError: can't start new thread"


_HOPS = """
    import os
    def f():
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.setsid()
            os.close(reader)
            for _ in range(200_000):  # each time another number, and no parent but the forkserver
                if os.fork() > 0:
                    os._exit(0)
                os.setsid()
                if writer >= 0:
                    os.close(writer)
                    writer = -1
            os._exit(0)
        os.close(writer)
        os.read(reader, 1)
        return os.getcwd()
    """


def test_what_hops_from_number_to_number_is_caught(contained: Sandbox) -> None:
    if not promised(contained.level, "nothing_survives"):
        pytest.skip(f"{contained.level} does not promise it")
    place = call(contained, _HOPS)
    assert contained.exits  # the worker's end was reported, and it includes the end of its children
    below = psutil.Process(contained.pid).children(recursive=True)
    servers = 2 if contained.level == "namespaces" else 0  # the first process of bubblewrap, and the forkserver
    assert len(below) <= servers, below
    assert isinstance(place, str)
    if contained.level != "namespaces":
        assert not Path(place).exists()


def test_a_scratch_is_removed_whatever_was_made_of_it(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_text("x")
    top = tmp_path / "scratch"
    top.mkdir()
    (top / "link").symlink_to(tmp_path / "outside")
    (top / "shut").mkdir()
    (top / "shut" / "inner").mkdir(mode=0)
    (top / "shut").chmod(0)
    deep = os.open(top, os.O_RDONLY)
    for _ in range(100):  # a path five times as long as the kernel accepts
        os.mkdir("n" * 200, dir_fd=deep)
        deeper = os.open("n" * 200, os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = deeper
    os.close(deep)
    scratch.remove(str(top))
    assert not top.exists()
    assert (tmp_path / "outside" / "kept").read_text() == "x"
    scratch.remove(str(top))  # removing it a second time is not an error


def test_what_takes_too_long_to_remove_is_left_for_later(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"top/{number}").mkdir(parents=True)
    with pytest.raises(scratch.TooMuchError):
        scratch.remove(str(tmp_path / "top"), seconds=0)
    assert (tmp_path / "top").is_dir()
    scratch.remove(str(tmp_path / "top"))
    assert not (tmp_path / "top").exists()


def test_parts_of_a_tree_leave_out_what_is_hidden(tmp_path: Path) -> None:
    for name in ("lib/site/grader/checks", "lib/site/numpy", "lib/site/reference", "bin"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "lib/site/single.py").touch()
    (tmp_path / "lib64").symlink_to("lib")
    site = tmp_path / "lib/site"
    found = landlock.readable_parts([str(tmp_path)], [str(site / "grader"), str(site / "reference")])
    assert found.whole == tuple(sorted(map(str, (tmp_path / "bin", site / "numpy", site / "single.py"))))
    assert found.listed == tuple(map(str, (tmp_path, tmp_path / "lib", site)))


_HEADERS = {  # the kernel's own tables: AArch64 has the numbers that all newer processors share
    0: Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    1: Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize("column", _HEADERS)
def test_the_numbers_of_system_calls_are_those_of_the_kernels_headers(column: int) -> None:
    if not _HEADERS[column].is_file():
        pytest.skip(f"{_HEADERS[column]} is not installed (Debian: linux-libc-dev)")
    defined = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", _HEADERS[column].read_text())
    known = {name: int(number) for name, number in defined}
    ours = {
        call: numbers[column]
        for table in (
            *(seccomp._REFUSED, seccomp._REFUSED_ALONE, seccomp._SKIPPED_ALONE, seccomp._ON_ITSELF_ALONE),
            *(seccomp._SIGNALS, seccomp._REFUSED_UNSCOPED, seccomp._REFUSED_UNTRUNCATED),
        )
        for call, numbers in table.items()
    }
    ours["sched_setaffinity"] = seccomp._SCHED_SETAFFINITY[column]
    assert len(ours) > 60
    # Older headers lack the newest system calls.
    wrong = {call: number for call, number in ours.items() if call in known and known[call] != number}
    assert wrong == {}
    assert {call for call in known if call in ours and ours[call] is None} == set()


# Run in a process of its own, since Landlock's rules cannot be removed from a process.
_OLD_KERNEL = """
import os, socket, sys
from grader.sandbox.levels import landlock, seccomp, seccomp
known, place, foreign = int(sys.argv[1]), sys.argv[2], sys.argv[3]
landlock.restrict(landlock.View((), ()), place, known=known)
seccomp.filter_system_calls(
    alone=True, signals_scoped=landlock.scopes_signals(known), truncation_ruled=landlock.rules_truncation(known)
)
def fails(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return True
    return False
assert fails(open, foreign)
assert fails(open, foreign, "w")
assert fails(os.truncate, foreign, 0)
assert fails(os.kill, os.getppid(), 0)
assert fails(socket.socket)
assert fails(os.listdir, "/proc")
os.kill(os.getpid(), 0)
open(os.path.join(place, "own"), "w").write("x")
print("kept")
"""


@only_landlock
@pytest.mark.parametrize("known", range(1, landlock.abi() + 1))
def test_older_kernels_keep_as_much(known: int, tmp_path: Path) -> None:
    (tmp_path / "foreign").write_text("secret")
    (tmp_path / "scratch").mkdir()
    arguments = [str(known), str(tmp_path / "scratch"), str(tmp_path / "foreign")]
    done = subprocess.run([sys.executable, "-c", _OLD_KERNEL, *arguments], capture_output=True, text=True, cwd=PROJECT)
    assert done.stdout == "kept\n", done.stderr
    assert (tmp_path / "foreign").read_text() == "secret"
    assert (tmp_path / "scratch" / "own").read_text() == "x"


_AS_A_USER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from grader.sandbox.host import launch
from grader.sandbox.host.session import Sandbox
from grader.sandbox.host.trials import PROMISES, outside, promised
assert os.getuid() == 65534
assert not launch.why_not("landlock"), launch.why_not("landlock")
with outside() as aims, Sandbox.start("landlock", threads=1) as sandbox:
    for name, promise in PROMISES.items():
        if promised("landlock", name) and not promise.slow:
            assert promise.trial(sandbox, aims), name
print("kept")
"""


@only_landlock
@pytest.mark.skipif(os.getuid() != 0, reason="the other tests ran as a plain user already")
def test_landlock_keeps_its_promises_as_a_plain_user() -> None:
    bubblewrap, setpriv = shutil.which("bwrap"), shutil.which("setpriv")
    if bubblewrap is None or setpriv is None:
        pytest.skip("becoming another user and showing it this environment needs bwrap and setpriv")
    # The environment may be in a folder that only root may enter, so the user gets a mount view with access to it.
    command = [bubblewrap, "--dev-bind", "/", "/", "--cap-add", "ALL"]
    needed = (*view.environment_folders(), view.PACKAGE)
    closed = {parent for path in needed for parent in path.parents if not parent.stat().st_mode & stat.S_IXOTH}
    for folder in sorted({Path("/tmp"), *closed}):
        command += ["--perms", "0755", "--tmpfs", str(folder)]
    for path in needed:
        for parent in (*reversed(path.parents), path):
            command += ["--perms", "0755", "--dir", str(parent)]
        command += ["--ro-bind", str(path), str(path)]
    command += ["--perms", "1777", "--tmpfs", "/tmp/user", "--chdir", "/tmp/user"]
    command += ["--setenv", "HOME", "/tmp/user", "--setenv", "TMPDIR", "/tmp/user", "--"]
    command += [setpriv, "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    command += [sys.executable, "-B", "-c", _AS_A_USER, str(view.PACKAGE.parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if "bwrap:" in done.stderr:
        pytest.skip(f"this machine lets root bind no folders: {done.stderr.strip()}")
    assert done.stdout == "kept\n", done.stderr
