"""Tests that code for Jupyter, Colab and VS Code, or for a missing GPU, works and costs no points."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from grader.grading.slots import Slot
from grader.results.scoring import Result
from grader.sandbox.host.session import Sandbox, Worker
from grader.submissions import SubmissionFile, read_submission

HERE = Path(__file__).parent
PLAIN = (HERE / "wheats" / "plain.py").read_text()
FLAT = (HERE / "guided" / "wheats" / "p10_flat_script.py").read_text()


def lost(result: Result) -> dict[str, str]:
    """Return the messages of the checks that did not pass."""
    return {check.id: check.message for check in result.checks if check.status != "passed"}


def graded(quick: Slot, folder: Path, text: str, name: str = "solution.py") -> Result:
    (folder / name).write_text(text)
    return quick.grade(SubmissionFile("ada", folder / name)).result


def notebook(*cells: str, language: str = "sql", other: str = "SELECT * FROM results") -> str:
    code = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    code.append({**code[0], "metadata": {"vscode": {"languageId": language}}, "source": other})
    return json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


COLAB = """
    from google.colab import auth, drive, files, userdata
    from google.colab.patches import cv2_imshow
    drive.mount("/content/drive", force_remount=True)
    os.chdir("/content/drive/MyDrive/course")
    os.environ["WANDB_API_KEY"] = userdata.get("WANDB_API_KEY")
    FOLDER = "/content/drive/MyDrive/models"
    os.makedirs(FOLDER, exist_ok=True)
    uploaded = files.upload()
    for name in uploaded.keys():
        print(name)
    auth.authenticate_user()
    MAX_EPOCHS = 50 if "Colab" in str(get_ipython()) else 100
"""


def in_colab(text: str) -> str:
    """Return a solution that uses Colab at the top, in `train` and in `plot_history`."""
    text = text.replace("import keras\n", f"import keras\nimport os\n{textwrap.dedent(COLAB)}\n", 1)
    text = text.replace(
        "    return model.fit(\n        x_train,\n        y_train,\n        epochs=epochs,",
        "    history = model.fit(\n        x_train,\n        y_train,\n        epochs=min(epochs, MAX_EPOCHS),",
    )
    text = text.replace(
        "        verbose=0,\n    )\n\n\ndef plot",
        "        verbose=0,\n    )\n"
        '    model.save(f"{FOLDER}/last.keras")\n'
        '    with open("/content/log.txt", "w") as log:\n        log.write("done")\n'
        "    files.download(checkpoint_path)\n    return history\n\n\ndef plot",
    )
    return text.replace("    ax.legend()\n    return fig", "    ax.legend()\n    display(fig)\n    return fig")


def test_a_notebook_of_colab_with_a_cell_of_sql_loses_nothing(tmp_path: Path, quick: Slot) -> None:
    result = graded(quick, tmp_path, notebook(in_colab(PLAIN.partition("if __name__")[0])), "solution.ipynb")
    assert lost(result) == {}


EXPORTED = """
    get_ipython().system('pip install -q keras')
    get_ipython().run_line_magic('matplotlib', 'inline')
    !nvidia-smi
    listing = !ls
    get_ipython().run_cell_magic('time', '', 'SCALE = 255.0\\n\\n\\ndef scaled(x):\\n    return x * (SCALE / SCALE)\\n')
    gpus = tf.config.list_physical_devices("GPU")
    tf.config.experimental.set_memory_growth(gpus[0], True)
    gpu = gpus[0]
    print(gpu.name)
    device_name = tf.test.gpu_device_name()
    if device_name != "/device:GPU:0":
        raise SystemError("GPU device not found")
    print(f"Found GPU at: {device_name}", len(listing))
    if not gpus:
        exit()


    def require_gpu():
        assert tf.config.list_physical_devices("GPU"), "switch the runtime to GPU"


    require_gpu()
