"""The assignment's contract as data: tasks, functions, parameters, checks and points.

This is the only place that states them.  The starter file, the checks, the messages about wrong signatures and the
documentation are derived from it; `reference/` is an implementation of the same contract.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from grader.assignment.subject import USUAL, Subject

PROFILES: Final = ("quick", "standard", "full")
"""The profiles, each of which includes the checks of the one before; see `Check.profile`."""


_RANGE: Final = re.compile(r"tuple\(range\((\d+)\)\)")
# More classes than this are written as `tuple(range(n))` in a function's header: CIFAR-100 has a hundred.
_MOST_WRITTEN_OUT: Final = 20


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of a function.

    Attributes:
        name: Its name, by which a caller may pass it.
        default: The source text of its default; `None` if it has no default.
        keyword_only: Whether it comes after the `*`.
        meaning: Its description in the starter file, without a capital letter and a full stop.
    """

    name: str
    default: str | None = None
    keyword_only: bool = False
    meaning: str = ""

    @property
    def value(self) -> Any:
        """The default as an object; `None` if there is no default."""
        # `ast.literal_eval` evaluates no calls, and `tuple(range(n))` is the only one that `functions_for` writes.
        if self.default is not None and (found := _RANGE.fullmatch(self.default)):
            return tuple(range(int(found[1])))
        return ast.literal_eval(self.default or "None")


class Function(msgspec.Struct, frozen=True):
    """A function that a submission must define.

    Attributes:
        name: Its name.
        task: Number of the task that it belongs to.
        parameters: Its parameters, in order.
        returns: What it returns, without a capital letter and a full stop.
        summary: The first line of its docstring in the starter file.
        details: Further sentences of that docstring.
    """

    name: str
    task: int
    parameters: tuple[Parameter, ...]
    returns: str
    summary: str
    details: str = ""

    @property
    def signature(self) -> str:
        """The function's header as a student would write it, without `def` and the colon."""
        parts: list[str] = []
        starred = False
        for parameter in self.parameters:
            if parameter.keyword_only and not starred:
                parts.append("*")
                starred = True
            default = "" if parameter.default is None else f"={parameter.default}"
            parts.append(f"{parameter.name}{default}")
        return f"{self.name}({', '.join(parts)})"


class Task(msgspec.Struct, frozen=True):
    """One of the six tasks.

    Attributes:
        number: Its number, from 1.
        title: Its title.
        points: What its checks are worth together.
        text: What it asks for, as the starter file says it.
    """

    number: int
    title: str
    points: float
    text: str


class Check(msgspec.Struct, frozen=True):
    """One statement about a submission that the grader tests, and its points.

    Attributes:
        id: `function/statement`.  Must never change, because gradebooks and `course.toml` refer to it.
        task: Number of the task that it counts for.
        function: The function that it tests; empty if it is about the whole file.
        points: Points for passing, as a part of the task's points.
        title: The statement in a few words.
        profile: The first profile that includes it.
        calls: Other functions that the check calls as well.
    """

    id: str
    task: int
    function: str
    points: float
    title: str
    profile: str = "quick"
    calls: tuple[str, ...] = ()

    @property
    def needs(self) -> frozenset[str]:
        """The functions that the check calls; empty if it looks at the whole file."""
        # `grader watch` and `%grade` repeat a check when the code of these functions has changed: docs/design.md.
        return frozenset({self.function, *self.calls} - {""})


# The points of a task are the sum of the points of its checks, and all tasks together have 100 points.
TASKS: Final = (
    Task(
        1,
        "Set up",
        5,
        "Import what you need and define the functions of the tasks below, with the parameters they name. "
        "Loading your file must not train a model: keep that in later cells, or under "
        '`if __name__ == "__main__":`.',
    ),
    Task(
        2,
        "Pre-process",
        20,
        "From images and labels keep only the requested classes, shuffle them, and turn the labels into one-hot rows.",
    ),
    Task(
        3,
        "Visualise",
        10,
        "Show randomly chosen images with the names of their classes, and later of the predicted classes.",
    ),
    Task(
        4,
        "Create the model",
        20,
        "Write a convolution block, and build and compile a Sequential network from such blocks. Scale the "
        "images inside the network with a Rescaling layer, or divide by 255 inside both `train` and `predict`.",
    ),
    Task(
        5,
        "Train",
        25,
        "Train with early stopping, and keep the best epoch in a checkpoint.",
    ),
    Task(
        6,
        "Predict",
        20,
        "Plot how the training went, load the best checkpoint, and predict images the network never saw.",
    ),
)

