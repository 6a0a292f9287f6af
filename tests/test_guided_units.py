"""Tests of what the trusted side of the guided form works with: known images, scripts, labels, names and notes."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from grader.assignment import contract, guided
from grader.assignment.starter import write_starter
from grader.checks.guided.data import agreement, columns_of, naming
from grader.checks.guided.notes import Line, epoch_of, run_of
from grader.checks.guided.pictures import CLASSES, Album, draw, whole
from grader.checks.guided.script import MOST_EPOCHS, Script, write_script
from grader.checks.guided.shown import ShownImage, follows, names_of, tokens
from grader.course import Course
from grader.sandbox.host.session import Worker
from grader.submissions import Submission, SubmissionFile, discover, read_submission
from grader.submissions.forms import checks_of, form_of
from grader.submissions.program import largest_row, writes_out_sizes

HERE = Path(__file__).parent
PATIENT = 28
"""The longest patience that can run out within the observed epochs."""

ALBUM = Album(draw(np.random.default_rng(5), train=400, test=200))
PICTURES = ALBUM.pictures


def signatures_of(images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return one pixel of each block of an image, as the observed run does."""
    return np.asarray(images[:, 4::8, 4::8], np.float32)


@functools.cache
def submissions_in(folder: str) -> list[Submission]:
    return [read_submission(file) for file in discover([HERE / folder])]


# -- pictures ---------------------------------------------------------------------------------------------------------


def test_drawn_images_are_as_cifar10_has_them() -> None:
    assert (PICTURES.x_train.shape, PICTURES.x_train.dtype) == ((400, 32, 32, 3), np.uint8)
    assert (PICTURES.y_test.shape, PICTURES.y_test.dtype) == ((200, 1), np.uint8)
    assert np.bincount(ALBUM.train_labels).tolist() == [40] * CLASSES
    assert np.bincount(ALBUM.test_labels).tolist() == [20] * CLASSES
    assert set(PICTURES.data) == {"x_train", "y_train", "x_test", "y_test"}


def test_the_same_seed_draws_the_same_images() -> None:
    again = draw(np.random.default_rng(5), train=400, test=200)
    other = draw(np.random.default_rng(6), train=400, test=200)
    assert all(np.array_equal(again.data[name], PICTURES.data[name]) for name in again.data)
    assert not np.array_equal(other.x_train, PICTURES.x_train)


def test_every_image_is_recognised_and_taken_for_no_other() -> None:
    assert np.array_equal(ALBUM.recognise(signatures_of(PICTURES.x_train)).train, np.arange(400))
    found = ALBUM.recognise(signatures_of(PICTURES.x_test))
    assert np.array_equal(found.test, np.arange(200))
    assert (found.of_test, found.of_train, found.count) == (1.0, 0.0, 200)


@pytest.mark.parametrize(
    ("scale", "offset"), [(1.0, 0.0), (1 / 255, 0.0), (1 / 127.5, -1.0), (1 / 255, -0.5), (1 / 255**2, 0.0), (2.0, 3.0)]
)
def test_an_image_is_recognised_however_it_is_scaled_and_the_scale_is_told(scale: float, offset: float) -> None:
    found = ALBUM.recognise(signatures_of(PICTURES.x_train).astype(np.float64) * scale + offset)
    assert np.array_equal(found.train, np.arange(400))
    assert found.scale == pytest.approx(scale, rel=1e-3)
    assert found.offset == pytest.approx(offset, abs=0.01)


def test_an_image_is_recognised_when_it_is_mirrored() -> None:
    found = ALBUM.recognise(signatures_of(PICTURES.x_test[:, :, ::-1]))
    assert np.array_equal(found.test, np.arange(200))


def test_an_image_is_recognised_when_it_is_moved_by_a_few_pixels() -> None:
    moved = np.roll(PICTURES.x_train, (3, -3), axis=(1, 2))
    assert np.array_equal(ALBUM.recognise(signatures_of(moved)).train, np.arange(400))


