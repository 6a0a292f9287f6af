"""Tests of explaining why a training is slow: undoing causes in a worker, finding them, and describing them."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import pytest

from grader.checks.common.tools import tools_in
from grader.course import Course, CourseLimits, Speed
from grader.course.datasets import Dataset, load_dataset
from grader.reports.causes import likely, lines
from grader.sandbox.host.session import Sandbox, Worker
from grader.speed.explaining import Explainer, images_for, seconds_for
from grader.speed.measuring import Pairs
from grader.speed.records import Cause, Gain, Measurement
from grader.speed.statistics import gain_between
from grader.speed.turns import Turn, passes
from grader.submissions import SubmissionFile, read_submission
from tests.measurements import measurement
from tests.test_speed_measuring import FIT, HEAD

COURSE = Course(
    dataset="shapes", speed=Speed(train_images=960, batch_size=48), limits=CourseLimits(training_seconds=300)
)
TOO_SLOW = "It does not get through 3 passes"  # if something else runs, such as other tests

# In a worker: undoing each cause with a small network, without measuring time.
UNDOING = """
import keras
import numpy as np
from grader.sandbox.inside.timing.undoing import Undoing, parts_of

X = np.arange(48 * 16 * 16 * 3, dtype="float32").reshape(48, 16, 16, 3) / 1e5
Y = np.eye(3, dtype="float32")[np.arange(48) % 3]

def network(**how):
    layers = keras.layers
    inner = keras.Sequential([keras.Input((16, 16, 3)), layers.Conv2D(4, 3, name="inner")], name="block")
    model = keras.Sequential([keras.Input((16, 16, 3)), keras.Sequential([layers.RandomFlip()], name="augmentation"),
                              inner, layers.GlobalAveragePooling2D(), layers.Dense(3, "softmax")])
    model.compile(optimizer="sgd", loss="categorical_crossentropy", metrics=["accuracy"], **how)
    return model

def undone(kind, given, index=0, model=None, trained=lambda: 0):
    settings = {"undo": kind, "index": index, "batch_size": 16, "images": 48, "steps": 5}
    given.setdefault("callbacks", [])
    undoing = Undoing(model or network(), settings, trained)
    undoing.apply(given)
    return given

class Sequence(keras.utils.PyDataset):
    def __len__(self):
        return 12
    def __getitem__(self, index):
        return X[index * 4 : index * 4 + 4], Y[index * 4 : index * 4 + 4]

def generator():
    while True:
        for index in range(12):
            yield X[index * 4 : index * 4 + 4], Y[index * 4 : index * 4 + 4]

def pipelines():
    import tensorflow as tf
    return {"sequence": (Sequence(), None), "generator": (generator(), 12),
            "data set": (tf.data.Dataset.from_tensor_slices((X, Y)).batch(4), None)}

def in_memory(name):
    x, steps = pipelines()[name]
    given = undone("input", {"x": x, "steps_per_epoch": steps})
    return bool((given["x"] == X).all() and (given["y"] == Y).all()), given["batch_size"], given["steps_per_epoch"]

def merged(name):
    x, steps = pipelines()[name]
    given = undone("batch", {"x": x, "steps_per_epoch": steps})
    pipeline = given["x"]
    first, second = [next(iter(pipeline)) for _ in range(2)] if name == "generator" else (pipeline[0], pipeline[1]) \\
        if name == "sequence" else list(pipeline)[:2]
    images = np.concatenate([first[0], second[0]])
    return bool((images == X[:32]).all()), len(first[0]), given.get("steps_per_epoch")

def arrays():
    given = undone("batch", {"x": X, "y": Y, "batch_size": 2, "steps_per_epoch": 24})
    return given["batch_size"], given["steps_per_epoch"]

def callbacks():
    return undone("callback", {"callbacks": ["a", "b", "c"]}, index=1)["callbacks"]

def evaluations():
    model, trained, asked = network(), [0], []
    evaluate = model.evaluate
    def counted(*args, **kwargs):
        asked.append(kwargs.get("batch_size"))
        return evaluate(*args, **kwargs)
    object.__setattr__(model, "evaluate", counted)
    given = undone("validation", {"validation_batch_size": 1}, model=model, trained=lambda: trained[0])
    told = [model.evaluate(X, Y, verbose=0), model.evaluate(X, Y, verbose=0, return_dict=True)]
    trained[0] = 48
    model.evaluate(X, Y, verbose=0)
    return len(asked), told[0] == list(told[1].values()), given["validation_batch_size"]

