"""Tests that the reference keeps the contract, in a section for each task, with data small enough to check by hand."""

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

import reference
from grader.assignment import contract

# Keras' own model saving draws this one from NumPy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

CLASS_NAMES = ("airplane", "automobile", "bird")

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _close_figures() -> Any:
    """Leave no figure open."""
    plt.switch_backend("agg")
    yield
    plt.close("all")


def numbered_images(count: int, shape: tuple[int, int, int] = (2, 3, 3)) -> np.ndarray:
    """Images whose every value is their own number, so that each can be told from the others."""
    return np.broadcast_to(np.arange(count, dtype="uint8").reshape(-1, 1, 1, 1), (count, *shape)).copy()


def number_of(image: np.ndarray) -> int:
    """The number that `numbered_images` gave an image."""
    return int(np.asarray(image).flat[0])


def one_hot(labels: list[int], classes: int = 3) -> np.ndarray:
    """One-hot rows, float32."""
    return np.eye(classes, dtype="float32")[labels]


# Task 1, set up


@pytest.mark.parametrize("function", contract.FUNCTIONS, ids=lambda function: function.name)
def test_signature_is_the_contracts(function: contract.Function) -> None:
    """Names, order, defaults and keyword-only marks are those that the contract states."""
    signature = inspect.signature(getattr(reference, function.name))
    found = [(p.name, p.default, p.kind is p.KEYWORD_ONLY) for p in signature.parameters.values()]
    expected = [
        (p.name, inspect.Parameter.empty if p.default is None else eval(p.default), p.keyword_only)
        for p in function.parameters
    ]
    assert found == expected


def test_all_lists_the_contracts_functions() -> None:
    """`__all__` is the seven functions and nothing else."""
    assert sorted(reference.__all__) == sorted(function.name for function in contract.FUNCTIONS)


# Task 2, pre-process


@pytest.mark.parametrize("shape", [(-1, 1), (-1,)], ids=["column", "flat"])
def test_subset_data_keeps_each_wanted_image_once_with_its_label(shape: tuple[int, ...]) -> None:
    """Exactly the wanted images come back, each with the one-hot row of its own label."""
    labels = np.arange(40, dtype="uint8") % 10
    x, y = numbered_images(40), labels.reshape(shape)
    x_subset, y_subset = reference.subset_data(x, y, (7, 0, 3), seed=1)

    numbers = [number_of(image) for image in x_subset]
    assert sorted(numbers) == [n for n in range(40) if n % 10 in (0, 3, 7)]
    assert numbers != sorted(numbers)
    assert np.array_equal(x_subset, x[numbers])
    assert x_subset.dtype == x.dtype
    assert np.array_equal(y_subset, one_hot([(7, 0, 3).index(n % 10) for n in numbers]))
    assert y_subset.dtype == np.float32


def test_subset_data_order_depends_on_the_seed_alone() -> None:
    """The same seed repeats the order, another seed and `None` give another."""
    x, y = numbered_images(200), np.zeros((200, 1), "uint8")
    first, again, other, fresh, fresh_again = (
        reference.subset_data(x, y, (0,), seed=seed)[0].tolist() for seed in (1, 1, 2, None, None)
    )
    assert first == again
    assert first != other
    assert fresh != fresh_again


def test_subset_data_leaves_its_inputs_alone() -> None:
    """Nothing is written into `x` or `y`, and the result shares no memory with them."""
    x, y = numbered_images(9), np.arange(9, dtype="uint8").reshape(-1, 1)
    x.flags.writeable = y.flags.writeable = False
    x_subset, y_subset = reference.subset_data(x, y)
    assert not np.shares_memory(x_subset, x)
    assert not np.shares_memory(y_subset, y)


def test_subset_data_gives_an_absent_class_its_column() -> None:
    """A class without an image has a column of zeros."""
    _, y_subset = reference.subset_data(numbered_images(2), np.array([0, 2]), (0, 1, 2))
    assert y_subset.sum(axis=0).tolist() == [1, 0, 1]


