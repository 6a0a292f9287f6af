"""Build, train and predict with a submission, and measure its accuracy on images that it never saw."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from grader.assignment.subject import USUAL
from grader.checks.common.answers import ClockFacts, ModelExport, TallyFacts
from grader.checks.common.epochs import believed
from grader.checks.common.evidence import KNOWN_GAIN, CannotRebuild, Examiner
from grader.checks.common.hidden import Split
from grader.checks.common.student import Missing, Student
from grader.checks.common.verdict import CheckFailed, NotRun, Shown, describe
from grader.course import Accuracy, Course
from grader.course.datasets import Dataset
from grader.results.artefacts import Confusion, Curves, Epoch, Example, png_of
from grader.sandbox.host.session import MAX_ANSWER_BYTES, SubmissionError, WorkerGone
from grader.sandbox.wire import graphs
from grader.sandbox.wire.frames import Handle

Array = np.ndarray[Any, Any]

_OF_CIFAR10: Final = np.array((0.4914, 0.4822, 0.4465)), np.array((0.2470, 0.2435, 0.2616))

_CHECKPOINT: Final = "accuracy.keras"
_FRESH_IMAGES: Final = 600
_BATCH: Final = 500
_PREDICT_SECONDS: Final = 300.0
_SURELY_LEARNED: Final = 0.25
"""An accuracy above chance that no untrained network reaches by luck."""

_EXAMINER_MARGIN: Final = 0.03
"""How much better `predict` may be than the examined network, to allow for rounding and a scale that is estimated."""

_SPARE_STEPS: Final = 1.3
"""How many times the steps of the budget are allowed.  With data that repeat, Keras fills up the last
`steps_per_execution` of an epoch: with 32 of them, 200 steps become 224."""

_MOST_PASSES: Final = 4
"""How often an image may reach the network in an epoch: as two views or for two gradients, and once more each for
measuring the training accuracy."""

_NOTHING_NOTED: Final[ClockFacts] = {
    "first_step": None,
    "epochs": [],
    "stamps": np.zeros(0),
    "trained": {"images": 0, "batches": 0, "steps": 0},
}
_MOST_EPOCHS: Final = 200
"""How many epochs are kept of a training whose length the submission chooses."""

_MAX_CURVES: Final = 12
_SHOWN_EXAMPLES: Final = 12


class Trained(msgspec.Struct, frozen=True, eq=False):
    """The outcome of building, training and predicting.

    Attributes:
        accuracy: The share of hidden images that are predicted right, 0 to 1.
        answers: What `predict` answered about them, shape (n, classes).
        seconds: The wall time of the training.
        curves: The curves of the History that was returned, which is the submission's own account.
        epochs: The times of each epoch, if the clock can be believed; empty without `fit`.
        steps: The number of training steps, as counted in the worker.
        config: The network's configuration as JSON; "" if it could not be exported.
    """

    accuracy: float
    answers: Array
    seconds: float
    curves: Curves
    epochs: tuple[Epoch, ...] = ()
    steps: int = 0
    config: str = ""


def trained(student: Student, examiner: Examiner, split: Split, budget: Accuracy | None, *, seconds: float) -> Trained:
    """Build, train and predict with the submission.

    The accuracy that counts is the smaller of two: that of what `predict` answers with the checkpoint, and that of what
    the network in the checkpoint answers in the examiner.  So neither a table of answers nor a broken `predict` passes.

    Args:
        student: The submission in a fresh worker.
        examiner: The examiner, where the network is rebuilt.
        split: The data.
        budget: The epochs and the batch size; `None` leaves them, and the patience, to the submission.
        seconds: How long training may take.

    Raises:
        CheckFailed: If the network was not fresh, trained more than it was told to, or cannot be examined.
        NotRun: If one of the three functions does not work at all.
    """
    classes = split.y_train.shape[1]
    try:
        model = student.call("build_model", **build_arguments(split))
        fresh = accuracy_of(_predict(student, model, split.x_hidden[:_FRESH_IMAGES], classes), split)
        if fresh > 1 / classes + _SURELY_LEARNED:
            raise CheckFailed(
                f"A fresh network should be at chance, but before any training it predicts {fresh:.0%} right.",
                hint="build_model returns an untrained network.",
            )
        export, clock = _export_of(student, model), _clock_of(student, model)
        shapes = [] if export is None else kernel_shapes(export["weights"])
        settings = {} if budget is None else _settings(budget)
        began = time.perf_counter()
        returned = student.call(
            "train",
            Shown(model, "model"),
            *(Shown(a, n) for a, n in ((split.x_train, "x_train"), (split.y_train, "y_train"))),
            *(Shown(a, n) for a, n in ((split.x_val, "x_val"), (split.y_val, "y_val"))),
            **settings,
            checkpoint_path=_CHECKPOINT,
            seconds=seconds,
        )
        ended = time.perf_counter()
        example = student.example
        noted = student.tools.read_clock(clock) if clock is not None else _NOTHING_NOTED
        if budget is not None:
            _require_budget(noted["trained"], split, budget, example)
        checkpoint = student.tools.file_bytes(_CHECKPOINT)
        kept = None if export is None or not checkpoint else _kept(student, model, export)
        answers = _predict(student, _CHECKPOINT if checkpoint else model, split.x_hidden, classes)
        example = student.example
    except (Missing, SubmissionError) as error:
        why = f"`{error.name}` is not defined" if isinstance(error, Missing) else student.explain(error)
        raise NotRun(f"building, training and predicting does not work: {why}.") from None
    predicted = accuracy_of(answers, split)
    network = _open(student, examiner, checkpoint, model, kept)
    if shapes and kernel_shapes(examiner.weights_of(network)) != shapes:
        raise CheckFailed(
            "The checkpoint should hold the network that `train` was given, but it holds one with other layers.",
            hint="Save the parameter `model` itself.",
        )
    examined = examined_accuracy(examiner, network, split, _scale_of_predict(student))
    student.example = example
    accuracy = min(predicted, examined + _EXAMINER_MARGIN)
    epochs, _ = believed(noted, began, ended)
    curves = curves_of(student, returned, model, _MOST_EPOCHS if budget is None else budget.epochs)
    steps = noted["trained"]["steps"] or noted["trained"]["batches"]
    config = "" if export is None else export["config"]
    return Trained(accuracy, answers, ended - began, curves, epochs[:_MOST_EPOCHS], steps, config)


def build_arguments(split: Split) -> dict[str, Any]:
    """Return the arguments of `build_model` for the data; with a shape only if that is not the usual one."""
    shape = tuple(split.x_train.shape[1:])
    return ({} if shape == USUAL.image_shape else {"input_shape": shape}) | {"num_classes": split.y_train.shape[1]}


def _settings(budget: Accuracy) -> dict[str, int]:
    """Return the arguments that tell `train` how long to train."""
    return {"epochs": budget.epochs, "batch_size": budget.batch_size, "patience": budget.epochs}


def _export_of(student: Student, model: Any) -> ModelExport | None:
    """Return the network as data, or `None` if it is not a Keras model or cannot be exported."""
    with contextlib.suppress(SubmissionError):
        export = student.tools.export_model(model) if isinstance(model, Handle) else None
        return export if export is not None and export["model"] else None
    return None


_KEEPS_VALUES: Final = frozenset(
    ("Dropout", "SpatialDropout2D", "GaussianDropout", "AlphaDropout", "Flatten", "Reshape")
)
_NOT_LINEAR: Final = frozenset(
    ("relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "sigmoid", "hard_sigmoid", "tanh")
) | {"softplus", "softmax", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"}


def odd_end(config: str) -> str:
    """Return a sentence about what keeps a network from learning at its end, or "" if nothing does.

    An activation such as ReLU before the softmax cuts off scores, so that it gets no negative ones.  Dropout after the
    softmax, or right before it, drops whole classes.

    Args:
        config: The network's serialisation, as JSON.
    """
    try:
        layers = [_kind_and_activation(layer) for layer in json.loads(config)["config"]["layers"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
    last = max((i for i, layer in enumerate(layers) if "softmax" in layer or "Softmax" in layer), default=-1)
    if last < 0:
        return ""
    dropped = next((kind for kind, _ in layers[last + 1 :] if "Dropout" in kind), "")
    if dropped:
        return (
            f"The network has {dropped} after its softmax, so that in training the probability of whole classes is 0."
        )
    if layers[last][0] not in ("Softmax", "Activation"):
        return ""  # the softmax is the activation of its layer, which has no other
    before = list(layers[:last])
    while before and before[-1][0] in _KEEPS_VALUES:
        kind, _ = before.pop()
        if "Dropout" in kind:
            return f"The network has {kind} right before its softmax, so that in training whole classes are left out."
    kind, activation = before[-1] if before else ("", "")
    found = activation if activation in _NOT_LINEAR else kind if kind in _NOT_LINEAR else ""
    if not found:
        return ""
    return (
        f"The network has the activation {found} before its softmax, which then gets what {found} leaves of the scores."
    )


def _kind_and_activation(layer: dict[str, Any]) -> tuple[str, str]:
    activation = layer["config"].get("activation")
    if isinstance(activation, dict):  # a function, or an object with a class name
        activation = activation["config"] if activation.get("class_name") == "function" else activation["class_name"]
    return str(layer["class_name"])[:40], activation[:40] if isinstance(activation, str) else ""


def kernel_shapes(weights: list[Array]) -> list[tuple[int, ...]]:
    """Return the shapes of all weights that layers multiply with, sorted.

    Layers that a submission puts around a network, as for scaling, have no such weights.
    """
    return sorted(weight.shape for weight in weights if weight.ndim >= 2)


def _clock_of(student: Student, model: Any) -> Handle | None:
    """Start a clock that times the training and counts its steps and images, or return `None` if there is no model."""
    return student.tools.start_clock(model) if isinstance(model, Handle) else None


def _require_budget(counted: TallyFacts, split: Split, budget: Accuracy, example: str) -> None:
    """Raise `CheckFailed` if a training took more steps or images than its budget, so that accuracies are comparable.

    Steps are those of optimizers.  A training can do without an optimizer, so the images that reach the network are
    limited as well.  That limit is above what sound trainings need if they pass an image several times for one step.
    """
    steps, images = counted["steps"], counted["images"]
    if steps > _SPARE_STEPS * budget.steps + budget.epochs:  # for last batches that are not full
        raise CheckFailed(
            f"With epochs={budget.epochs} and batch_size={budget.batch_size} `train` should make {budget.steps} steps, "
            f"but it made {steps}.",
            hint="Pass the parameters batch_size and epochs on to fit, which is called once.",
            example=example,
        )
    due = budget.epochs * len(split.x_train)
    if images > _MOST_PASSES * due:
        raise CheckFailed(
            f"With epochs={budget.epochs} `train` should show the network {due:,} images, each of "
            f"{len(split.x_train):,} once an epoch, but it showed it {images:,}.",
            hint="Go through x_train once an epoch, and evaluate on x_val alone.",
            example=example,
        )


def curves_of(student: Student, returned: Any, model: Any, epochs: int) -> Curves:
    """Return the curves of what `train` returned, cut to the epochs asked for; empty if it has no curves."""
    with contextlib.suppress(SubmissionError, WorkerGone):
        told = student.tools.within(max_bytes=MAX_ANSWER_BYTES).describe_history(returned, model)["curves"]
        return {
            name[:40]: [round(value, 4) for value in values[:epochs]]
            for name, values in list(told.items())[:_MAX_CURVES]
            if np.all(np.isfinite(values))
        }
    return {}


def confusion_of(answers: Array, split: Split, course: Course, dataset: Dataset) -> Confusion:
    """Return the confusion matrix of the answers, without those that are not finite."""
    order = [split.classes.index(label) for label in course.classes]
    finite = np.all(np.isfinite(answers), axis=1)
    true, predicted = split.hidden_labels[finite], np.argmax(answers[finite], axis=1)
    counts = tuple(tuple(int(np.sum((true == row) & (predicted == column))) for column in order) for row in order)
    return Confusion(tuple(dataset.class_names[label] for label in course.classes), counts)


def examples_of(answers: Array, split: Split, dataset: Dataset) -> tuple[Example, ...]:
    """Return some hidden images with their predictions, half of which are wrong if there are enough wrong ones."""
    finite = np.all(np.isfinite(answers), axis=1)
    predicted = np.argmax(np.nan_to_num(answers), axis=1)
    right = predicted == split.hidden_labels
    wrong = np.flatnonzero(~right & finite)[: _SHOWN_EXAMPLES // 2]
    chosen = [*wrong, *np.flatnonzero(right & finite)[: _SHOWN_EXAMPLES - len(wrong)]]
    names = [dataset.class_names[label] for label in split.classes]
    return tuple(Example(png_of(split.x_hidden[i]), names[split.hidden_labels[i]], names[predicted[i]]) for i in chosen)


def _predict(student: Student, model: Any, images: Array, classes: int) -> Array:
    shown = Shown(images, "x")
    answers = student.call("predict", model, shown, seconds=_PREDICT_SECONDS)
    if not isinstance(answers, np.ndarray) or answers.shape != (len(images), classes):
        raise CheckFailed(
            f"For {len(images)} images `predict` should return an array of shape {(len(images), classes)}, but it "
            f"returned {describe(answers)}.",
            hint="Return all the probabilities that the model gives, one row an image.",
        )
    return answers


def accuracy_of(answers: Array, split: Split) -> float:
    """Return the share of rows whose largest entry is at the hidden label; rows of the first images are enough."""
    return float(np.mean(_is_right(answers, split.hidden_labels[: len(answers)])))


def _is_right(answers: Array, labels: Array) -> Array:
    """Return for each row whether its largest entry is at its label; a row that is not finite is wrong."""
    if answers.ndim != 2 or len(answers) != len(labels):
        return np.zeros(len(labels), bool)
    finite = np.all(np.isfinite(answers), axis=1)
    right: Array = (np.argmax(np.nan_to_num(answers), axis=1) == labels) & finite
    return right


def _kept(student: Student, model: Handle, export: ModelExport) -> ModelExport | None:
    """Return a network that has layers of the submission's own, with the weights in the checkpoint.

    The examiner cannot tell which weight in the file belongs to which layer, so the worker reads the file.  That gives
    it no advantage: it wrote the file, and could have written the weights that it claims.

    Returns:
        The export, or `None` for a network of Keras' own layers, or if the worker cannot export it.
    """
    if graphs.has_graphs(export["config"]):
        with contextlib.suppress(SubmissionError):
            kept = student.tools.export_checkpoint(model, _CHECKPOINT)
            return kept if kept["model"] else None
    return None


def _open(
    student: Student, examiner: Examiner, checkpoint: bytes | None, model: Any, kept: ModelExport | None
) -> Handle:
    """Open the trained network in the examiner: from the checkpoint, or from the model itself if there is none."""
    if kept is not None:
        return examiner.rebuild(kept["config"], kept["weights"])
    if checkpoint is not None:
        try:
            return examiner.open_checkpoint(checkpoint)
        except CannotRebuild:
            export = student.tools.export_model(model)
            if not export["model"]:
                raise
            return examiner.open_checkpoint(checkpoint, export["config"])
    export = student.tools.export_model(model)
    if not export["model"]:
        raise CheckFailed("There is no network to examine.", hint="build_model returns a keras.Sequential.")
    return examiner.rebuild(export["config"], export["weights"])


def examined_accuracy(examiner: Examiner, network: Handle, split: Split, measured: tuple[float, float] | None) -> float:
    """Return the share of hidden images that the network in the examiner predicts right.

    It is the best share over the ways in which the images may have to be scaled; see `scaled`.  The images are sent in
    batches, since they take four times the memory as floats.
    """
    right: list[float] = []
    for start in range(0, len(split.x_hidden), _BATCH):
        labels = split.hidden_labels[start : start + _BATCH]
        batches = scaled(split.x_hidden[start : start + _BATCH], measured, means_and_deviations(split))
        counts = [np.sum(_is_right(examiner.run_network(network, x), labels)) for x in batches]
        right = [float(a + b) for a, b in zip(right or [0.0] * len(counts), counts, strict=True)]
    return max(right) / len(split.x_hidden)


def _scale_of_predict(student: Student) -> tuple[float, float] | None:
    """Measure with a known network how `predict` scales images: the factor and the offset, or `None` if unknown."""
    levels = np.array([20, 90, 160, 230], np.uint8)
    shape = student.subject.image_shape
    images = np.ones((1, *shape), np.uint8) * levels[:, None, None, None]
    try:
        model = student.tools.brightest_channel_model(KNOWN_GAIN, image_shape=shape)
        answers = student.call("predict", Shown(model, "model"), Shown(images, "x"))
    except SubmissionError:
        return None
    if not isinstance(answers, np.ndarray) or answers.shape != (len(levels), 4):
        return None
    with np.errstate(all="ignore"):
        seen = np.log(answers[:, 0].astype(np.float64) / answers[:, 3]) / KNOWN_GAIN
    if not np.all(np.isfinite(seen)):
        return None
    factor, offset = np.polyfit(levels.astype(np.float64), seen, 1)
    return float(factor), float(offset)


def means_and_deviations(split: Split) -> tuple[Array, Array]:
    """Return the means and standard deviations of the channels, 0 to 1, by which images may be scaled.

    For colour images they are those of CIFAR-10.
    """
    if split.x_train.shape[3] == 3:
        return _OF_CIFAR10
    values = split.x_train / 255
    return values.mean(axis=(0, 1, 2)), np.maximum(values.std(axis=(0, 1, 2)), 1 / 255)


def scaled(
    images: Array, measured: tuple[float, float] | None, of_channels: tuple[Array, Array] = _OF_CIFAR10
) -> Iterator[Array]:
    """Yield the images in each way in which they may have been scaled for the network, as float32.

    Args:
        images: The images as they are, uint8.
        measured: The factor and the offset with which `predict` scales, if known.  If they are those of raw images or
            of a division by 255, that is the only way.
        of_channels: The means and standard deviations of the channels.
    """
    x = images.astype(np.float32)
    if measured is not None and abs(measured[0]) > 1e-6:
        yield x * np.float32(measured[0]) + np.float32(measured[1])
        if abs(measured[0] - 1) < 0.01 or abs(measured[0] * 255 - 1) < 0.01:
            return
    spread = np.maximum(x.std(axis=(1, 2, 3), keepdims=True), 1 / np.sqrt(x[0].size))
    yield (x - x.mean(axis=(1, 2, 3), keepdims=True)) / spread
    means, deviations = (each.astype(np.float32) for each in of_channels)
    yield (x / 255 - means) / deviations
    yield x / 127.5 - 1
    yield x / 255
