"""Tests of a real sandbox: calls, errors, limits and their messages; `test_isolation` tries each isolation level."""

from __future__ import annotations

import contextlib
import os
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from grader.ground.machine import spare_cores
from grader.sandbox.host.launch import best_level
from grader.sandbox.host.session import Sandbox, SubmissionError, Worker, WorkerGone
from grader.sandbox.wire.frames import Handle, Limits, Loaded, TracebackLine


def load(worker: Worker, source: str, *names: str) -> Loaded:
    """Load an indented source."""
    return worker.load(textwrap.dedent(source), names or ("f",))


def test_a_call_gets_arguments_and_gives_results(worker: Worker) -> None:
    load(worker, "def f(x, *, scale): return {'sum': x.sum() * scale, 'x': x + 1}, [None, 'a']")
    result = worker.call("f", np.arange(3), scale=2)
    assert result[0]["sum"] == 6
    assert result[0]["x"].tolist() == [1, 2, 3]
    assert result[1] == [None, "a"]


def test_loading_reports_functions_and_errors_and_goes_on(worker: Worker) -> None:
    loaded = load(worker, "import nothing_of_that_name\nx = 1 / 0\ndef f(a, b=1, *, c): pass\ng = 3", "f", "g", "h")
    assert [function.name for function in loaded.functions] == ["f"]
    assert [(p.name, p.kind, p.has_default) for p in loaded.functions[0].parameters or ()] == [
        ("a", "POSITIONAL_OR_KEYWORD", False),
        ("b", "POSITIONAL_OR_KEYWORD", True),
        ("c", "KEYWORD_ONLY", False),
    ]
    assert [(e.type_name, e.frames[-1].line) for e in loaded.errors] == [
        ("ModuleNotFoundError", 1),
        ("ZeroDivisionError", 2),
    ]


def test_loading_as_a_whole_ends_at_the_first_error(worker: Worker) -> None:
    loaded = worker.load("x = 1 / 0\ndef f(): pass", ("f",), whole=True)
    assert [error.type_name for error in loaded.errors] == ["ZeroDivisionError"]
    assert loaded.functions == ()


def test_future_imports_reach_the_statements_after_them(worker: Worker) -> None:
    loaded = load(worker, "from __future__ import annotations\ndef f(x: NotDefinedAnywhere): return 1")
    assert loaded.errors == ()
    assert worker.call("f", 0) == 1


def test_training_while_loading_is_refused_and_told(worker: Worker) -> None:
    loaded = load(worker, "import keras\nmodel = keras.Sequential()\nmodel.fit(1)\ndef f(): return 1")
    assert loaded.trained == (TracebackLine(3, "<module>"),)
    assert [error.type_name for error in loaded.errors] == ["TrainingRefusedError"]


def test_an_exception_crosses_as_text_with_the_students_own_lines(worker: Worker) -> None:
    load(worker, "import numpy as np\ndef g(x):\n    return np.reshape(x, (7, 7))\ndef f(x):\n    return g(x)")
    with pytest.raises(SubmissionError) as caught:
        worker.call("f", np.zeros(3))
    assert caught.value.type_name == "ValueError"
    assert caught.value.frames == (TracebackLine(5, "f"), TracebackLine(3, "g"))


@pytest.mark.parametrize("statement", ["raise SystemExit(0)", "raise KeyboardInterrupt", "raise BaseException('x')"])
def test_any_exception_at_all_is_an_error_of_that_call(worker: Worker, statement: str) -> None:
    load(worker, f"def f(): {statement}\ndef g(): return 1", "f", "g")
    with pytest.raises(SubmissionError):
        worker.call("f")
    assert worker.call("g") == 1


def test_objects_stay_inside_and_come_back_as_the_same_object(worker: Worker) -> None:
    load(worker, "thing = object()\ndef f(): return thing\ndef g(x): return x is thing", "f", "g")
    handle = worker.call("f")
    assert isinstance(handle, Handle)
    assert worker.call("f") == handle
    assert worker.call("g", handle) is True


