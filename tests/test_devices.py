"""Tests of backends and devices: those that are installed work, and for the others there is a clear message."""

from __future__ import annotations

import ast
import functools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grader
from grader.checks.common.tools import tools_in
from grader.sandbox.host import devices
from grader.sandbox.host.launch import LEVELS, best_level, why_not
from grader.sandbox.host.session import Sandbox, SandboxError
from grader.sandbox.levels import confine, view
from grader.sandbox.wire import backends
from grader.submissions.reference import write_reference

OTHERS = [name for name in backends.BACKENDS if name != "tensorflow"]


def skip_without(name: str) -> None:
    if reason := backends.why_missing(name):
        pytest.skip(reason)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The reference solution as one file."""
    path = tmp_path_factory.mktemp("reference") / "reference.py"
    write_reference(path)
    return path.read_text()


def images(seed: int = 0) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (64, 16, 16, 3), np.uint8), np.eye(3, dtype=np.float32)[np.arange(64) % 3]


_SMALL = """
def small():
    model = keras.Sequential([keras.Input((16, 16, 3)), layers.Rescaling(1 / 255), layers.Conv2D(4, 3),
                              layers.GlobalAveragePooling2D(), layers.Dropout(0.5), layers.Dense(3, "softmax")])
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
"""


def losses(sandbox: Sandbox, source: str) -> list[float]:
    """Train a small network like the reference for two epochs in a fresh worker, and return the losses."""
    with sandbox.worker(seed=5) as worker:
        worker.load(source + _SMALL, ("small", "train"))
        model = worker.call("small")
        x, y = images()
        history = worker.call("train", model, x, y, x, y, epochs=2, batch_size=32, seconds=300)
        return list(tools_in(worker).describe_history(history, model)["curves"]["loss"])


def in_a_process(code: str, folder: Path, name: str) -> str:
    """Run code in a separate process, on a backend with one thread, and return what it prints."""
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(view.PACKAGE.parent)}
    variables |= backends.environment(name, threads=1, device="cpu")
    command = [sys.executable, "-B", "-c", code]
    done = subprocess.run(command, env=variables, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


_UNFORKED = """
import json
from grader.sandbox.inside import backend
backend.preload()
backend.seed_everything(5)
exec(open("solution.py").read())
import numpy as np
with np.load("images.npz") as file:
    x, y = file["x"], file["y"]
print(json.dumps(train(small(), x, y, x, y, epochs=2, batch_size=32).history["loss"]))
"""


@pytest.fixture(scope="module")
def unforked(reference: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[float]]:
    """The same losses from a process that was never forked, by backend."""

    @functools.cache
    def train(name: str) -> list[float]:
        folder = tmp_path_factory.mktemp(name)
        (folder / "solution.py").write_text(reference + _SMALL)
        x, y = images()
        np.savez(folder / "images.npz", x=x, y=y)
        return list(json.loads(in_a_process(_UNFORKED, folder, name).splitlines()[-1]))

    return train


def test_a_backend_that_is_not_there_is_said_before_anything_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    start = Sandbox.start(best_level(), threads=1, backend="caffe")
    with pytest.raises(SandboxError, match=r"^there is no backend caffe \(known: tensorflow, jax, torch\)\.$"), start:
        pass
    monkeypatch.setattr("sys.path", [])
    monkeypatch.setattr("sys.modules", {})
    assert backends.why_missing("jax") == "the backend jax is not installed; try `pip install jax`"


def test_a_gpu_that_is_not_there_is_said_before_anything_is_started() -> None:
    start = Sandbox.start(best_level(), threads=1, device="gpu:99")
    with pytest.raises(SandboxError, match=r"^this machine has no device gpu:99 \(.+\)\.$"), start:
        pass
    assert devices.why_no_device("cpu", "namespaces") == ""
    assert devices.model_of("cpu") == devices.model_of("gpu:99") == ""


def test_landlock_offers_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "gpus", lambda: (devices.Gpu(0, "Model A"),))
    assert devices.why_no_device("gpu:0", "namespaces") == ""
    assert devices.why_no_device("gpu:0", "landlock").startswith("the isolation level landlock offers no GPU")
    assert devices.why_no_device("gpu:1", "process") == "this machine has no device gpu:1 (there are gpu:0)"
    assert devices.model_of("gpu:0") == "Model A"


def test_gpus_are_read_from_either_account_of_the_driver(tmp_path: Path) -> None:
    assert devices.from_table("0, NVIDIA A100-SXM4-40GB\n1, NVIDIA T4\n") == (
        devices.Gpu(0, "NVIDIA A100-SXM4-40GB"),
        devices.Gpu(1, "NVIDIA T4"),
    )
    assert devices.from_table("NVIDIA-SMI has failed, because it couldn't reach the driver.\n") == ()
    for place, model in (("0000:3b:00.0", "Tesla T4"), ("0000:18:00.0", "NVIDIA A30")):
        (tmp_path / "gpus" / place).mkdir(parents=True)
        (tmp_path / "gpus" / place / "information").write_text(f"Model: \t\t {model}\nIRQ:   \t\t 42\n")
    assert devices.from_driver(tmp_path) == (devices.Gpu(0, "NVIDIA A30"), devices.Gpu(1, "Tesla T4"))
    assert devices.from_driver(tmp_path / "absent") == ()


def test_the_environment_shows_one_device_alone() -> None:
    for name in backends.BACKENDS:
        on_processor = backends.environment(name, threads=3, device="cpu")
        assert on_processor["KERAS_BACKEND"] == name
        assert on_processor["CUDA_VISIBLE_DEVICES"] == ""
        assert on_processor["JAX_PLATFORMS"] == on_processor["KERAS_TORCH_DEVICE"] == "cpu"
        assert {on_processor[key] for key in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "NPROC")} == {"3"}
        on_gpu = backends.environment(name, threads=3, device="gpu:1")
        assert on_gpu["CUDA_VISIBLE_DEVICES"] == "1"
        assert on_gpu["JAX_PLATFORMS"] == on_gpu["KERAS_TORCH_DEVICE"] == "cuda"


@pytest.fixture(scope="module", params=backends.BACKENDS)
def on_backend(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox with each backend that is installed."""
    skip_without(request.param)
    with Sandbox.start(best_level(), threads=1, backend=request.param) as sandbox:
        yield sandbox


