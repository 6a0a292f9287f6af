"""Task 4: a Sequential network of convolution blocks, compiled with the right loss, whose summary is looked at."""

from __future__ import annotations

import msgspec
import numpy as np

from grader.checks.common.evidence import ONE_SOFTMAX, TWO_SOFTMAXES, are_probabilities
from grader.checks.common.verdict import CheckFailed, NotRun, check
from grader.checks.guided.blocks import makers_of_convolutions
from grader.checks.guided.data import Data, keeps_old_numbers
from grader.checks.guided.network import described_network, layer_kinds, network_of
from grader.checks.guided.notes import Block, Note
from grader.checks.guided.observed import Observed

_NO_ACCURACY = {
    "accuracy()": "`Accuracy` asks whether probabilities and labels are the very same numbers",
    "binaryaccuracy()": "`BinaryAccuracy` compares each of the outputs with 0.5",
    "binary_accuracy": "`binary_accuracy` compares each of the outputs with 0.5",
}
"""Metrics that are called accuracy but do not measure it with three classes, each with what it does instead."""

_LEAST_FILTERS = 8
"""Smaller numbers that a block is given say which block it is, or how large its convolutions are."""

_CATEGORICAL = ("categoricalcrossentropy", "categoricalfocalcrossentropy", "kldivergence", "kullbackleiblerdivergence")


def _outputs_allowed(observed: Observed) -> set[int]:
    """Return how many outputs the network may have: three, or what a bug of task 2 makes of that; empty for any."""
    data = Data(observed)
    images = data.training
    if images is None:
        return {3} if observed.of_kind("load_data") else set()  # if the program uses other data, task 2 reports it
    columns = images.labels.shape[1] if images.labels is not None and images.labels.ndim == 2 else 3
    if len(data.classes(images)) == 3 and (
        columns == 3 or images.labels is None or not keeps_old_numbers(images.labels)
    ):
        return {3}
    return {3, columns, len(data.classes(images))}


@check("model/sequential")
def test_sequential(observed: Observed) -> None:
    try:
        note = network_of(observed)
    except NotRun:
        why = observed.because("Sequential", "create_model", "add", "Conv2D", "compile", "fit")
        raise CheckFailed(
            f"There should be a network that is compiled, but there is none{why}.",
            hint="Create a keras.Sequential, add blocks to it, compile it, and call its summary.",
        ) from None
    if not note.sequential or _class_of(note) not in ("Sequential", ""):
        raise CheckFailed(
            "The network should be a keras.Sequential, but it is a model of another kind.",
            hint="Begin with model = keras.Sequential() and add layers to it.",
            line=note.line,
        )
    if not any("Conv" in name for name in layer_kinds(observed, note)):
        raise CheckFailed(
            "The network should have convolutions, but it has none.",
            hint="Add keras.layers.Conv2D layers in a function of your own.",
            line=note.line,
        )


def _class_of(note: Note) -> str:
    """Return the class of Keras that a network's configuration names; "" if it names none, or cannot be read."""
    try:
        tree = msgspec.json.decode(note.config)
        return str(tree["class_name"]) if str(tree.get("module", "")).startswith("keras") else ""
    except (msgspec.MsgspecError, LookupError, TypeError, AttributeError):
        return ""


@check("model/block-function")
def test_block_function(observed: Observed) -> None:
    note = network_of(observed)
    if note.convolutions == 0 and not any("Conv" in name for name in layer_kinds(observed, note)):
        raise NotRun("the network has no convolutions.")
    may = makers_of_convolutions(observed.submission.program)
    # A network that was loaded from a file is the one that was saved to it.
    same = [block for other in observed.notes if other.layers == note.layers for block in other.blocks]
    blocks = [block for block in same if block.calls >= 2 and (may is None or block.name in may)]
    made = sum({block.name: sum(map(len, block.filters)) for block in blocks}.values())
    if blocks and 2 * made < note.convolutions:
        raise CheckFailed(
            f"The convolutions should come from the function that adds a block, but `{blocks[0].name}` makes only "
            f"{made} of {note.convolutions}.",
            hint="Call it for each block, and write no convolution out beside it.",
            line=note.line,
        )
    if blocks:
        ignoring = [block for block in blocks if _ignores_its_argument(block)]
        if len(ignoring) < len(blocks):
            return
        given = sorted({number for numbers in ignoring[0].given for number in numbers if number >= _LEAST_FILTERS})
        raise CheckFailed(
            f"Each block should have as many filters as `{ignoring[0].name}` is given, but all have "
            f"{max(ignoring[0].filters[0], default=0)}, though it is called with {', '.join(map(str, given))}.",
            hint="Write keras.layers.Conv2D(num_filters, ...) with the argument of the function.",
            line=note.line,
        )
    once = [block.name for block in note.blocks if block.calls == 1]
    what = f"`{once[0]}` makes all of them in one call" if once else "they are written out one by one"
    raise CheckFailed(
        f"The convolutions should come from a function that adds one block and is called for each block, but {what}.",
        hint="Write a function such as add_conv_block(model, num_filters), and call it twice or more.",
        line=note.line,
    )


def _ignores_its_argument(block: Block) -> bool:
    """Whether calls with different numbers made the same convolutions, so that at least one number was ignored."""
    given = [{number for number in numbers if number >= _LEAST_FILTERS} for numbers in block.given]
    same = len({tuple(filters) for filters in block.filters}) == 1
    return (
        same
        and all(given)
        and any(numbers != given[0] for numbers in given)
        and any(not numbers & set(block.filters[0]) for numbers in given)
    )