def test_an_image_is_recognised_when_each_channel_is_standardised() -> None:
    images = PICTURES.x_train / 255.0
    standardised = (images - images.mean(axis=(0, 1, 2))) / images.std(axis=(0, 1, 2))
    assert np.array_equal(ALBUM.recognise(signatures_of(standardised)).train, np.arange(400))


def test_images_that_were_not_drawn_are_not_recognised() -> None:
    rng = np.random.default_rng(0)
    noise = rng.uniform(0, 255, (300, 4, 4, 3))
    others = signatures_of(draw(rng, train=300, test=10).x_train)
    for images in (noise, others, np.zeros((5, 4, 4, 3)), np.full((5, 4, 4, 3), np.nan)):
        found = ALBUM.recognise(np.asarray(images, np.float32))
        assert found.of_train == found.of_test == 0.0
        assert np.isnan(found.scale)


def test_anything_but_signatures_is_nothing_that_is_recognised() -> None:
    assert ALBUM.recognise(None).count == 0
    found = ALBUM.recognise(np.zeros((7, 8, 8, 3), np.float32))
    assert (found.count, found.of_train, found.of_test) == (7, 0.0, 0.0)


def test_no_images_at_all_are_none_that_is_recognised() -> None:
    found = ALBUM.recognise(np.zeros((0, 4, 4, 3), np.float32))
    assert (found.count, found.of_train, found.of_test) == (0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("x = x_test[1234]", 1234),
        ("x_val = x_train[12000:]", 12_000),
        ("x_train = x_train[:12000]", 12_000),
        ("ten = x_train[-10:]", 0),
        ("some = x_test[1000:1009, ::2]", 1009),
        ("start = 600\nsome = x_test[start:start + 9]", 600),
        ("held_back = dataset.skip(5_000).shuffle(100)", 5000),
        ("batches = dataset.batch(64)\nheld_back = batches.take(94)", 32 * 94),
        ("a, b = np.split(x_train, [12000])", 12_000),
        ("def show(x):\n    return x[70]", 70),
        ("words = text.split(',', 100)", 0),
        ("table['key'][True]", 0),
        ("assert x.shape == (15000, 32, 32, 3)", 15000),
        ("assert images.shape == (24, 32, 32, 3) and len(batch) == 128", 0),
    ],
)
def test_the_largest_row_that_a_text_names(text: str, rows: int) -> None:
    assert largest_row(ast.parse(text).body) == rows


@pytest.mark.parametrize(
    ("text", "whether"),
    [
        ("i = randint(0, 2999)", True),
        ("x = x.reshape(15_000, 32, 32, 3)", True),
        ("model.add(Dense(128))\nx = x / 255.\ny = y / 255\nfit(batch_size=256, epochs=50)", False),
    ],
)
def test_sizes_that_a_text_writes_out(text: str, whether: bool) -> None:
    assert writes_out_sizes(ast.parse(text).body) == whether


def test_a_signature_tells_the_whole_image() -> None:
    assert np.array_equal(whole(signatures_of(PICTURES.x_test)), PICTURES.x_test)


def test_as_many_images_as_cifar10_has_can_still_be_told_apart() -> None:
    pictures = draw(np.random.default_rng(1), train=50_000, test=10_000)
    some = slice(0, 50_000, 500)
    assert np.array_equal(Album(pictures).recognise(signatures_of(pictures.x_train[some])).train, np.r_[some])


# -- the script -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("epochs", range(1, 41))
def test_the_best_epoch_is_another_for_each_thing_that_can_be_watched(epochs: int) -> None:
    for seed in range(20):
        script = write_script(np.random.default_rng(seed), epochs, PATIENT)
        assert script.length == epochs
        assert list(script.accuracy[:20]) == sorted(set(script.accuracy[:20]))
        assert list(script.loss) == sorted(set(script.loss), reverse=True)
        assert all(0 < value < 1 for value in (*script.accuracy, *script.val_accuracy))
        assert all(value > 0 for value in (*script.loss, *script.val_loss))
        assert script.best("accuracy", epochs) > epochs - 5
        assert script.best("loss", epochs) == epochs - 1
        best = {script.best("val_accuracy", epochs), script.best("val_loss", epochs)}
        if epochs >= 3:
            assert len(best) == 2
        if epochs >= 4:
            assert epochs - 1 not in best