FUNCTIONS: Final = (
    Function(
        "subset_data",
        2,
        (
            Parameter("x", meaning="images, uint8 0-255, shape (n, height, width, channels)"),
            Parameter("y", meaning="integer labels, shape (n, 1) as CIFAR-10 ships them, or (n,)"),
            Parameter("classes", "(0, 1, 2)", meaning="the labels to keep; column j of the result means classes[j]"),
            Parameter("seed", "None", meaning="the same seed gives the same order; None a fresh one each time"),
        ),
        "(x_subset, y_subset)",
        "Return the images of some classes, shuffled, with one-hot labels.",
        "x_subset holds exactly the images whose label is in classes, each once, with dtype and values as they "
        "were. y_subset is a float array of shape (m, len(classes)). Image and label stay paired, and x and y "
        "are left as they were.",
    ),
    Function(
        "show_examples",
        3,
        (
            Parameter("x", meaning="images, uint8 0-255, shape (n, height, width, channels)"),
            Parameter("y", meaning="one-hot labels, shape (n, number of classes)"),
            Parameter("class_names", meaning="the name of each column of y"),
            Parameter("predictions", "None", meaning="probabilities, shape (n, number of classes)"),
            Parameter("count", "10", meaning="how many images to show"),
            Parameter("seed", "None", meaning="for a repeatable choice"),
        ),
        "a matplotlib Figure",
        "Show randomly chosen images with their class names as titles.",
        "The figure has min(count, len(x)) axes with an image, each a different image. Each title has the name "
        "of the image's own class and, with predictions, of the predicted class too.",
    ),
    Function(
        "add_conv_block",
        4,
        (
            Parameter("model", meaning="a keras.Sequential, which the block is added to in place"),
            Parameter("filters", meaning="the number of channels that the block ends in"),
        ),
        "the same model",
        "Add one convolution block to a Sequential model and return the model.",
        "The block's convolutions end in `filters` channels, and it at least halves height and width.",
    ),
    Function(
        "build_model",
        4,
        (
            Parameter("input_shape", "(32, 32, 3)", meaning="(height, width, channels) of one image"),
            Parameter("num_classes", "3", meaning="the number of classes"),
        ),
        "a compiled keras.Sequential",
        "Build and compile a convolutional network that gives class probabilities.",
        "It ends in a softmax, trains on one-hot labels with categorical cross-entropy, tracks `accuracy`, and "
        "is a fresh, untrained model at each call.",
    ),
    Function(
        "train",
        5,
        (
            Parameter("model", meaning="a compiled model, which is trained in place"),
            Parameter("x_train", meaning="training images, uint8 0-255"),
            Parameter("y_train", meaning="their one-hot labels"),
            Parameter("x_val", meaning="validation images, uint8 0-255"),
            Parameter("y_val", meaning="their one-hot labels"),
            Parameter("epochs", "20", True, "the most epochs to train"),
            Parameter("batch_size", "128", True, "images per step"),
            Parameter("patience", "3", True, "stop after so many epochs without a better val_accuracy"),
            Parameter("checkpoint_path", '"best_model.keras"', True, "where the best epoch's whole model is saved"),
            Parameter("callbacks", "()", True, "further Keras callbacks to run"),
        ),
        "the History",
        "Train the model with early stopping and a checkpoint of the best epoch.",
        "It fits the model it was given, on the training set alone, watches val_accuracy, and returns what fit "
        "returns.",
    ),
    Function(
        "plot_history",
        6,
        (Parameter("history", meaning="a keras History, or its .history dictionary"),),
        "a matplotlib Figure",
        "Plot training and validation accuracy per epoch.",
        "Two lines, told apart by a legend, and both axes labelled.",
    ),
    Function(
        "predict",
        6,
        (
            Parameter("model", meaning="a model, or the path of a checkpoint"),
            Parameter("x", meaning="images, uint8 0-255, shape (n, height, width, channels)"),
        ),
        "probabilities, shape (n, number of classes)",
        "Return the class probabilities of images, in their order.",
        "Row i depends on image i alone.",
    ),
)