@check("model/shrinks")
def test_shrinks(observed: Observed) -> None:
    note, _, facts = described_network(observed)
    if not any(layer["convolution"] for layer in facts["layers"]):
        raise NotRun("the network has no convolutions.")
    layers = facts["layers"]
    last = max(at for at, layer in enumerate(layers) if layer["convolution"])
    # A Reshape after the last convolution only moves pixels into the channels.
    end = next((at for at, layer in enumerate(layers) if at > last and layer["kind"] == "Reshape"), len(layers))
    shapes = (facts["input_shape"], *(layer["output_shape"] for layer in layers[:end]))
    sizes = [shape[0] * shape[1] for shape in shapes if shape and len(shape) == 3]
    if 0 in sizes and any("Pooling" in layer["kind"] and "Global" not in layer["kind"] for layer in layers):
        return  # the network takes images of any size, so the sizes that its layers give are not known
    if not sizes or sizes[-1] >= max(sizes):
        raise CheckFailed(
            "The images should become smaller from block to block, but their height and width stay.",
            hint="End each block with keras.layers.MaxPooling2D, or give a convolution strides.",
            line=note.line,
        )


@check("model/softmax")
def test_softmax(observed: Observed) -> None:
    note, rebuilt, facts = described_network(observed)
    outputs = facts["output_shape"]
    allowed = _outputs_allowed(observed)
    if len(outputs) != 1 or (allowed and outputs[0] not in allowed):
        raise CheckFailed(
            "The network should have one output for each of the three classes, but it has "
            f"{outputs[0] if len(outputs) == 1 else 'outputs of shape ' + str(tuple(outputs))}.",
            hint="End it with a Dense layer of 3 units and the activation softmax.",
            line=note.line,
        )
    shape = [size or 32 for size in facts["input_shape"]]
    x = np.random.default_rng(0).uniform(0, 1, (4, *shape)).astype(np.float32)
    answers = observed.examiner.run_network(rebuilt, x)
    probabilities = are_probabilities(answers)
    logits = any(other.model == note.model and other.from_logits for other in observed.of_kind("compile"))
    if probabilities and logits:
        raise CheckFailed(
            "The network gives probabilities, but its loss is told that they are logits (from_logits=True).",
            hint="Leave from_logits out, since the last layer has a softmax.",
            line=note.line,
        )
    if not probabilities and not logits:
        raise CheckFailed(
            "The network should give a probability for each class, but its answers do not add up to 1.",
            hint="Give the last Dense layer the activation softmax.",
            line=note.line,
        )
    if probabilities and observed.examiner.ends_in_two_softmaxes(note.config, x):
        raise CheckFailed(TWO_SOFTMAXES, hint=ONE_SOFTMAX, line=note.line)


@check("model/loss")
def test_loss(observed: Observed) -> None:
    note = network_of(observed)
    compiled = [other for other in observed.of_kind("compile") if other.model == note.model]
    loss = compiled[-1].loss if compiled else note.loss
    if not compiled and not loss:
        raise CheckFailed(
            f"The network should be compiled, but it is not{observed.because('compile')}.",
            hint="Call model.compile with a loss, an optimizer and metrics.",
            line=note.line,
        )
    plain = loss.lower().replace("_", "")
    images = Data(observed).training
    single = (
        images is not None and images.labels is not None and (images.labels.ndim == 1 or images.labels.shape[1] == 1)
    )
    if plain.startswith("sparse") and single:
        return
    if plain.startswith("sparse"):
        raise CheckFailed(
            f"The loss {loss} is for labels that are single numbers, but the labels are one-hot rows.",
            hint="Use categorical_crossentropy.",
            line=compiled[-1].line if compiled else note.line,
        )
    if plain not in _CATEGORICAL:
        raise CheckFailed(
            f"The loss should be categorical cross-entropy, since there are more than two classes, but it is {loss}.",
            hint='Compile with loss="categorical_crossentropy".',
            line=compiled[-1].line if compiled else note.line,
        )


@check("model/tracks-accuracy")
def test_tracks_accuracy(observed: Observed) -> None:
    note = network_of(observed)
    compiled = [other for other in observed.of_kind("compile") if other.model == note.model]
    line, hint = compiled[-1].line if compiled else note.line, 'Compile with metrics=["accuracy"].'
    metrics = compiled[-1].metrics if compiled else note.metrics
    accuracies = [metric for metric in metrics if "acc" in metric.lower()]
    # What the log calls accuracy may be any metric of that name.
    if not accuracies and (compiled or not any("acc" in name.lower() for name in note.names)):
        raise CheckFailed("Training should track the accuracy, but it does not.", hint=hint, line=line)
    # A loss for two classes costs the points of its own check; the accuracy that belongs to it costs none.
    if accuracies and "binary" not in (compiled[-1].loss if compiled else note.loss).lower():
        others = [_NO_ACCURACY[name] for metric in accuracies if (name := metric.lower()) in _NO_ACCURACY]
        if len(others) == len(accuracies):
            raise CheckFailed(
                f"The accuracy should be the share of images whose most probable class is right, but {others[0]}.",
                hint=hint,
                line=line,
            )


@check("model/summary")
def test_summary(observed: Observed) -> None:
    network = network_of(observed)
    summaries = [note for note in observed.of_kind("summary") if not note.of_stand_in]
    if not any(note.layers or not network.layers for note in summaries):
        raise CheckFailed(
            f"The network's summary should be looked at, but it is not{observed.because('summary')}.",
            hint="Call model.summary().",
        )