def test_subset_data_of_no_wanted_image_is_empty() -> None:
    """Shapes hold when nothing is left."""
    x_subset, y_subset = reference.subset_data(numbered_images(2), np.array([5, 6]))
    assert x_subset.shape == (0, 2, 3, 3)
    assert y_subset.shape == (0, 3)


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        ([0, 1], (0, 1), "every image needs one label: got 3 images and 2 labels"),
        ([0, 1, 2], (), "classes must name at least one class, and each only once: got ()"),
        ([0, 1, 2], (1, 0, 1), "classes must name at least one class, and each only once: got (1, 0, 1)"),
    ],
)
def test_subset_data_rejects(labels: list[int], classes: tuple[int, ...], message: str) -> None:
    """Arguments that cannot be meant are named."""
    with pytest.raises(ValueError) as caught:
        reference.subset_data(numbered_images(3), np.array(labels), classes)
    assert str(caught.value) == message


# Task 3, visualise


def shown(figure: Figure) -> list[tuple[int, str]]:
    """The number and the title of each image in a figure."""
    pairs = []
    for axes in figure.axes:
        (image,) = axes.get_images()
        assert isinstance(image, AxesImage)
        pairs.append((number_of(np.asarray(image.get_array())), axes.get_title()))
    return pairs


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 1), (7, 7), (12, 12), (50, 12)])
def test_show_examples_shows_different_images_with_their_names(count: int, expected: int) -> None:
    """min(count, n) images, no two the same, each under the name of its own class."""
    labels = [n % 3 for n in range(12)]
    pairs = shown(reference.show_examples(numbered_images(12), one_hot(labels), CLASS_NAMES, count=count))
    assert len({number for number, _ in pairs}) == len(pairs) == expected
    assert [title for _, title in pairs] == [CLASS_NAMES[number % 3] for number, _ in pairs]


def test_show_examples_names_the_prediction_and_marks_mistakes() -> None:
    """Each title has both names; a wrong one is red."""
    probabilities = np.array([[0.9, 0.1, 0], [0.2, 0.2, 0.6]], "float32")
    figure = reference.show_examples(numbered_images(2), one_hot([0, 1]), CLASS_NAMES, probabilities)
    assert sorted(shown(figure)) == [(0, "airplane\npredicted airplane (90%)"), (1, "automobile\npredicted bird (60%)")]
    for axes in figure.axes:
        right = axes.get_title().startswith("airplane")
        assert same_color(axes.title.get_color(), "black" if right else "red")


