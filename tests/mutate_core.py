"""Mutation testing of the trusted core: its unit tests should catch every mutant of the code that awards points.

`python -m tests.mutate_core [MODULE...]` (tox -e mutation) has mutmut change these modules in one place at a time, runs
each module's own tests with every mutant, and writes docs/generated/mutation-core.md. A mutant that survives without
a reason in `SOUND` is a gap in the tests, and the exit status is then 1. With the names of modules, only these are
tried.

Each mutant runs in a process of its own, forked before anything of the grader is imported, in which it replaces the
module.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import multiprocessing
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from tests.mutation import Mutant, Reasons, mutants, reason, survivors, table

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "generated" / "mutation-core.md"
_SECONDS: Final = 120
_QUICK: Final = "not of_any_content and not arbitrary_bytes"  # these tests would take half a minute for every mutant
_PRELOADED: Final = ("keras", "hypothesis.extra.numpy", "scipy.stats", "rich.console", "cyclopts", "IPython")

TESTS: Final = {
    "grader/results/scoring.py": ("tests/test_scoring.py",),
    "grader/course/thresholds.py": ("tests/test_calibration.py",),
    "grader/checks/functions/task5/oracles.py": ("tests/test_oracles.py",),
    "grader/checks/common/verdict.py": ("tests/test_verdict.py",),
    "grader/sandbox/wire/channel.py": ("tests/test_wire.py",),
    "grader/sandbox/wire/frames.py": ("tests/test_wire.py",),
}

SOUND: Final[Reasons] = (
    (
        "make_result",
        r"round\(.*, 3\)",
        "the points of each line have two digits already, so their sum has no third one",
    ),
    ("source_of_call", r"^\+.*zip\(parameters, args(, strict=None)?\)", "what `zip` does unless told otherwise"),
    ("describe", r"^\+.*'XXaeiouXX'", "the letter that is looked for is a small one"),
    ("", r"^\+.*reshape\(-2, ", "NumPy takes any negative length for the one that is unknown"),
    ("script_images", r"^\+.*% 257", "there are far fewer images than levels"),
    ("script_accuracy", r"^\+.*sum\(range\(SCRIPT_CLASSES", "a sum from 0 on is one from 1 on"),
    ("expected_epochs", r"^\+.*best, waited = \(0, 1\)", "every rank is above 0, so the first epoch sets it to 0"),
)
"""Surviving mutants that behave as they should, with the reasons."""


def survives(module: str, source: str) -> bool:
    """Whether a module's tests pass with another source in its place; the process must not be used afterwards.

    Args:
        module: The module's path, a key of `TESTS`.
        source: The source to run instead.
    """

    def stop(*_: object) -> None:
        raise TimeoutError("the tests take too long")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, _SECONDS, 1)  # repeatedly, since the code under test may catch the exception
    name = module.removesuffix(".py").replace("/", ".")
    assert name not in sys.modules, f"{name} was imported before it could be replaced"
    with open(os.devnull, "w") as silent, contextlib.redirect_stdout(silent), contextlib.redirect_stderr(silent):
        try:
            spec = importlib.util.spec_from_loader(name, None, origin=str(ROOT / module))
            assert spec is not None
            replaced = importlib.util.module_from_spec(spec)
            replaced.__file__ = str(ROOT / module)
            sys.modules[name] = replaced
            exec(compile(source, str(ROOT / module), "exec"), replaced.__dict__)
        except Exception:
            return False
        arguments = [
            "-x",
            "-q",
            "--assert=plain",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-k",
            _QUICK,
            *TESTS[module],
        ]
        return pytest.main(arguments) == pytest.ExitCode.OK


def alive_among(module: str, found: list[Mutant], pool: Any) -> list[Mutant]:
    """Return the mutants of a module that its tests do not notice.

    Raises:
        SystemExit: If the tests do not pass with the unchanged module.
    """
    if not pool.apply(survives, (module, (ROOT / module).read_text())):
        raise SystemExit(f"{module}: {' '.join(TESTS[module])} must pass before a mutant can be told.")
    lived = pool.starmap(survives, [(module, mutant.source) for mutant in found], chunksize=1)
    return [mutant for mutant, alive in zip(found, lived, strict=True) if alive]


def main(modules: list[str]) -> int:
    """Try the mutants of some modules, or of all, and write the page."""
    tried = {}
    for name in _PRELOADED:  # this takes seconds, so it is done before forking
        importlib.import_module(name)
    with multiprocessing.get_context("fork").Pool(maxtasksperchild=1) as pool:
        for module in modules or TESTS:
            found = mutants((ROOT / module).read_text())
            tried[module] = found, alive_among(module, found, pool)
            print(f"{module}: {len(found)} mutants, {len(tried[module][1])} alive", flush=True)
            for mutant in holes(tried[module][1]):
                print(f"NO REASON: {mutant.name}\n  " + "\n  ".join(mutant.change), flush=True)
    PAGE.write_text(page(tried))
    return 1 if any(holes(alive) for _, alive in tried.values()) else 0


def holes(alive: list[Mutant]) -> list[Mutant]:
    """Return the survivors for which no reason is known."""
    return [mutant for mutant in alive if not reason(mutant, SOUND)]


def page(tried: dict[str, tuple[list[Mutant], list[Mutant]]]) -> str:
    """Return a Markdown page with how many mutants were caught, and the survivors with the reasons."""
    alive = [mutant for _, lived in tried.values() for mutant in lived]
    every = sum(len(found) for found, _ in tried.values())
    lines = [
        "# Mutants of the trusted core",
        "",
        "What turns evidence into points, and what decodes the frames of a worker, is held by unit tests, and mutants "
        f"say how well: each is the module with one change in one function, which a test has to notice. Of {every} "
        f"that [mutmut](https://mutmut.readthedocs.io) made, {every - len(alive)} are caught. The others change "
        "nothing that matters, for the reasons below.",
        "",
        *table("module", [(module, len(found), len(lived)) for module, (found, lived) in tried.items()]),
        "",
        "Written by `tox -e mutation`.",
        *survivors(alive, lambda mutant: reason(mutant, SOUND)),
    ]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