# The order is that of results and reports: by task, and within a task by function.  tests/test_contract.py verifies
# this, and that each check has a test that carries its id.
CHECKS: Final = (
    Check("setup/loads", 1, "", 2, "The file loads without an error"),
    Check("setup/trains-nothing", 1, "", 1, "Loading the file trains nothing"),
    Check("setup/functions-and-parameters", 1, "", 2, "Every function is there with its parameters"),
    Check("subset_data/keeps-only-requested-classes", 2, "subset_data", 3, "Keeps only the requested classes"),
    Check("subset_data/each-image-once", 2, "subset_data", 3, "Keeps every such image, each once"),
    Check("subset_data/images-unchanged", 2, "subset_data", 2, "Leaves the images as they are"),
    Check("subset_data/one-hot-labels", 2, "subset_data", 2, "Turns each label into a row with a single 1"),
    Check(
        "subset_data/columns-follow-classes",
        2,
        "subset_data",
        3,
        "Has a column for each class, in the order of `classes`",
    ),
    Check("subset_data/stays-paired", 2, "subset_data", 3, "Keeps each image together with its label"),
    Check("subset_data/shuffled", 2, "subset_data", 1, "Shuffles"),
    Check("subset_data/seeded", 2, "subset_data", 1, "Same seed, same order; other seeds and None, others"),
    Check("subset_data/inputs-untouched", 2, "subset_data", 1, "Changes neither x nor y"),
    Check("subset_data/label-shapes", 2, "subset_data", 1, "Takes labels of both shapes, (n, 1) and (n,)"),
    Check(
        "show_examples/one-axes-per-image",
        3,
        "show_examples",
        2,
        "Shows as many images as `count` says, if there are that many",
    ),
    Check("show_examples/different-images-of-x", 3, "show_examples", 2, "Shows images of x, none of them twice"),
    Check("show_examples/chosen-at-random", 3, "show_examples", 1, "Chooses at random"),
    Check("show_examples/titles-name-the-class", 3, "show_examples", 3, "Each title names the image's class"),
    Check("show_examples/titles-name-the-prediction", 3, "show_examples", 2, "Titles name the predicted class"),
    Check("add_conv_block/ends-in-filters", 4, "add_conv_block", 3, "The block ends in `filters` channels"),
    Check(
        "add_conv_block/halves-height-and-width",
        4,
        "add_conv_block",
        2,
        "The block makes images half as high and wide, or smaller",
    ),
    Check("add_conv_block/works-in-place", 4, "add_conv_block", 2, "Adds to the model it is given and returns it"),
    Check("build_model/sequential-and-convolutional", 4, "build_model", 2, "A Sequential with convolutions"),
    Check("build_model/honours-arguments", 4, "build_model", 3, "Uses `input_shape` and `num_classes`"),
    Check("build_model/softmax-probabilities", 4, "build_model", 2, "Answers with probabilities of the classes"),
    Check("build_model/categorical-cross-entropy", 4, "build_model", 2, "Compiled with categorical cross-entropy"),
    Check("build_model/tracks-accuracy", 4, "build_model", 1, "Tracks accuracy"),
    Check("build_model/learns", 4, "build_model", 1, "Changes its weights when it is trained"),
    Check("build_model/fresh-and-untrained", 4, "build_model", 2, "A fresh, untrained model on each call"),
    Check("train/fits-the-given-model", 5, "train", 3, "Trains the model it is given"),
    Check("train/training-set-only", 5, "train", 3, "Trains on the training set alone, with its labels"),
    Check("train/validates", 5, "train", 2, "Validates on the validation set"),
    Check("train/epochs-and-batch-size", 5, "train", 3, "Trains for `epochs` epochs, in batches of `batch_size`"),
    Check("train/early-stopping", 5, "train", 5, "Stops `patience` epochs after the best val_accuracy"),
    Check("train/checkpoint-best-epoch", 5, "train", 5, "The checkpoint is the epoch with the best val_accuracy"),
    Check("train/checkpoint-whole-model", 5, "train", 2, "The checkpoint is a whole model at checkpoint_path"),
    Check("train/extra-callbacks", 5, "train", 1, "Runs the callbacks it is given"),
    Check("train/returns-history", 5, "train", 1, "Returns the History"),
    Check("plot_history/both-curves", 6, "plot_history", 2, "Plots training and validation accuracy"),
    Check("plot_history/legend", 6, "plot_history", 1, "The legend tells which line is which"),
    Check("plot_history/axis-labels", 6, "plot_history", 1, "Both axes are labelled"),
    Check("plot_history/history-or-dict", 6, "plot_history", 1, "Takes a History and its dictionary"),
    Check("predict/probabilities", 6, "predict", 2, "Returns probabilities of shape (n, number of classes)"),
    Check("predict/uses-the-model", 6, "predict", 2, "Answers with the model it is given"),
    Check("predict/in-order", 6, "predict", 1, "Answers in the order of x"),
    Check("predict/checkpoint-path", 6, "predict", 1, "Takes the path of a checkpoint"),
    Check("predict/rows-independent", 6, "predict", 1, "Each answer depends on its own image alone"),
    Check("predict/scales-as-train-does", 6, "predict", 1, "Scales images as train does", calls=("train",)),
    Check(
        "accuracy/unseen-images",
        6,
        "",
        7,
        "Predicts images it never saw well enough",
        "standard",
        calls=("build_model", "train", "predict"),
    ),
)