def spared(index):
    model = network()
    part = parts_of(model)[index]
    undone("layer", {}, index=index, model=model)
    before = np.array(model(X, training=False))
    part.set_weights([weight + 1 for weight in part.get_weights()])
    after = np.array(model(X, training=False))
    return part.name, bool((before == after).all()), list(after.shape)

def settings():
    eager, quick, jit, again = network(run_eagerly=True), network(), network(), network()
    undone("eager", {}, model=eager)
    undone("steps", {}, model=quick)
    undone("jit", {}, model=jit)
    undone("recompiling", {}, model=again)
    again.compile(optimizer="adam")
    return eager.run_eagerly, quick.steps_per_execution, jit.jit_compile, type(again.optimizer).__name__

def precision():
    keras.config.set_floatx("float64")
    layers = [keras.layers.Dense(3), keras.layers.Dense(3, dtype="float64"), keras.layers.Dense(3, dtype="float16")]
    return [layer.compute_dtype for layer in layers]
"""


@pytest.fixture
def undoing(worker: Worker) -> Worker:
    names = "in_memory merged arrays callbacks evaluations spared settings precision"
    loaded = worker.load(UNDOING, tuple(names.split()))
    assert loaded.errors == ()
    return worker


@pytest.mark.parametrize("name", ["sequence", "generator", "data set"])
def test_a_pipeline_is_held_in_memory_or_gives_larger_batches(undoing: Worker, name: str) -> None:
    assert undoing.call("in_memory", name) == (True, 4, None)
    assert undoing.call("merged", name) == (True, 16, 3 if name == "generator" else None)


def test_what_fit_is_given_and_what_the_network_is_told_are_changed(undoing: Worker) -> None:
    assert undoing.call("arrays") == (16, 3)
    assert undoing.call("callbacks") == ["a", "c"]
    assert undoing.call("settings") == (False, 5, True, "SGD")


def test_a_network_is_evaluated_once_a_pass(undoing: Worker) -> None:
    assert undoing.call("evaluations") == (2, True, 16)


@pytest.mark.parametrize(("index", "name"), [(0, "augmentation"), (1, "inner"), (2, "global_average_pooling2d")])
def test_a_layer_is_spared_and_its_shape_stays(undoing: Worker, index: int, name: str) -> None:
    assert undoing.call("spared", index) == (name, True, [48, 3])


def test_double_precision_becomes_single(undoing: Worker) -> None:
    tools_in(undoing).keep_to_single_precision()
    assert undoing.call("precision") == ["float32", "float32", "float16"]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset("shapes")


def explainer(sandbox: Sandbox, dataset: Dataset, folder: Path, train: str) -> Explainer:
    path = folder / "ada.py"
    path.write_text(HEAD + train)
    submission = read_submission(SubmissionFile("ada", path))
    return Explainer(Pairs(sandbox, submission, None, COURSE, dataset), COURSE, dataset, images=96)


SLEEPY = """
    class Sleepy(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            time.sleep(0.2)
    slow = Sleepy()
""" + FIT.replace("[*callbacks,", "[*callbacks, slow,").replace("batch_size=batch_size", "batch_size=24")


def test_causes_are_found_and_what_undoing_each_gains(sandbox: Sandbox, dataset: Dataset, tmp_path: Path) -> None:
    slow = explainer(sandbox, dataset, tmp_path, SLEEPY)
    found = slow.look()
    assert {("callback", "Sleepy", 0), ("eager", "", 0), ("batch", "", 0)} <= {(c.kind, c.name, c.index) for c in found}
    assert [cause.share for cause in found] == sorted((cause.share for cause in found), reverse=True)
    sleepy = next(cause for cause in found if cause.name == "Sleepy")
    assert sleepy in slow.worth_a_trial(found)
    tried = slow.try_all([sleepy, Cause("callback", "Nobody", 99)])
    assert [cause.name for cause in tried] == ["Sleepy", "Nobody"]
    assert tried[0].gain is not None or tried[0].problem.startswith(TOO_SLOW)
    assert tried[1].problem.startswith("IndexError")


def test_a_training_without_fit_has_no_causes(sandbox: Sandbox, dataset: Dataset, tmp_path: Path) -> None:
    assert explainer(sandbox, dataset, tmp_path, "    return model.train_on_batch(x_train, y_train)\n").look() == ()


FORGED = """
    import gc
    (service,) = [each for each in gc.get_objects() if type(each).__name__ == "WorkerService"]
    for number in range(40):
        time.sleep(0.3)
        forged = {"marks": [(float("nan"), -1), "x"], "suspects": [{"kind": "bribe", "share": 9.0}]}
        service._ask({"kind": "turn"} | forged)
"""


def test_what_a_worker_makes_up_is_no_cause(sandbox: Sandbox, dataset: Dataset, tmp_path: Path) -> None:
    assert explainer(sandbox, dataset, tmp_path, FORGED).look() == ()


def test_only_what_takes_time_is_worth_a_trial(sandbox: Sandbox, dataset: Dataset, tmp_path: Path) -> None:
    ada = explainer(sandbox, dataset, tmp_path, FIT)
    costly = [Cause("callback", f"C{number}", number, 0.2) for number in range(5)]
    cheap = [Cause("callback", "Cheap", share=0.05), Cause("input", share=0.01)]
    assert [cause.name for cause in ada.worth_a_trial([*costly, *cheap])] == ["C0", "C1", "C2"]
    assert [cause.name or cause.kind for cause in ada.worth_a_trial(cheap)] == ["Cheap", "jit"]
    assert [cause.kind for cause in ada.worth_a_trial(cheap[1:])] == ["jit", "steps"]
    assert ada.worth_a_trial([]) == ()


def turns(*lengths: float) -> list[Turn]:
    """Return turns of the given lengths, with a second of the other training's between them."""
    found, now = [], 100.0
    for length in lengths:
        found.append(Turn(now, now + length, ran=length, waited=0.0, between=0.0))
        now += length + 1.0
    return found


def test_passes_are_timed_by_the_trainings_own_clock() -> None:
    marks = [(100.0, 0), (104.0, 96), (107.0, 144), (109.0, 192), (114.0, 288)]
    # Compiling takes 4 s; then, of the training's own time, half a pass takes 2 s, the next half 1 s, a whole one 4 s.
    assert passes(turns(5.0, 4.0, 10.0), marks, 96) == pytest.approx([math.log(4), math.log(4), math.log(4)])


@pytest.mark.parametrize(
    "marks",
    [
        [],
        [(100.0, 0), (99.0, 96), (101.0, 192)],
        [(100.0, 0), (101.0, 96), (102.0, 95), (103.0, 192)],
        [(100.0, 0), (float("nan"), 96), (102.0, 192)],
    ],
)
def test_marks_that_contradict_themselves_are_no_passes(marks: list[tuple[float, int]]) -> None:
    assert passes(turns(5.0), marks, 96) == []


def test_a_gain_is_a_factor_with_its_interval() -> None:
    gain = gain_between(
        [math.log(2 + each / 100) for each in range(6)], [math.log(1 + each / 100) for each in range(8)]
    )
    assert gain.low is not None
    assert gain.high is not None
    assert 1.9 < gain.low < gain.factor < gain.high < 2.05
    few = gain_between([math.log(2), math.log(2)], [0.0])
    assert (few.low, few.high) == (None, None)
    assert few.factor == pytest.approx(2)


def test_long_epochs_get_fewer_images_and_the_time_is_told() -> None:
    short, long = measurement("ada", [0.5, 0.5]), measurement("ada", [20.0, 20.0])
    assert images_for(short) == short.budget.train_images
    assert images_for(long) == round(2.0 / (20.0 * 1.11) * long.budget.train_images)
    # Two undone causes share one unchanged training: three trainings, each with seven passes and what comes before.
    assert seconds_for(short, 2) == pytest.approx(3 * (2.0 + 7 * 0.555))


CAUSES = (
    Cause("callback", "Slow\x1b[31m", 0, 0.62, Gain(2.6, 2.4, 2.9)),
    Cause("steps", gain=Gain(1.0, None, None)),
    Cause("layer", "augmentation (Sequential)", 0, 0.2, problem="It does not get through."),
    Cause("eager", share=0.05),
)


def test_causes_are_told_in_words() -> None:
    measured = msgspec.structs.replace(measurement("ada", [1.0]), causes=CAUSES)
    assert likely(measured) == (
        "Likely causes of its time, the largest share first: the callback Slow�[31m (62%), "
        "the layer augmentation (Sequential) (20%)."
    )
    assert lines(CAUSES[:3]) == [
        "2.60 (2.40–2.90) times as fast without the callback Slow�[31m",
        "1.00 times as fast with `steps_per_execution=16`",
        "not known without the work of the layer augmentation (Sequential): It does not get through.",
    ]
    assert likely(measurement("ada", [1.0])) == ""


def test_measurements_from_before_causes_were_looked_for_still_read() -> None:
    old = {key: value for key, value in msgspec.to_builtins(measurement("ada", [1.0])).items() if key != "causes"}
    assert msgspec.convert(old, Measurement).causes == ()
    new = msgspec.structs.replace(measurement("ada", [1.0]), causes=CAUSES)
    assert msgspec.json.decode(msgspec.json.encode(new), type=Measurement) == new