def test_a_sandbox_computes_on_its_backend_and_on_the_processor(on_backend: Sandbox) -> None:
    name = next(name for name in backends.BACKENDS if name in on_backend.versions)
    assert set(on_backend.versions) == {"python", "keras", "numpy", name}
    with on_backend.worker(seed=0) as worker:
        facts = tools_in(worker).device_facts()
        assert facts["backend"] == name
        assert facts["gpu"] is False
        assert all("cpu" in device for device in facts["devices"])
        assert tools_in(worker).device_memory_mb() is None


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", backends.BACKENDS)
def test_workers_forked_after_the_backend_was_imported_train_as_one_that_was_not(
    name: str, level: str, reference: str, unforked: Callable[[str], list[float]]
) -> None:
    skip_without(name)
    if reason := why_not(level):
        pytest.skip(reason)
    with Sandbox.start(level, threads=1, backend=name) as sandbox:
        assert [losses(sandbox, reference) for _ in range(2)] == [unforked(name)] * 2


_WITHOUT = """
import sys
sys.modules["tensorflow"] = None  # as if it were not installed
from grader.sandbox.inside import backend
assert backend.device_facts()["backend"] in backend.preload()
backend.seed_everything(0)
import keras, numpy as np
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
model.compile("adam", "mean_squared_error")
model.fit(np.ones((4, 4)), np.ones((4, 2)), verbose=0)
backend.synchronize(model)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_the_other_backends_do_without_tensorflow(name: str, tmp_path: Path) -> None:
    skip_without(name)
    in_a_process(_WITHOUT, tmp_path, name)


_THREADS = """
import keras, os
def f():
    x = keras.ops.ones((64, 64))
    float(keras.ops.sum(keras.ops.matmul(x, x)))
    return len(os.listdir("/proc/self/task"))
"""


def test_jax_starts_as_many_threads_as_it_is_told() -> None:
    skip_without("jax")
    found = []
    for threads in (1, 4):
        with Sandbox.start(best_level(), threads=threads, backend="jax") as sandbox, sandbox.worker(seed=0) as worker:
            worker.load(_THREADS, ("f",))
            found.append(worker.call("f"))
    assert found[0] < found[1]


def test_weights_are_waited_for_in_the_middle_of_training(on_backend: Sandbox) -> None:
    source = """
import keras, numpy as np
from grader.sandbox.inside import backend
class Wait(keras.callbacks.Callback):
    batches = 0
    def on_train_batch_end(self, batch, logs=None):
        backend.synchronize(self.model)
        self.batches += 1
def f():
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2)])
    model.compile(optimizer="sgd", loss="mean_squared_error")
    before = np.array(model.get_weights()[0])
    wait = Wait()
    model.fit(np.ones((12, 4)), np.ones((12, 2)), batch_size=4, verbose=0, callbacks=[wait])
    return wait.batches, bool((model.get_weights()[0] != before).all())
"""
    with on_backend.worker(seed=0) as worker:
        worker.load(source, ("f",))
        assert worker.call("f") == (3, True)


@pytest.mark.skipif(bool(why_not("namespaces")), reason=why_not("namespaces"))
@pytest.mark.skipif(bool(devices.gpus()), reason="there is a GPU")
def test_a_sandbox_for_a_gpu_starts_and_tells_where_the_driver_finds_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "gpus", lambda: (devices.Gpu(0, "Model A"),))
    source = """
import os, resource
def f(paths):
    unlimited = resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY
    return [path for path in paths if os.path.exists(path)], unlimited
"""
    places = [*(f"/proc/{name}" for name in confine.PROC_OF_GPUS), str(view.MACHINE)]
    there = [place for place in places if Path(place).exists()]
    with Sandbox.start("namespaces", threads=1, device="gpu:0") as sandbox, sandbox.worker(seed=0) as worker:
        worker.load(source, ("f",))
        assert worker.call("f", there) == (there, True)
        assert tools_in(worker).device_facts()["gpu"] is False
    with Sandbox.start("namespaces", threads=1) as sandbox, sandbox.worker(seed=0) as worker:
        worker.load(source, ("f",))
        assert worker.call("f", there) == ([], False)


def test_no_other_module_names_a_backend() -> None:
    names = {*backends.BACKENDS, "tf", "jaxlib"}
    package = Path(grader.__file__).parent
    found = []
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import():
                    named = [alias.name for alias in node.names]
                case ast.ImportFrom(module=str(module)):
                    named = [module]
                case ast.Constant(value=str(text)):  # compared with, or imported by
                    named = [text]
                case _:
                    continue
            if any(name.split(".")[0] in names for name in named):
                found.append(f"{path.relative_to(package)}:{node.lineno}")
    assert found
    # A command line's option has its choices in its annotation, which must name them; and what submissions may
    # import by default is a list of names.
    known = ("sandbox/inside/backend.py:", "sandbox/wire/backends.py:", "cli/speed.py:", "course/modules.py:")
    assert [place for place in found if not place.startswith(known)] == []