def test_each_worker_is_fresh(sandbox: Sandbox) -> None:
    source = """
        count = 0
        def f():
            global count
            count += 1
            open('mark', 'a').write('x')
            return count, len(open('mark').read())
        """
    for _ in range(2):
        with sandbox.worker(seed=0) as worker:
            load(worker, source)
            assert worker.call("f") == (1, 1)


def test_the_same_seed_gives_the_same_global_random_numbers(sandbox: Sandbox) -> None:
    source = "import random, numpy as np\ndef f(): return random.random(), float(np.random.rand())"
    drawn = []
    for seed in (1, 1, 2):
        with sandbox.worker(seed=seed) as worker:
            load(worker, source)
            drawn.append(worker.call("f"))
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("while True: pass", "timeout"),
        ("import os; os._exit(0)", "exit"),
        ("import ctypes; ctypes.string_at(0)", "signal"),
        (
            "import signal\n    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n    while True: pass",
            "timeout",
        ),
        ("import os\n    os.write(3, b'\\xff' * 100)\n    return 1", "protocol"),
        ("import os, time\n    os.close(3)\n    time.sleep(600)", "killed"),
    ],
)
def test_what_ends_a_worker_costs_that_worker_alone(sandbox: Sandbox, body: str, reason: str) -> None:
    with sandbox.worker(seed=0) as worker:
        load(worker, f"def f():\n    {body}")
        with pytest.raises(WorkerGone) as gone:
            worker.call("f", seconds=1.0)
        assert gone.value.reason == reason
        with pytest.raises(WorkerGone):
            worker.call("f")
    with sandbox.worker(seed=0) as worker:
        load(worker, "def f(): return 1")
        assert worker.call("f") == 1


def test_memory_is_limited_over_all_processes(sandbox: Sandbox) -> None:
    with sandbox.worker(seed=0, limits=Limits(memory_mb=1200)) as worker:
        load(
            worker,
            """
            import numpy as np, time
            def f():
                kept = []
                while True:
                    kept.append(np.ones(2**22))
                    time.sleep(0.001)
            """,
        )
        with pytest.raises(WorkerGone) as gone:
            worker.call("f", seconds=30)
    assert gone.value.reason == "memory"
    assert gone.value.detail == "used more than 1200 MB of memory"


def test_memory_that_processes_no_longer_share_is_counted(sandbox: Sandbox) -> None:
    with sandbox.worker(seed=0, limits=Limits(memory_mb=1000)) as worker:
        load(
            worker,
            """
            import os, time
            def share(count, write):
                kept = bytearray(b"x") * (150 * 2**20)
                for _ in range(count):
                    if os.fork() == 0:
                        for place in range(0, len(kept) if write else 0, 4096):
                            kept[place] = 1
                        time.sleep(60)
                time.sleep(60 if write else 1)
                return count
            """,
            "share",
        )
        assert worker.call("share", 10, False, seconds=30) == 10
        with pytest.raises(WorkerGone) as gone:
            worker.call("share", 10, True, seconds=60)
    assert gone.value.reason == "memory"


def test_the_memory_of_all_workers_together_is_limited(sandbox: Sandbox) -> None:
    limits = Limits(memory_mb=600)
    source = "kept = []\ndef f():\n    kept.append(bytearray(b'x') * (200 * 2**20))\n    return len(kept)"
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(sandbox.worker(seed=0, limits=limits)) for _ in range(8)]
        for worker in workers:
            load(worker, source)
        with pytest.raises(WorkerGone, match="more than 1200 MB of memory between all calls together") as gone:
            for worker in workers * 2:
                worker.call("f")
                time.sleep(0.3)
    assert gone.value.reason == "memory"


def test_an_absurd_allocation_is_an_error_that_a_student_can_read(worker: Worker) -> None:
    load(worker, "import numpy as np\ndef f(): return np.ones((10**6, 10**6))")
    with pytest.raises(SubmissionError, match="Unable to allocate"):
        worker.call("f")