@pytest.mark.parametrize("patience", range(1, 6))
@pytest.mark.parametrize("epochs", [10, 12, 15, 20, 30])
def test_a_training_with_patience_stops_before_its_last_epoch_and_after_the_best(epochs: int, patience: int) -> None:
    places = set()
    for seed in range(60):
        script = write_script(np.random.default_rng(seed), epochs, patience)
        for quantity in ("val_accuracy", "val_loss")[: min(patience, 2)]:  # the highest val_loss comes early
            best = script.best(quantity, epochs)
            assert script.stops(quantity, patience) == best + 1 + patience < epochs
            places.add(best)
    assert len(places) >= min(4, epochs - patience - 3)


def test_the_training_accuracy_rises_to_the_end() -> None:
    for seed in range(20):
        accuracy = write_script(np.random.default_rng(seed), 40, PATIENT).accuracy
        assert list(accuracy) == sorted(set(accuracy))


@pytest.mark.parametrize("epochs", range(4, 41))
def test_who_looks_in_the_wrong_direction_finds_another_epoch_too(epochs: int) -> None:
    for seed in range(20):
        script = write_script(np.random.default_rng(seed), epochs, PATIENT)
        quantities = ("val_accuracy", "val_loss")
        found = [which(quantity, epochs) for quantity in quantities for which in (script.best, script.worst)]
        assert len(set(found)) == 4


@pytest.mark.parametrize(
    ("asked", "patience", "told"),
    [
        *((0, 3, 1), (-3, 3, 1), (12, 3, 12), (100, 3, 15), (40, PATIENT, 40), (100_000, PATIENT, MOST_EPOCHS)),
        *((100, PATIENT + 1, 14), (100, 1000, 14), (9, 1000, 9), (100, 0, 20), (15, 0, 15)),
    ],
)
def test_a_script_is_never_empty_and_never_longer_than_any_training_needs(asked: int, patience: int, told: int) -> None:
    assert write_script(np.random.default_rng(0), asked, patience).length == told


def test_a_script_says_its_values_epoch_by_epoch() -> None:
    script = Script((0.1, 0.2), (0.9, 0.8), (0.3, 0.4), (0.7, 0.6))
    assert script.at(1) == {"accuracy": 0.2, "loss": 0.8, "val_accuracy": 0.4, "val_loss": 0.6}


EARLY_STOPPING = """
import keras
keras.utils.set_random_seed(0)

def epochs(values, monitor, patience, mode):
    stopping = keras.callbacks.EarlyStopping(monitor=monitor, patience=patience, mode=mode)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["accuracy"])
    stopping.set_model(model)
    stopping.on_train_begin()
    for epoch, value in enumerate(values):
        stopping.on_epoch_end(epoch, {monitor: value})
        if model.stop_training:
            return epoch + 1
    return None
"""


@pytest.mark.slow
def test_a_script_stops_where_early_stopping_does(worker: Worker) -> None:
    worker.load(EARLY_STOPPING, ("epochs",))
    rng = np.random.default_rng(2)
    stopped: set[bool] = set()
    for epochs in (1, 2, 3, 5, 8, 20, 40):
        script = write_script(rng, epochs, PATIENT)
        for quantity in ("val_accuracy", "val_loss", "accuracy", "loss"):
            right, wrong = ("max", "min") if "acc" in quantity else ("min", "max")
            for patience in (0, 1, 2, 4, 10):
                for wrong_way, mode in ((False, right), (True, wrong)):
                    real = worker.call("epochs", list(getattr(script, quantity)), quantity, patience, mode)
                    assert script.stops(quantity, patience, wrong_way=wrong_way) == real
                    stopped.add(real is None)
    assert stopped == {True, False}


# -- labels -----------------------------------------------------------------------------------------------------------


TRUTH = np.array([3, 5, 3, 7, 5, 7, 7, 3])