def test_show_examples_chooses_by_seed() -> None:
    """The same seed chooses the same images, and seeds differ."""
    x, y = numbered_images(100), one_hot([0] * 100)
    first, again, other = (shown(reference.show_examples(x, y, CLASS_NAMES, seed=seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_show_examples_draws_grey_images() -> None:
    """Images of one channel are drawn from black to white, whatever their own range."""
    figure = reference.show_examples(numbered_images(2, (4, 4, 1)), one_hot([0, 1]), CLASS_NAMES)
    figure.canvas.draw()
    for axes in figure.axes:
        (image,) = axes.get_images()
        assert (image.get_cmap().name, image.get_clim()) == ("gray", (0, 255))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": -1}, "count must not be negative: got -1"),
        ({"y": one_hot([0])}, "y must be one-hot, of shape (2, 3): got (1, 3)"),
        ({"y": np.array([0, 1])}, "y must be one-hot, of shape (2, 3): got (2,)"),
        ({"predictions": np.zeros((2, 2))}, "predictions must have the shape of y, (2, 3): got (2, 2)"),
    ],
)
def test_show_examples_rejects(change: dict[str, Any], message: str) -> None:
    """Arguments that do not fit each other are named."""
    arguments: dict[str, Any] = {"x": numbered_images(2), "y": one_hot([0, 1]), "class_names": CLASS_NAMES} | change
    with pytest.raises(ValueError) as caught:
        reference.show_examples(**arguments)
    assert str(caught.value) == message


# Task 4, create the model


def test_add_conv_block_halves_in_place() -> None:
    """The model it was given grows, and ends in half the height and width and `filters` channels."""
    model = keras.Sequential([keras.Input((11, 8, 3))])
    assert reference.add_conv_block(model, 5) is model
    assert model.output_shape == (None, 5, 4, 5)
    assert reference.add_conv_block(model, 7) is model
    assert model.output_shape == (None, 2, 2, 7)


@pytest.mark.parametrize(
    ("input_shape", "num_classes"), [((32, 32, 3), 3), ((48, 32, 1), 2), ((64, 64, 3), 10), ((8, 9, 4), 4)]
)
def test_build_model_honours_its_arguments(input_shape: tuple[int, int, int], num_classes: int) -> None:
    """Any size of image and number of classes; rows are probabilities."""
    model = reference.build_model(input_shape, num_classes)
    assert isinstance(model, keras.Sequential)
    assert (model.input_shape, model.output_shape) == ((None, *input_shape), (None, num_classes))
    x = np.random.default_rng(0).integers(0, 256, (4, *input_shape), dtype="uint8")
    probabilities = keras.ops.convert_to_numpy(model(x))
    assert probabilities.dtype == np.float32
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_build_model_is_fresh_each_time() -> None:
    """Two models share no weights and start from different ones; the optimizer has not stepped."""
    first, second = reference.build_model(), reference.build_model()
    assert not np.array_equal(first.get_weights()[0], second.get_weights()[0])
    assert int(first.optimizer.iterations) == 0


def test_build_model_uses_built_in_layers_alone() -> None:
    """The configuration alone, without custom objects, gives the same network again."""
    model = reference.build_model()
    again = keras.Sequential.from_config(model.get_config())
    again.set_weights(model.get_weights())
    x = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype="uint8")
    np.testing.assert_allclose(reference.predict(again, x), reference.predict(model, x), rtol=1e-5)
    assert all(type(layer).__module__.startswith("keras.") for layer in model.layers)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((7, 32, 3), 3), "images must have at least 8 x 8 pixels, to be halved three times: got (7, 32, 3)"),
        (((32, 32, 3), 1), "num_classes must be at least 2: got 1"),
    ],
)
def test_build_model_rejects(arguments: tuple[tuple[int, int, int], int], message: str) -> None:
    """Shapes that the network cannot have are named."""
    with pytest.raises(ValueError) as caught:
        reference.build_model(*arguments)
    assert str(caught.value) == message


# Task 5, train

EVEN = ((np.arange(10) + 0.5) / 10 * 255).astype("uint8").reshape(-1, 1, 1, 1)
"""Ten images of one pixel, evenly spread from black to white."""