"""


def test_an_exported_file_that_looks_for_a_gpu_loses_nothing(tmp_path: Path, quick: Slot) -> None:
    text = in_colab(PLAIN).replace(
        "import keras\n", f"import keras\nimport tensorflow as tf\n{textwrap.dedent(EXPORTED)}", 1
    )
    text = text.replace("model.predict(x, verbose=0)", "model.predict(scaled(x), verbose=0)")
    assert lost(graded(quick, tmp_path, text)) == {}


def test_what_follows_the_look_for_a_gpu_is_still_judged(tmp_path: Path, quick: Slot) -> None:
    text = PLAIN.replace(
        "import keras\n",
        "import keras\nimport tensorflow as tf\ngpu = tf.config.list_physical_devices('GPU')[0]\nprint(absent)\n",
        1,
    )
    found = lost(graded(quick, tmp_path, text))
    assert found == {
        "setup/loads": "Loading the file ended in NameError: name 'absent' is not defined (line 6: print(absent))."
    }


def test_the_guided_form_has_the_same_surroundings(tmp_path: Path, quick: Slot) -> None:
    text = FLAT.replace("import tensorflow as tf\n", f"import os\nimport tensorflow as tf\n{textwrap.dedent(COLAB)}", 1)
    text = text.replace("import numpy as np\n", f"import numpy as np\n{textwrap.dedent(EXPORTED)}", 1)
    text += "\nfiles.download('flat_best.h5')\n"
    assert lost(graded(quick, tmp_path, text)) == {}


@pytest.mark.parametrize(
    "source",
    [
        "from IPython import get_ipython\nget_ipython().run_line_magic('load_ext', 'tensorboard')",
        "import IPython\nshell = IPython.get_ipython()\nassert 'IPKernelApp' not in shell.config",
        "from IPython.display import HTML, Image, clear_output, display\nclear_output(wait=True)\ndisplay(HTML('a'))",
        "from IPython.core.display import display as show, HTML\nshow(HTML('<b>a</b>'))",
        "handle = display('a', display_id=True)\nhandle.update('b')",
        "import google.colab\ngoogle.colab.drive.mount('/content/drive')",
        "from google.colab import runtime\nruntime.unassign()",
        "from google.colab.output import eval_js\nassert eval_js('1 + 1') == ''",
        "from google import colab\ncolab.output.enable_custom_widget_manager()",
        "import sys\nassert 'google.colab' not in sys.modules",
        "import google.protobuf",
        "from kaggle_secrets import UserSecretsClient\nkey = UserSecretsClient().get_secret('key')",
        "from ipywidgets import interact\n@interact(x=5)\ndef f(x):\n    return x\nassert f(3) == 3",
        "files = get_ipython().getoutput('ls')\nassert '\\n'.join(files).find('failed') < 0",
        "get_ipython().run_cell_magic('bash', '', 'rm -r *')",
        "get_ipython().kernel.do_shutdown(True)",
        "print(In[-1], len(Out), _)",
        "import os\nos.chdir('/kaggle/working')\nopen('/kaggle/working/a.txt', 'w').close()\nos.remove('a.txt')",
        "import os\nassert not os.path.exists('/content/drive') and os.path.isdir('/tmp')",
        "import numpy as np\nnp.save('/content/a.npy', np.zeros(3))\nassert len(np.load('/content/a.npy')) == 3",
        "import io, pathlib\npathlib.Path('b.txt').write_text('b')\nassert io.open('b.txt').read() == 'b'",
    ],
)
def test_what_a_notebook_finds_around_it_is_there(sandbox: Sandbox, source: str) -> None:
    with sandbox.worker(seed=0) as worker:
        assert worker.load(source, ()).errors == ()


def test_a_name_that_nobody_puts_there_is_still_missing(worker: Worker) -> None:
    source = "import google.colaboratory\nimport kaggle_other\nshow(1)"
    assert [error.type_name for error in worker.load(source, ()).errors] == [
        "ModuleNotFoundError",
        "ModuleNotFoundError",
        "NameError",
    ]


def read(folder: Path, *cells: object) -> list[str]:
    """Return the notes on a notebook with the given code cells, each a dictionary or a source."""
    code = [{"cell_type": "code", **(cell if isinstance(cell, dict) else {"source": cell})} for cell in cells]
    (folder / "n.ipynb").write_text(
        json.dumps({"cells": [*code, {"cell_type": "code", "source": "def train(): pass"}]})
    )
    return [note.message for note in read_submission(SubmissionFile("ada", folder / "n.ipynb")).notes]


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"vscode": {"languageId": "sql"}}, "sql"),
        ({"vscode": {"languageId": "javascript"}}, "javascript"),
        ({"polyglot_notebook": {"kernelName": "csharp"}}, "csharp"),
        ({"dotnet_interactive": {"language": "fsharp"}}, "fsharp"),
        ({"deepnote_cell_type": "sql"}, "sql"),
        ({"kernel": "R"}, "R"),
    ],
)
def test_a_cell_in_another_language_is_left_out(tmp_path: Path, metadata: object, language: str) -> None:
    notes = read(tmp_path, {"source": "SELECT label, COUNT(*) FROM images", "metadata": metadata})
    assert notes == [f"This cell is not run as Python, for its metadata says that it is {language}."]


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        None,
        {"vscode": "sql"},
        {"vscode": {"languageId": "python"}},
        {"kernel": "python3"},
        {"deepnote_cell_type": "code"},
        {"vscode": {"languageId": 3}},
    ],
)
def test_a_cell_in_python_stays(tmp_path: Path, metadata: object) -> None:
    assert read(tmp_path, {"source": "a = (", "metadata": metadata}) == [
        "This cell does not parse, so nothing in it counts: '(' was never closed."
    ]


def test_what_defines_functions_in_python_is_python_whatever_the_editor_took_it_for(tmp_path: Path) -> None:
    cell = {"source": "def predict(model, x): return 1", "metadata": {"vscode": {"languageId": "lua"}}}
    assert read(tmp_path, cell) == []
    assert read_submission(SubmissionFile("ada", tmp_path / "n.ipynb")).functions == ("predict", "train")


def test_code_in_a_cell_magic_of_an_exported_file_is_told_by_its_line(tmp_path: Path) -> None:
    text = "import os\nget_ipython().run_cell_magic('time', '', 'A = 1\\n\\ndef train():\\n    return A\\n')\nB = (\n"
    (tmp_path / "a.py").write_text(text.replace("B = (\n", "") + "def predict(): return 1\n")
    submission = read_submission(SubmissionFile("ada", tmp_path / "a.py"))
    assert submission.functions == ("train", "predict")
    assert [submission.locate(line) for line in range(2, 7)] == [(None, 2)] * 4 + [(None, 3)]
    assert submission.quote(None, 3) == "def predict(): return 1"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("gpus = tf.config.list_physical_devices('GPU')\nx = gpus[0]\ny = 1\nz = x.name", {1, 2, 4}),
        ("if not tf.test.is_gpu_available():\n    raise ValueError\nelse:\n    f()", {1, 2}),
        ("n = tf.test.gpu_device_name()\nif n != 'a':\n    print(n)\n    sys.exit(1)\n    f()", {1, 2, 3, 4}),
        ("def check():\n    assert tf.config.get_visible_devices('GPU')\n    f()\ncheck()", {2}),
        ("try:\n    tpu = TPUClusterResolver()\nexcept ValueError:\n    raise SystemExit\nf()", {2, 4}),
        ("with tf.device(device_lib.list_local_devices()[1].name):\n    f()", {1}),
        ("for gpu in tf.config.list_physical_devices('GPU'):\n    g(gpu)\n    f()", {1, 2}),
        ("subprocess.check_output('nvidia-smi')\nf()", {1}),
        ("x = 1\nif x:\n    raise ValueError", set()),
    ],
)
def test_the_lines_that_look_for_a_gpu_are_known(tmp_path: Path, source: str, lines: set[int]) -> None:
    (tmp_path / "a.py").write_text(source)
    submission = read_submission(SubmissionFile("ada", tmp_path / "a.py"))
    assert {line for line in range(1, 7) if submission.finds_no_device(line)} == lines


def test_a_known_network_comes_without_the_weights_that_it_would_download(worker: Worker) -> None:
    source = """
    from keras.applications import MobileNetV2, mobilenet_v2
    from tensorflow.keras.applications.mobilenet_v2 import MobileNetV2 as Third
    def f():
        given = {"include_top": False, "input_shape": (32, 32, 3), "alpha": 0.35}
        first = MobileNetV2(weights="imagenet", **given)
        made = [first, mobilenet_v2.MobileNetV2(**given), Third(weights=None, **given)]
        return [network.count_params() for network in made]
    """
    loaded = worker.load(textwrap.dedent(source), ("f",))
    assert not loaded.errors
    first, second, third = worker.call("f")
    assert first == second == third > 100_000