@pytest.mark.parametrize(
    "labels",
    [
        TRUTH,
        TRUTH.reshape(-1, 1),
        np.searchsorted([3, 5, 7], TRUTH),
        np.eye(3)[np.searchsorted([3, 5, 7], TRUTH)],
        np.eye(10)[TRUTH],
        np.eye(3)[::-1][np.searchsorted([3, 5, 7], TRUTH)],
    ],
    ids=["classes", "column", "numbers", "one-hot", "ten columns", "another order"],
)
def test_labels_agree_whatever_each_class_is_called(labels: np.ndarray[Any, Any]) -> None:
    assert agreement(labels, TRUTH) == 1.0
    assert len(set(naming(labels, TRUTH).values())) == 3


def test_labels_of_other_images_do_not_agree() -> None:
    truth = np.repeat([3, 5, 7], 200)
    shuffled = np.random.default_rng(0).permutation(truth)
    assert agreement(shuffled, truth) < 0.6
    swapped = truth.copy()
    swapped[:30] = 5
    assert agreement(swapped, truth) == pytest.approx(0.95)


def test_two_classes_with_one_label_do_not_agree() -> None:
    assert agreement(np.where(TRUTH == 3, 0, 1), TRUTH) <= 0.5


def test_labels_that_are_too_few_or_none_do_not_agree() -> None:
    assert agreement(TRUTH[:-1], TRUTH) == 0.0
    assert agreement(np.zeros(0), np.zeros(0)) == 0.0


def test_a_class_is_called_what_most_of_its_images_are() -> None:
    assert naming(np.array([0, 0, 1, 2, 2, 2]), np.array([4, 4, 4, 9, 9, 9])) == {4: 0, 9: 2}


def test_labels_are_one_number_a_row() -> None:
    assert columns_of(np.array([[0.1, 0.9], [0.8, 0.2]])).tolist() == [1, 0]
    assert columns_of(np.array([[4], [6]])).tolist() == columns_of(np.array([4.0, 6.0])).tolist() == [4, 6]
    assert columns_of(np.zeros((0, 1))).tolist() == []


# -- what figures show ------------------------------------------------------------------------------------------------


def shown(known: int, *texts: str) -> ShownImage:
    return ShownImage(number=0, test=False, known=known, texts=texts, line=1, at=0)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Cat", {"cat"}),
        ("label: Cat", {"label", "cat"}),
        ("Predicted cat\ntrue dog", {"predicted cat", "true dog", "cat", "dog"}),
        ("[0. 1. 0.]", {"[0. 1. 0.]"}),
        ("Straße (3)", {"strasse", "3"}),
        ("sea_lion", {"sea", "lion"}),
        ("kedi → köpek", {"kedi", "köpek"}),
    ],
)
def test_the_words_of_a_title_may_each_be_a_name(text: str, wanted: set[str]) -> None:
    assert wanted <= tokens((text,))


def test_no_text_has_no_names() -> None:
    assert tokens(()) == tokens(("", "  ")) == set()


def test_a_name_stands_beside_all_images_of_a_class_and_beside_no_other() -> None:
    names = names_of([shown(3, "label: cat"), shown(3, "label: cat"), shown(5, "label: dog")])
    assert "cat" in names[3] and "dog" in names[5]
    assert not names[3] & names[5]
    assert "label" not in names[3] | names[5]


def test_a_class_with_two_names_or_with_that_of_another_has_none() -> None:
    assert names_of([shown(3, "cat"), shown(3, "dog"), shown(5, "dog")]) == {3: set(), 5: set()}


def curve(*y: float) -> Line:
    return Line(np.arange(len(y)), np.array(y), "", "")


def test_a_curve_follows_values_in_parts_of_one_or_in_percent() -> None:
    values = (0.5, 0.625, 0.75)
    assert follows(curve(0.5, 0.625, 0.75), values)
    assert follows(curve(50, 62.5, 75), values)


@pytest.mark.parametrize(
    "y",
    [(), (0.5, 0.625), (0.5, 0.625, 0.75, 0.8), (0.625, 0.5, 0.75), (0.5, 0.63, 0.75), (0.5, np.nan, 0.75)],
    ids=["empty", "short", "long", "another order", "another value", "not a number"],
)
def test_a_curve_with_other_values_does_not_follow(y: tuple[float, ...]) -> None:
    assert not follows(curve(*y), (0.5, 0.625, 0.75))


