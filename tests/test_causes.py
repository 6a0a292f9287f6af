"""Tests of how exceptions are described: by their first cause, in a sentence or two, without paths, with hints."""

from __future__ import annotations

import sys
import textwrap
import time
from pathlib import Path

import pytest

from grader.checks.common.answers import HistoryFacts
from grader.checks.common.changes import hint_for_version
from grader.checks.common.student import told
from grader.checks.functions.task5.cases import RISES_AND_FALLS, STOPS_EARLY, ScriptCase
from grader.checks.functions.task5.evidence import Training
from grader.checks.functions.task5.watching import keeps_as_if, stops_as_if
from grader.grading.slots import Slot
from grader.sandbox.host.session import Sandbox, SubmissionError
from grader.sandbox.wire.causes import first_cause, sentence
from grader.submissions import SubmissionFile

HERE = Path(__file__).parent

RAISING = """
    import keras, numpy as np, tensorflow as tf
    from keras import layers
    X, Y = np.zeros((4, 8, 8, 3)), np.eye(3)[[0, 1, 2, 0]]

    def model(**settings):
        net = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(3, activation="softmax")])
        net.compile(**{"loss": "categorical_crossentropy"} | settings)
        return net

    def keras_wraps():
        model()(X[:, :4])

    def keras_wraps_own_code():
        class Own(layers.Layer):
            def call(self, x):
                return x @ absent
        Own()(X)

    def keras_wraps_a_configuration():
        class Own(layers.Layer):
            def call(self, x):
                return x
        keras.Sequential([keras.Input((8, 8, 3)), Own(), layers.Flatten(), layers.Dense(2)]).save("own.keras")
        keras.models.load_model("own.keras")

    def keras_nests_configurations():
        @keras.saving.register_keras_serializable()
        class Other(layers.Layer):
            def __init__(self, n):
                super().__init__()
                self.n = n
            def call(self, x):
                return x
        keras.Sequential([keras.Input((8, 8, 3)), Other(3), layers.Flatten(), layers.Dense(2)]).save("other.keras")
        keras.models.load_model("other.keras")

    def tensorflow_lists_nodes():
        model(loss="sparse_categorical_crossentropy").fit(X, np.arange(4) + 5, verbose=0)

    def tensorflow_names_nodes():
        tf.matmul(tf.zeros((1, 3)), tf.zeros((2, 1)))

    def autograph_quotes():
        tf.data.Dataset.from_tensor_slices(X).map(lambda x: x + absent)

    def a_function_of_numpy_in_a_pipeline():
        def f(x):
            raise ValueError("my own words")
        list(tf.data.Dataset.from_tensor_slices(X).map(lambda x: tf.numpy_function(f, [x], tf.float64)))

    def chained():
        try:
            {}["a"]
        except KeyError as error:
            raise RuntimeError("training failed") from error

    def handled():
        try:
            open("absent.txt")
        except OSError:
            print(absent)

    def said_already():
        try:
            int("a")
        except ValueError as error:
            raise RuntimeError(f"training failed: {error}") from error

    def hidden_by_a_library():
        import matplotlib.pyplot as plt
        plt.style.use("seaborn")

    def a_group():
        raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])

    def a_path():
        from keras.utils import np_utils

    def a_path_of_the_scratch():
        import os
        open(os.path.join(os.getcwd(), "absent.txt"))

    def its_own_path():
        open("/content/absent.txt")

    def nothing():
        assert False
"""


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (
            "keras_wraps",
            "ValueError: Input 0 with name 'None' of layer 'dense' is incompatible with the layer: expected axis -1 of "
            "input shape to have value 192, but received input with shape (4, 96)",
        ),
        ("keras_wraps_own_code", "NameError: name 'absent' is not defined"),
        (
            "keras_wraps_a_configuration",
            "TypeError: Could not locate class 'Own'. Make sure custom classes and functions are decorated with "
            "`@keras.saving.register_keras_serializable()`",
        ),
        (
            "keras_nests_configurations",
            "TypeError: keras_nests_configurations.<locals>.Other.__init__() got an unexpected keyword argument "
            "'trainable'",
        ),
        (
            "tensorflow_lists_nodes",
            "InvalidArgumentError: Received a label value of 8 which is outside the valid range of [0, 3)",
        ),
        ("tensorflow_names_nodes", "InvalidArgumentError: Matrix size-incompatible: In[0]: [1,3], In[1]: [2,1]"),
        ("autograph_quotes", "NameError: name 'absent' is not defined"),
        ("a_function_of_numpy_in_a_pipeline", "ValueError: my own words"),
        ("chained", "RuntimeError: training failed; it came from KeyError: 'a'"),
        (
            "handled",
            "NameError: name 'absent' is not defined; it came up while FileNotFoundError: [Errno 2] No such file or "
            "directory: 'absent.txt' was handled",
        ),
        ("said_already", "RuntimeError: training failed: invalid literal for int() with base 10: 'a'"),
        ("hidden_by_a_library", "OSError: 'seaborn' is not a valid package style"),
        ("a_group", "ExceptionGroup: several (2 sub-exceptions); the first is ValueError: one"),
        ("a_path", "ImportError: cannot import name 'np_utils' from 'keras.utils'"),
        ("a_path_of_the_scratch", "FileNotFoundError: [Errno 2] No such file or directory: 'absent.txt'"),
        ("its_own_path", "FileNotFoundError: [Errno 2] No such file or directory: "),
        ("nothing", "AssertionError"),
    ],
)
def test_an_exception_is_told_by_its_first_cause(raising: tuple[Sandbox, str], function: str, said: str) -> None:
    sandbox, source = raising
    with sandbox.worker(seed=0) as worker:
        worker.load(source, ())
        with pytest.raises(SubmissionError) as caught:
            worker.call(function)
    text = told(caught.value.type_name, caught.value.text)
    assert text.startswith(said)
    assert text == said or function in ("tensorflow_lists_nodes", "hidden_by_a_library", "its_own_path")
    assert "/root" not in text and "site-packages" not in text and str(Path(sys.prefix)) not in text
    own = source.split("\n")[caught.value.frames[-1].line - 1]
    if function in ("keras_wraps_own_code", "autograph_quotes", "handled"):
        assert "absent" in own  # the innermost line, which is not in the traceback


