"""Fixtures: one real sandbox for the whole run, and a real grading process of this one."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.course import Course, Settings
from grader.grading.slots import Slot
from grader.sandbox.host.launch import best_level
from grader.sandbox.host.session import Sandbox, Worker

_TEMPORARY = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Where the tests run in the background, Ctrl-C is ignored, and so by every program that they start: not here."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # With `-n`: what the tests start is to know nothing of the other test process, and the machine's lock, which lies
    # among the temporary files, is each one's own.
    if os.environ.pop("PYTEST_XDIST_WORKER", ""):
        os.environ["TMPDIR"] = tempfile.tempdir = config.stash[_TEMPORARY] = tempfile.mkdtemp()
        Path(tempfile.tempdir).chmod(0o1777)  # as /tmp is: some tests run as another user


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    if _TEMPORARY in config.stash:
        shutil.rmtree(config.stash[_TEMPORARY])


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A running forkserver at the strongest level of this machine."""
    with Sandbox.start(best_level(), threads=1) as sandbox:
        yield sandbox


@pytest.fixture
def worker(sandbox: Sandbox) -> Iterator[Worker]:
    """A fresh worker."""
    with sandbox.worker(seed=0) as worker:
        yield worker


@pytest.fixture(scope="session")
def quick() -> Iterator[Slot]:
    """A slot that grades in the quick profile."""
    with Slot(Settings(Course(), "quick", frozenset(), best_level())) as slot:
        yield slot


@pytest.fixture(autouse=True)
def leaves_nothing() -> Iterator[None]:
    """No test leaves a descriptor open; a sandbox of the whole run may be started on the way."""
    folder = Path("/proc/self/fd")
    before = len(list(folder.iterdir())) if folder.is_dir() else 0
    yield
    after = len(list(folder.iterdir())) if folder.is_dir() else 0
    assert after <= before + 8, "descriptors were left open"
