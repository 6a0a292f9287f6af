"""Fixtures: one real sandbox for the whole run, and a real grading process of this one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.batch import Settings, Slot
from grader.course import Course
from grader.sandbox.launch import best_level
from grader.sandbox.session import Sandbox, Worker


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
def leaves_nothing(tmp_path: Path) -> Iterator[None]:
    """No test leaves a child process of a sandbox's worker, or a descriptor, behind."""
    before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()
    yield
    after = set(os.listdir("/proc/self/fd")) if before else set()
    assert len(after) <= len(before) + 8, "descriptors were left open"
