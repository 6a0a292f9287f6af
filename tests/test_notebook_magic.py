"""Tests of `%grade` in a real kernel, and of which executed cells count."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from grader.submissions.history import Input, as_it_stands, holds_code, read_history

pytest.importorskip("ipykernel")
manager = pytest.importorskip("jupyter_client.manager")

SAMPLES = Path(__file__).parent.parent / "submissions"
SECONDS = 240.0
SOUND = (SAMPLES / "complete-divides.py").read_text(encoding="utf-8")
SUBSET = SOUND[SOUND.index("def subset_data(") : SOUND.index("def show_examples(")]
IMPORTS = "import numpy as np\n"


class Kernel:
    """A kernel started like Jupyter does, with a front end that runs cells in it."""

    def __init__(self, folder: Path) -> None:
        self.manager = manager.KernelManager(kernel_name="python3")
        package = str(Path(__file__).parents[1])
        self.manager.start_kernel(
            cwd=str(folder),
            env={**os.environ, "PYTHONPATH": package},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    @property
    def pid(self) -> int:
        return int(self.manager.provisioner.pid)

    def send(self, code: str, cell: str = "") -> str:
        """Run a cell without waiting; its id is sent like JupyterLab and VS Code do."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell} if cell else {})
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def shown(self, sent: str, *, until: str = "") -> dict[str, str]:
        """Return a cell's output once it has run, or as soon as it contains a text."""
        shown: dict[str, str] = {"text/plain": ""}
        while True:
            message = self.client.get_iopub_msg(timeout=SECONDS)
            content = message["content"]
            if message["parent_header"].get("msg_id") != sent:
                continue
            if message["msg_type"] in ("display_data", "update_display_data"):
                shown = content["data"]
            elif message["msg_type"] == "stream" and content["name"] == "stdout":
                shown = {"text/plain": shown["text/plain"] + content["text"]}
            elif message["msg_type"] == "error":
                raise AssertionError("\n".join(content["traceback"]))
            elif message["msg_type"] == "status" and content["execution_state"] == "idle":
                return shown
            if until and until in shown["text/plain"]:
                return shown

    def run(self, code: str, cell: str = "") -> dict[str, str]:
        return self.shown(self.send(code, cell))

    def text(self, code: str, cell: str = "") -> str:
        return self.run(code, cell)["text/plain"]

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.pid).children(recursive=True)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel()
        self.manager.cleanup_resources()


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    (tmp_path / "work").mkdir()
    kernel = Kernel(tmp_path / "work")
    yield kernel
    kernel.close()
    assert list((tmp_path / "work").iterdir()) == []


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=30)
    return not [process for process in alive if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # jupyter_client and pyzmq emit warnings of their own
def test_a_notebook_checks_itself_and_the_sandbox_stays(kernel: Kernel) -> None:
    assert kernel.text("%load_ext grader") == ""
    assert kernel.text("%grade").strip() == (
        "%grade: nothing was run in this kernel yet: run the cells with your functions, or name a file with --file."
    )
    kernel.run(IMPORTS, "imports")
    kernel.run(SUBSET.replace(".permutation(indices)", ".choice(indices, 1)"), "subset")
    first = kernel.run("%grade 2")
    assert "notebook: " in first["text/plain"] and " of 10 checks passed (quick, " in first["text/plain"]
    assert 'class="keras-grader"' in first["text/html"]
    sandbox = kernel.children()
    assert sandbox

    kernel.run(SUBSET, "subset")
    began = time.monotonic()
    second = kernel.run("%grade subset_data")
    assert "20 of 20 points, 10 of 10 checks passed" in second["text/plain"]
    assert "Better than before" in second["text/plain"]
    assert "Better than before" in second["text/html"]
    assert time.monotonic() - began < 60
    assert {process.pid for process in sandbox} <= {process.pid for process in kernel.children()}

    assert kernel.text("%grade subset_dta").strip() == (
        "%grade: subset_dta: there is no such function; did you mean subset_data?"
    )
    assert kernel.text("%grade 7").strip() == "%grade: 7: there is no such task; the tasks are 1 to 6."
    assert kernel.text("%grade --fiel x").strip() == (
        "%grade: unrecognized arguments: --fiel; `%grade --help` shows what there is."
    )
    assert "there is no such file or folder." in kernel.text("%grade --file none.py")
    assert "%grade subset_data  one function" in kernel.text("%grade --help")
    # Of the grader, only the magic is imported in the kernel.
    assert kernel.text(
        "import sys; print(sorted(n for n in sys.modules if n.split('.')[0] in ('grader', 'pytest')))"
    ) == ("['grader', 'grader.ipython_magic']\n")

    assert kernel.text("%grade --stop") == "The sandbox was ended.\n"
    assert gone(sandbox)
    assert kernel.text("%grade --stop") == "There is no sandbox.\n"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_an_interrupted_check_leaves_the_sandbox_for_the_next(kernel: Kernel) -> None:
    kernel.run("%load_ext grader")
    kernel.run(IMPORTS)
    kernel.run("def subset_data(x, y, classes=(0, 1, 2), seed=None):\n    while True: pass")
    sent = kernel.send("%grade 2")
    kernel.shown(sent, until="Checking subset_data")
    time.sleep(1)
    began = time.monotonic()
    kernel.manager.interrupt_kernel()
    assert kernel.shown(sent)["text/plain"] == "%grade: stopped."
    kernel.run(SUBSET)
    assert "20 of 20 points" in kernel.text("%grade 2")
    assert time.monotonic() - began < 25  # a call may take 30 seconds


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_sandbox_ends_with_a_kernel_that_is_killed(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    kernel.run("%load_ext grader")
    kernel.run(IMPORTS + SUBSET)
    kernel.run("%grade 2")
    started = kernel.children()
    assert started
    os.kill(kernel.pid, signal.SIGKILL)
    assert gone(started)
    kernel.close()


def inputs(*texts: str | tuple[str, str]) -> list[Input]:
    return [
        Input(number, text if isinstance(text, str) else text[0], "" if isinstance(text, str) else text[1])
        for number, text in enumerate(texts, 1)
    ]


def stand(*texts: str | tuple[str, str]) -> list[tuple[int, str]]:
    return [(each.number, each.text) for each in as_it_stands(inputs(*texts))]


def test_of_a_cell_that_ran_again_the_last_text_counts_where_the_cell_stands() -> None:
    assert stand(("n = 1", "a"), ("m = n", "b"), ("n = 2", "a")) == [(3, "n = 2"), (2, "m = n")]


def test_the_same_text_is_one_cell_where_no_ids_are_told() -> None:
    assert stand("model.fit(x)", "y = 1", "model.fit(x)") == [(3, "model.fit(x)"), (2, "y = 1")]


def test_a_later_definition_wins_in_whatever_cell_and_the_rest_of_the_earlier_stays() -> None:
    earlier = "import numpy as np\n@np.vectorize\ndef f(x):\n    return 1\nn = 3"
    assert stand((earlier, "a"), ("def f(x):\n    return 2", "b")) == [
        (1, "import numpy as np\n\n\n\nn = 3"),
        (2, "def f(x):\n    return 2"),
    ]
    # The first cell was executed again after the second, but keeps its place before it.
    assert stand(("def f(): 1", "a"), ("def f(): 2", "b"), ("def f(): 3", "a")) == [(3, "def f(): 3"), (2, "")]


def test_what_python_refused_was_not_executed() -> None:
    assert stand("def f(): 1", "def f((: 2", "%time n = 1") == [(1, "def f(): 1"), (3, "%time n = 1")]


def test_magics_alone_are_no_code() -> None:
    assert not holds_code(inputs("%load_ext grader", "!pip install keras", "%%html\n<p>", "%grade 2  # mine", "a = ("))
    assert holds_code(inputs("%load_ext grader", "%time n = 1"))


def test_cells_have_the_numbers_in_their_brackets() -> None:
    made = read_history(
        "notebook", inputs("n = 1", ("def train():\n    pass", "a"), "m = (", ("def train(model):\n    return n", "a"))
    )
    assert made.source == "n = 1\ndef train(model):\n    return n\n"
    assert [made.locate(number) for number in (1, 2, 3)] == [(1, 1), (4, 1), (4, 2)]
    assert made.quote(4, 2) == "    return n"
    assert made.functions == ("train",)


def test_loading_the_package_loads_nothing_else() -> None:
    code = "import sys; import grader; print([name for name in sys.modules if name.startswith('grader.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