def test_a_fork_bomb_ends_alone(sandbox: Sandbox) -> None:
    with sandbox.worker(seed=0, limits=Limits(processes=20)) as worker:
        load(
            worker, "import os, time\ndef f():\n    while True:\n        if os.fork() == 0:\n            time.sleep(60)"
        )
        with pytest.raises(WorkerGone) as gone:
            worker.call("f", seconds=30)
    assert gone.value.reason == "processes"


def test_the_scratch_is_limited(sandbox: Sandbox) -> None:
    with sandbox.worker(seed=0, limits=Limits(file_mb=8)) as worker:
        load(
            worker,
            "def f():\n    with open('big', 'wb') as file:\n        for _ in range(100): file.write(bytes(2**20))",
        )
        with pytest.raises((SubmissionError, WorkerGone)):
            worker.call("f")


def test_printing_without_end_neither_blocks_nor_fills_memory(worker: Worker) -> None:
    load(worker, "def f():\n    for _ in range(20000): print('x' * 1000)\n    return 1")
    assert worker.call("f") == 1
    assert len(worker.log) <= 8192


def test_a_pinned_worker_stays_on_its_core() -> None:
    source = """
    import os
    def f(): return sorted(os.sched_getaffinity(0))
    def widen(): os.sched_setaffinity(0, range(os.cpu_count()))
    """
    with Sandbox.start(best_level(), threads=1, pinned=True) as pinned, pinned.worker(seed=0) as worker:
        load(worker, source, "f", "widen")
        assert worker.call("f") == [max(os.sched_getaffinity(0))]
        with contextlib.suppress(SubmissionError):
            worker.call("widen")
        assert len(worker.call("f")) == 1


@pytest.mark.skipif(len(spare_cores(1)) == 0, reason="this machine has one core")
def test_a_worker_beside_starts_on_other_cores_and_moves_with_all_its_threads() -> None:
    source = """
    import os, queue, threading
    asked, answers = queue.Queue(), queue.Queue()
    def answer():
        while asked.get():
            answers.put(os.sched_getaffinity(0))
    threading.Thread(target=answer, daemon=True).start()

    def f():
        asked.put(True)
        return sorted(os.sched_getaffinity(0) | answers.get())
    """
    aside = spare_cores(1)
    with Sandbox.start(best_level(), threads=1, pinned=True) as pinned, pinned.second(aside) as second:
        assert second is not None
        with pinned.worker(seed=0) as worker, second.worker(seed=0) as other:
            load(other, source)
            load(worker, source)
            own = worker.call("f")
            assert other.call("f") == list(aside)
            assert set(own).isdisjoint(aside)
            for cores, expected in (((), own), (aside, list(aside))):
                second.pin(other.number, cores)
                second.account(other.number)  # orders are obeyed one after the other
                assert other.call("f") == expected
            assert worker.call("f") == own


def test_an_epoch_does_not_wait_for_a_thread_that_tunes_its_pipeline(worker: Worker) -> None:
    source = """
    import keras, numpy as np
    from keras.src.backend.tensorflow import trainer
    kept = []
    begin = trainer.TFEpochIterator.__init__
    def noted(self, *args, **kwargs):
        begin(self, *args, **kwargs)
        kept.append(self._distributed_dataset.options().autotune.enabled)
    trainer.TFEpochIterator.__init__ = noted
    def f(x):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(x, x[:, :1], validation_data=(x, x[:, :1]), verbose=0)
        model.predict(x, verbose=0)
        return kept
    """
    load(worker, source)
    assert worker.call("f", np.ones((8, 2), np.float32)) == [False, False, False]


def test_the_trusted_side_never_imports_what_submissions_run_on() -> None:
    import subprocess

    code = (
        "import sys, grader.cli, grader.grading.batch, grader.checks.functions.fixtures\n"
        "import grader.checks.functions.task5.test_train, grader.checks.functions.task6.test_accuracy\n"
        "bad = [m for m in ('tensorflow', 'keras', 'matplotlib.pyplot', 'h5py') if m in sys.modules]\n"
        "sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parent.parent
    )
    assert done.returncode == 0, done.stderr