@pytest.fixture(scope="module")
def raising(sandbox: Sandbox) -> tuple[Sandbox, str]:
    return sandbox, textwrap.dedent(RAISING)


ROOTS = """Graph execution error:

Detected at node 'net/dense/MatMul' defined at (most recent call last):
    File "/usr/lib/python3.10/runpy.py", line 196, in _run_module_as_main
    File "/content/solution.py", line 3, in f
Node: 'net/dense/MatMul'
2 root error(s) found.
  (0) INVALID_ARGUMENT:  Matrix size-incompatible: In[0]: [1,3], In[1]: [2,1]
\t [[{{node net/dense/MatMul}}]]
\t [[net/loss/_12]]
  (1) INVALID_ARGUMENT:  Matrix size-incompatible: In[0]: [1,3], In[1]: [2,1]
\t [[{{node net/dense/MatMul}}]]
0 successful operations.
0 derived errors ignored. [Op:__inference_train_function_1234]"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ROOTS, "E: Matrix size-incompatible: In[0]: [1,3], In[1]: [2,1]"),
        (
            "Exception encountered when calling A.call().\n\n\x1b[1mException encountered when calling B.call().\n\nno"
            "\x1b[0m\n\nArguments received by B.call():\n  • x=1\x1b[0m\n\nArguments received by A.call():\n  • x=1",
            "E: no",
        ),
        ("cannot import name 'a' from partially initialized module 'b' (/home/x/b.py)",) * 1
        + ("E: cannot import name 'a' from partially initialized module 'b'",),
        ("see /opt/v/lib/python3.12/site-packages/keras/a.py", "E: see keras/a.py"),
        ("One. Two. Three.", "E: One. Two. Three"),
        ("One is here. " + "Two is there too. " + "Three " * 60, "E: One is here. Two is there too"),
        ("a:\nb\n\nc", "E: a: b"),
        ("", "E"),
    ],
)
def test_what_is_wrapped_around_is_taken_off(text: str, said: str) -> None:
    kind, clean = first_cause("E", text)
    assert sentence(kind, clean) == said
    assert first_cause(kind, clean) == (kind, clean)


@pytest.mark.parametrize(
    "text",
    [
        "/a" * 2000,
        "a" * 4000,
        "Error: " * 570,
        "in user code:\n" + "    AError: \n" * 300,
        "[[" * 2000,
        "\n\n" * 2000,
        "('" * 2000,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    began = time.monotonic()
    sentence(*first_cause("E", text[:4000]))
    assert time.monotonic() - began < 2.0


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("ValueError: Argument(s) not recognized: {'lr': 0.001}", "learning_rate"),
        ("AttributeError: module 'numpy' has no attribute 'float'", "write float, without np"),
        ("AttributeError: 'Sequential' object has no attribute 'fit_generator'", "`fit` takes generators itself"),
        (
            "AttributeError: 'Sequential' object has no attribute 'predict_classes'",
            "np.argmax(model.predict(x), axis=1)",
        ),
        ("KeyError: 'val_acc'", "`val_accuracy`"),
        ("KeyError: 'acc'", "`accuracy`"),
        ("ModuleNotFoundError: No module named 'keras.utils.np_utils'", "from keras.utils import to_categorical"),
        ("OSError: 'seaborn-whitegrid' is not a valid package style, path of style file", '"seaborn-v0_8-whitegrid"'),
        ("ValueError: Requested the deserialization of a `Lambda` layer whose", "keras.layers.Rescaling"),
        ("TypeError: Could not locate class 'Own'. Make sure", "has to know `Own`"),
        ("AttributeError: module 'tensorflow' has no attribute 'Session'", "TensorFlow 1"),
        ("ValueError: The filepath provided must end in `.keras` (Keras model format)", '"best_model.keras"'),
    ],
)
def test_a_change_between_versions_has_its_hint(said: str, hint: str) -> None:
    assert hint in hint_for_version(said)


@pytest.mark.parametrize("said", ["KeyError: 'a'", "ValueError: lr", "NameError: name 'x' is not defined", ""])
def test_other_exceptions_have_none(said: str) -> None:
    assert hint_for_version(said) == ""


def test_the_hint_stands_in_the_feedback(tmp_path: Path, quick: Slot) -> None:
    text = (
        (HERE / "wheats" / "plain.py")
        .read_text()
        .replace("import keras\n", "import keras\nfrom keras.utils import np_utils\n", 1)
    )
    (tmp_path / "a.py").write_text(text)
    check = quick.grade(SubmissionFile("a", tmp_path / "a.py")).result.checks[0]
    assert check.message == (
        "Loading the file ended in ImportError: cannot import name 'np_utils' from 'keras.utils' (line 4: from "
        "keras.utils import np_utils)."
    )
    assert check.hint == "`np_utils` is gone: from keras.utils import to_categorical."


def trained(case: ScriptCase, epochs: int, **curves: list[float]) -> tuple[ScriptCase, Training]:
    told = {name: values[:epochs] for name, values in curves.items()}
    returned: HistoryFacts = {"kind": "History", "history": True, "of_model": True, "curves": told}
    return case, Training("", returned, epochs, [], [], [], "", None, [], [])


LOSSES = {"val_loss": [1.0, 2.0, 0.5, 0.6], "val_accuracy": [0.4, 0.6, 0.5, 0.7], "accuracy": [0.6, 0.4, 0.5, 0.3]}


@pytest.mark.parametrize(
    ("epochs", "said"),
    [
        (
            2,
            ", as if it watched val_loss, or watched accuracy on the training set, or looked for the lowest "
            "val_accuracy",
        ),
        (4, ", as if nothing stopped it"),
        (3, ", as if it looked for the highest val_loss"),
    ],
)
def test_where_a_training_stops_tells_what_it_watched(epochs: int, said: str) -> None:
    assert stops_as_if([trained(STOPS_EARLY, epochs, **LOSSES)]) == said


@pytest.mark.parametrize(
    ("rank", "said"),
    [
        (5, ", as if it watched val_loss, or kept the last epoch"),
        (
            4,
            ", as if it watched accuracy on the training set, or looked for the lowest val_accuracy, or kept the "
            "first epoch",
        ),
        (6, ", as if it looked for the highest val_loss"),
        (8, ""),
    ],
)
def test_what_is_kept_tells_what_was_watched(rank: int, said: str) -> None:
    assert keeps_as_if([trained(STOPS_EARLY, 3, **LOSSES)], [rank]) == said


def test_without_a_history_nothing_is_told() -> None:
    assert stops_as_if([trained(RISES_AND_FALLS, 5)]) == keeps_as_if([trained(RISES_AND_FALLS, 5)], [6]) == ""


LABELS = """
_train = train


def train(model, x_train, y_train, x_val, y_val, **settings):
    return _train(model, x_train, y_train / 255, x_val, y_val, **settings)
"""


def test_labels_that_are_divided_are_told_from_images_that_are_scaled(tmp_path: Path, quick: Slot) -> None:
    (tmp_path / "a.py").write_text((HERE / "wheats" / "plain.py").read_text().partition("if __name__")[0] + LABELS)
    checks = {check.id: check for check in quick.grade(SubmissionFile("a", tmp_path / "a.py")).result.checks}
    assert checks["train/validates"].message == (
        "With the same images and labels for training and validation, loss and val_loss should agree, but one is 255 "
        "times the other: the labels of the training images are divided by 255."
    )