# -- notes ------------------------------------------------------------------------------------------------------------


def run_with(note: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    notes = [{"kind": "predict", "line": 3} | (note or {})]
    return {"kind": "run", "notes": notes, "errors": [], "globals": [], "files": []} | changed


IMAGES = np.zeros((2, 4, 4, 3), np.float32)
AXES: dict[str, Any] = {
    "images": [IMAGES[0]],
    "visible": [True],
    "texts": ["cat"],
    "lines": [{"x": np.arange(2), "y": np.arange(2), "label": "", "look": ""}],
    "legend": [],
    "xlabel": "",
    "ylabel": "",
}


def test_notes_in_their_form_are_taken() -> None:
    run = run_of(run_with({"x": IMAGES, "y": np.eye(2), "answers": np.eye(2), "axes": [AXES]}))
    assert run.notes[0].axes[0].texts == ["cat"]
    assert run.notes[0].val_x is None
    run = run_of(run_with(globals=[{"name": "x", "x": IMAGES}, {"name": "y", "y": np.arange(2)}]))
    assert [left.name for left in run.globals] == ["x", "y"]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "run",
        {"kind": "run"},
        run_with(notes=[3]),
        run_with(notes=[{"line": 3}]),
        run_with({"line": "3"}),
        run_with({"stand_in": "yes"}),
        run_with({"loss": "x" * 4001}),
        run_with({"config": "x" * 500_001}),
        run_with({"metrics": ["accuracy"] * 101}),
        run_with({"digests": ["0"] * 2001}),
        run_with(notes=[{"kind": "predict", "line": 3}] * 2001),
        run_with({"x": IMAGES[0]}),
        run_with({"x": [[1.0]]}),
        run_with({"x": "images"}),
        run_with({"val_x": np.zeros((2, 2))}),
        run_with({"x": IMAGES.astype("U4")}),
        run_with({"x": IMAGES.astype(complex)}),
        run_with({"y": np.zeros((1, 1, 1))}),
        run_with({"y": np.zeros(60_001)}),
        run_with({"val_y": np.float32(1)}),
        run_with({"answers": np.zeros(3)}),
        run_with({"axes": [AXES | {"visible": []}]}),
        run_with({"axes": [AXES | {"images": [IMAGES]}]}),
        run_with({"axes": [AXES | {"images": [3]}]}),
        run_with({"axes": [AXES | {"lines": [AXES["lines"][0] | {"y": [0.0, 1.0]}]}]}),
        run_with({"axes": [AXES | {"lines": [AXES["lines"][0] | {"x": np.zeros((2, 2))}]}]}),
        run_with(globals=[{"name": "x", "x": np.zeros(3)}]),
        run_with(globals=[{"name": "y", "y": IMAGES}]),
        run_with(errors=[{"line": 1}]),
        run_with(files=[{"path": "best.keras", "digest": 3}]),
    ],
)
def test_notes_of_another_form_are_refused(answer: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        run_of(answer)


def test_an_epoch_has_its_form() -> None:
    epoch = {"kind": "epoch", "fit": 0, "epochs": 5, "patience": 3, "own": False, "epoch": 2, "digest": "ab"}
    assert epoch_of(epoch).epoch == 2
    for broken in ({**epoch, "epoch": "2"}, {"kind": "epoch"}, None, {**epoch, "digest": "x" * 4001}):
        with pytest.raises(msgspec.ValidationError):
            epoch_of(broken)


# -- forms ------------------------------------------------------------------------------------------------------------


def test_solutions_of_the_functions_are_taken_for_such() -> None:
    forms = {submission.id: form_of(submission, "auto").name for submission in submissions_in("wheats")}
    assert {name for name, form in forms.items() if form != "functions"} == set()


@pytest.mark.parametrize("folder", ["guided/wheats", "guided/chaffs"])
def test_guided_solutions_are_taken_for_such(folder: str) -> None:
    forms = {submission.id: form_of(submission, "auto") for submission in submissions_in(folder)}
    assert {name: form.why for name, form in forms.items() if form.name != "guided"} == {}


@pytest.mark.parametrize("name", ["solution.py", "solution.ipynb"])
def test_the_starter_is_of_the_functions(tmp_path: Path, name: str) -> None:
    write_starter(tmp_path / name)
    form = form_of(read_submission(SubmissionFile("starter", tmp_path / name)), "auto")
    assert form.name == "functions"
    assert "`subset_data`" in form.why


@pytest.mark.parametrize(
    ("source", "form", "why"),
    [
        ("x = 1\n", "functions", "The file neither loads data nor builds or trains a network."),
        ("", "functions", "The file neither loads data nor builds or trains a network."),
        (
            "from keras.datasets import cifar10\ncifar10.load_data()\n",
            "guided",
            "The file calls `load_data` as it runs and none of the functions.",
        ),
        (
            "import torch\nfor x in torch.utils.data.DataLoader(data):\n    net(x)\n",
            "guided",
            "The file calls `DataLoader` as it runs and none of the functions.",
        ),
        (
            "def net():\n    return keras.Sequential()\ndef build_model():\n    pass\n",
            "functions",
            "The file defines `build_model`.",
        ),
        (
            "def add_conv_block(model):\n    pass\nmodel.fit(x, y)\n",
            "guided",
            "The file calls `fit` as it runs and no more than `add_conv_block`.",
        ),
        (
            "def build_model():\n    pass\ndef train(m):\n    pass\nmodel.fit(x, y)\n",
            "functions",
            "The file defines `build_model` and `train`.",
        ),
        (
            "def get_three_classes(x, y):\n    return x, y\n",
            "guided",
            "The file defines `get_three_classes` and none of the functions.",
        ),
        (
            "def subset_date(x, y):\n    return x, y\ndef helper():\n    pass\n",
            "functions",
            "The file neither loads data nor builds or trains a network.",
        ),
    ],
)
def test_a_form_has_its_reason(tmp_path: Path, source: str, form: str, why: str) -> None:
    path = tmp_path / "solution.py"
    path.write_text(source, encoding="utf-8")
    found = form_of(read_submission(SubmissionFile("solution", path)), "auto")
    assert (found.name, found.why.replace("`, `", "` and `")) == (form, why)


def test_the_form_that_is_asked_for_overrides_what_the_file_looks_like() -> None:
    guided_one, function_one = submissions_in("guided/wheats")[0], submissions_in("wheats")[0]
    assert form_of(guided_one, "functions").name == "functions"
    assert form_of(function_one, "guided").name == "guided"
    assert form_of(guided_one, "functions").why == "The course asks for functions."
    assert form_of(function_one, "guided").why == "The course asks for the guided project."


def test_each_form_has_the_same_points_for_each_task() -> None:
    for task in contract.TASKS:
        points = sum(check.points for check in guided.CHECKS if check.task == task.number)
        assert points == sum(check.points for check in contract.CHECKS if check.task == task.number)
    assert sum(check.points for check in checks_of("guided", Course(), "quick")) == 97
    assert {check.task for check in checks_of("guided", Course(), "quick", frozenset({2}))} == {2}


# Names that no line imports


NEVER_IMPORTED = """
import ast
from grader.sandbox.inside.guided import statements

def names(text):
    return sorted(statements.never_imported(ast.parse(text)))
"""


@pytest.mark.parametrize(
    ("source", "never"),
    [
        ("x = np.zeros(3)", {"np"}),
        ("def build():\n    return Sequential([Conv2D(3, 3), layers.Dense(3)])", {"Sequential", "Conv2D", "layers"}),
        ("y = to_categorical(y)", {"to_categorical"}),
        ("from keras.layers import *\nConv2D(3, 3)", set()),
        ("Conv2D = 3\nprint(Conv2D)", set()),
        ("try:\n    import numpy as np\nexcept ImportError:\n    pass\nnp.zeros(3)", set()),
        ("print(concatenate, maximum, history, max)", set()),
    ],
)
def test_usual_names_that_no_line_binds_are_known(worker: Worker, source: str, never: set[str]) -> None:
    worker.load(NEVER_IMPORTED, ("names",))
    assert set(worker.call("names", source)) == never
