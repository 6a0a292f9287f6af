"""Fixtures for all tests: one real sandbox for the whole run, and a slot that grades with it."""

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
    """Restore the default handling of Ctrl-C, and give each process of pytest-xdist temporary files of its own.

    A shell lets programs in the background ignore Ctrl-C, and every program that the tests start would inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # With `-n`, programs that the tests start must not notice the other test process.  The machine's lock is among the
    # temporary files, so each process has a lock of its own.
    if os.environ.pop("PYTEST_XDIST_WORKER", ""):
        os.environ["TMPDIR"] = tempfile.tempdir = config.stash[_TEMPORARY] = tempfile.mkdtemp()
        Path(tempfile.tempdir).chmod(0o1777)  # like /tmp, since some tests run as another user


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the temporary files."""
    if _TEMPORARY in config.stash:
        shutil.rmtree(config.stash[_TEMPORARY])


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox at the strongest isolation level of this machine."""
    with Sandbox.start(best_level(), threads=1) as sandbox:
        yield sandbox


@pytest.fixture
def worker(sandbox: Sandbox) -> Iterator[Worker]:
    """A fresh worker."""
    with sandbox.worker(seed=0) as worker:
        yield worker


@pytest.fixture(scope="session")
def quick() -> Iterator[Slot]:
    """A slot that grades in the profile `quick`."""
    with Slot(Settings(Course(), "quick", frozenset(), best_level())) as slot:
        yield slot


@pytest.fixture(autouse=True)
def leaves_nothing() -> Iterator[None]:
    """Make sure that no test leaves file descriptors open; a few may belong to the sandbox of the whole run."""
    folder = Path("/proc/self/fd")
    before = len(list(folder.iterdir())) if folder.is_dir() else 0
    yield
    after = len(list(folder.iterdir())) if folder.is_dir() else 0
    assert after <= before + 8, "descriptors were left open"