_FUNCTIONS_BY_NAME: Final = {f.name: f for f in FUNCTIONS}


@functools.cache
def functions_for(subject: Subject, patience: int | None = None) -> tuple[Function, ...]:
    """Return the functions of the contract with the defaults of a course.

    Args:
        subject: The images and classes of the course.
        patience: The default patience of `train`; `None` keeps the contract's.
    """
    # The contract is written for `USUAL`; only defaults and the description of `y` depend on the data set.
    count = len(subject.classes)
    counted_out = count > _MOST_WRITTEN_OUT and subject.classes == tuple(range(count))
    classes = f"tuple(range({count}))" if counted_out else str(subject.classes)
    defaults = {"classes": classes, "input_shape": str(subject.image_shape)}
    defaults["num_classes"] = str(count)
    if patience is not None:
        defaults["patience"] = str(patience)
    meanings = {} if subject.dataset == USUAL.dataset else {"y": "integer labels, shape (n, 1) or (n,)"}

    def adapted(parameter: Parameter, function: str) -> Parameter:
        if parameter.default is not None and parameter.name in defaults:
            return msgspec.structs.replace(parameter, default=defaults[parameter.name])
        if function == "subset_data" and parameter.name in meanings:
            return msgspec.structs.replace(parameter, meaning=meanings[parameter.name])
        return parameter

    return tuple(
        msgspec.structs.replace(each, parameters=tuple(adapted(parameter, each.name) for parameter in each.parameters))
        for each in FUNCTIONS
    )


def function(name: str) -> Function:
    """Return a function of the contract by its name.

    Raises:
        KeyError: If the contract has no function of that name.
    """
    return _FUNCTIONS_BY_NAME[name]


def checks_of(profile: str, tasks: frozenset[int] = frozenset()) -> tuple[Check, ...]:
    """Return the contract's checks that a profile includes, of some tasks or, if none is given, of all."""
    return chosen(CHECKS, profile, tasks)


def chosen(checks: Iterable[Check], profile: str, tasks: frozenset[int]) -> tuple[Check, ...]:
    """Select the checks that a profile includes, of some tasks or, if none is given, of all."""
    level = PROFILES.index(profile)
    return tuple(c for c in checks if PROFILES.index(c.profile) <= level and (not tasks or c.task in tasks))