class Script(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Give a model of two classes the validation accuracies of a list, one an epoch.

    The model calls an image class 1 when it is brighter than a threshold, all ten validation images are of class 0,
    and the threshold is set to leave the wanted share of them below it.
    """

    def __init__(self, accuracies: list[float]) -> None:
        """Take the accuracies, in tenths."""
        super().__init__()
        self.accuracies = accuracies
        self.steps = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Count the steps."""
        self.steps += 1

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Set the threshold."""
        kernel = np.array([[-1.0, 1.0]], "float32")
        self.model.layers[-1].set_weights([kernel, np.array([2 * 255 * self.accuracies[epoch], 0], "float32")])


def scripted_model() -> keras.Sequential:
    """A model that training does not change: its learning rate is 0."""
    model = keras.Sequential([keras.Input((1, 1, 1)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    model.compile(keras.optimizers.SGD(0.0), "categorical_crossentropy", metrics=["accuracy"])
    return model


def test_train_stops_early_and_keeps_the_best_epoch(tmp_path: Path) -> None:
    """Seven of the eight epochs are run, in steps of `batch_size`, and the checkpoint is the fourth."""
    model, path = scripted_model(), tmp_path / "best.keras"
    script = Script([0.2, 0.5, 0.5, 0.7, 0.6, 0.7, 0.6, 0.9])
    history = reference.train(
        model,
        EVEN[:5],
        one_hot([0] * 5, 2),
        EVEN,
        one_hot([0] * 10, 2),
        epochs=8,
        batch_size=2,
        patience=3,
        checkpoint_path=path,
        callbacks=[script],
    )
    assert history.history["val_accuracy"] == pytest.approx(script.accuracies[:7])
    assert set(history.history) == {"accuracy", "val_accuracy", "loss", "val_loss"}
    assert history.model is model
    assert script.steps == 7 * 3  # five images in twos make three steps
    best = keras.models.load_model(path)
    assert np.mean(reference.predict(best, EVEN).argmax(axis=1) == 0) == pytest.approx(0.7)
    assert np.array_equal(reference.predict(path, EVEN), reference.predict(best, EVEN))
    assert np.array_equal(reference.predict(str(path), EVEN), reference.predict(best, EVEN))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_train": one_hot([0])}, "training needs images and as many labels: got 10 images and 1 labels"),
        (
            {"x_val": EVEN[:0], "y_val": one_hot([])},
            "validation needs images and as many labels: got 0 images and 0 labels",
        ),
        ({"epochs": 0}, "epochs must be at least 1: got 0"),
        ({"batch_size": -1}, "batch_size must be at least 1: got -1"),
        ({"patience": 0}, "patience must be at least 1: got 0"),
    ],
)
def test_train_rejects(change: dict[str, Any], message: str) -> None:
    """What cannot be trained with is named before training starts."""
    y = one_hot([0] * 10, 2)
    arguments: dict[str, Any] = {"x_train": EVEN, "y_train": y, "x_val": EVEN, "y_val": y} | change
    with pytest.raises(ValueError) as caught:
        reference.train(scripted_model(), **arguments)
    assert str(caught.value) == message


# Task 6, predict


def test_plot_history_draws_both_accuracies_by_epoch() -> None:
    """Two labelled lines over the epochs 1, 2, …, from a dictionary as from a History."""
    history = keras.callbacks.History()
    history.history = {"accuracy": [0.5, 0.75], "val_accuracy": [0.25, 0.5], "loss": [2.0, 1.0]}
    for given in (history, history.history):
        (axes,) = reference.plot_history(given).axes
        lines = {str(line.get_label()): np.asarray(line.get_xydata()).tolist() for line in axes.get_lines()}
        assert lines == {"training": [[1, 0.5], [2, 0.75]], "validation": [[1, 0.25], [2, 0.5]]}
        legend = axes.get_legend()
        assert legend is not None
        assert [text.get_text() for text in legend.get_texts()] == ["training", "validation"]
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "accuracy")


def test_plot_history_rejects_a_history_without_validation() -> None:
    """The missing curve is named."""
    with pytest.raises(ValueError) as caught:
        reference.plot_history({"accuracy": [0.5], "loss": [1.0]})
    assert str(caught.value) == (
        "the history has no 'val_accuracy', only ['accuracy', 'loss']: train with validation data and compile with "
        "metrics=['accuracy']"
    )


def test_predict_answers_in_order_each_row_for_its_own_image() -> None:
    """The row of an image is the same alone, in reverse order and among others."""
    model = reference.build_model((8, 8, 3), 4)
    x = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype="uint8")
    probabilities = reference.predict(model, x)
    assert probabilities.shape == (6, 4)
    np.testing.assert_allclose(reference.predict(model, x[::-1])[::-1], probabilities, rtol=1e-4)
    np.testing.assert_allclose(
        np.concatenate([reference.predict(model, x[i : i + 1]) for i in range(6)]), probabilities, rtol=1e-4
    )


# All six


def test_python_m_reference_runs_the_whole_project(tmp_path: Path) -> None:
    """One epoch on noise: the pictures and the checkpoint are there, and the accuracy is told."""
    rng = np.random.default_rng(0)
    sizes = {"train": 1600, "test": 20}
    data = {f"x_{name}": rng.integers(0, 256, (size, 8, 8, 3), dtype="uint8") for name, size in sizes.items()}
    data |= {f"y_{name}": np.arange(size, dtype="uint8").reshape(-1, 1) % 4 for name, size in sizes.items()}
    np.savez(tmp_path / "data.npz", **data)  # type: ignore[arg-type]  # savez's other parameters have other types
    output = tmp_path / "made" / "here"
    arguments = ["--epochs", "1", "--data", str(tmp_path / "data.npz"), "--output", str(output)]
    command = [sys.executable, "-m", "reference", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert done.returncode == 0, done.stderr

    printed = done.stdout
    assert "1080 training, 120 validation and 15 test images" in printed
    assert "test accuracy " in printed
    assert {path.name for path in output.iterdir()} == {
        "best_model.keras",
        "history.png",
        "predictions.png",
        "test_examples.png",
        "training_examples.png",
    }
