"""Task 4: `add_conv_block` and `build_model`."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from grader.checks.common.evidence import ONE_SOFTMAX, TWO_SOFTMAXES, Aside, Examiner, are_probabilities
from grader.checks.common.properties import for_all
from grader.checks.common.verdict import CheckFailed, NotRun, check, count_of, describe
from grader.checks.functions.task4.cases import BLOCK_CASES, BlockCase, BuildCase, build_cases
from grader.checks.functions.task4.evidence import (
    Blocks,
    Networks,
    kernels,
    unchanged_kernels,
)
from grader.sandbox.host.session import SubmissionError

_BLOCK_EXAMPLES = 3
_BLOCK_SHRINKS = 12
_FLAT = 3e-5  # smaller differences between probabilities are lost in rounding
Array = np.ndarray[Any, Any]


@check("add_conv_block/ends-in-filters")
@for_all(BLOCK_CASES, examples=_BLOCK_EXAMPLES, shrinks=_BLOCK_SHRINKS)
def test_ends_in_filters(blocks: Blocks, case: BlockCase) -> None:
    facts = blocks.added(case).facts
    convolutions = [layer for layer in facts["layers"] if layer["convolution"]]
    if not convolutions:
        kinds = ", ".join(layer["kind"] for layer in facts["layers"])
        raise CheckFailed(
            f"The block should add a convolution, but it added {kinds}.", hint="Begin the block with a Conv2D layer."
        )
    # If branches are concatenated at the end, each has only a part of the channels, and a gate may have a single one.
    branches = any(layer["kind"] in ("Concatenate", "Multiply") for layer in facts["layers"])
    last = facts["output_shape"] if branches else convolutions[-1]["output_shape"]
    for what, shape in (("its last convolution has", last), ("it", facts["output_shape"])):
        if not shape or shape[-1] != case[2]:
            had = f"gives shape {tuple(shape or ())}" if what == "it" else f"{what} {shape[-1] if shape else 'no'}"
            raise CheckFailed(
                f"With filters={case[2]} the block should end in {count_of(case[2], 'channel')}, but "
                f"{'its output has shape ' + str(tuple(shape or ())) if what == 'it' else had}.",
                hint="The last convolution's number of filters is the parameter `filters`.",
            )


@check("add_conv_block/halves-height-and-width")
@for_all(BLOCK_CASES, examples=_BLOCK_EXAMPLES, shrinks=_BLOCK_SHRINKS)
def test_halves_height_and_width(blocks: Blocks, case: BlockCase) -> None:
    facts = blocks.added(case).facts
    shape, size = facts["output_shape"], case[0]
    if len(shape) != 3 or not (1 <= shape[0] <= size // 2 and 1 <= shape[1] <= size // 2):
        raise CheckFailed(
            f"The block should at least halve height and width, but it turns shape {(size, size, case[1])} into "
            f"{tuple(shape)}.",
            hint="Pool with a 2 by 2 window, or convolve with strides=2.",
        )


@check("add_conv_block/works-in-place")
@for_all(BLOCK_CASES, examples=_BLOCK_EXAMPLES, shrinks=_BLOCK_SHRINKS)
def test_works_in_place(blocks: Blocks, case: BlockCase) -> None:
    block = blocks.added(case)
    if block.fault is not None:
        raise block.fault
    if not block.same_model:
        raise CheckFailed(
            "`add_conv_block` should return the model that it was given, but it returned something else.",
            hint="Add the layers to the parameter `model` itself, and end the function with `return model`.",
        )


@check("build_model/sequential-and-convolutional")
def test_sequential_and_convolutional(networks: Networks) -> None:
    network = networks.usual()
    if not network.export["sequential"]:
        raise CheckFailed(
            f"`build_model` should return a keras.Sequential, but it returned {describe(network.handle)}.",
            hint="Begin with keras.Sequential and add the layers to it.",
        )
    if not any(layer["convolution"] for layer in network.facts["layers"]):
        kinds = ", ".join(dict.fromkeys(layer["kind"] for layer in network.facts["layers"]))
        raise CheckFailed(
            f"The network should be convolutional, but its layers are {kinds}.",
            hint="Build it from a few calls of add_conv_block.",
        )


@check("build_model/honours-arguments")
@for_all(build_cases, examples=1, shrinks=6)
def test_honours_arguments(networks: Networks, aside: Aside, examiner: Examiner, case: BuildCase) -> None:
    # The second call runs in another worker, since another check is about what one call leaves behind for the next.
    for asked in (None, case):
        where = networks if asked is None else Networks(aside.student_for("build_model"), examiner)
        expected = asked or networks.usual_case
        facts = where.built(asked).facts
        for name, wanted, actual in (
            ("input_shape", expected.input_shape, tuple(facts["input_shape"])),
            ("num_classes", (expected.num_classes,), tuple(facts["output_shape"])),
        ):
            if wanted != actual:
                raise CheckFailed(
                    f"With {name}={wanted if name == 'input_shape' else wanted[0]} the network should "
                    f"{'take images of shape' if name == 'input_shape' else 'give answers of shape'} {wanted}, but it "
                    f"has {actual}.",
                    hint=f"Use the parameter {name} where the network now has a fixed number.",
                )


@check("build_model/softmax-probabilities")
def test_softmax_probabilities(networks: Networks, examiner: Examiner) -> None:
    network = networks.usual()
    noise = np.random.default_rng(2).uniform(0, 255, (8, *networks.usual_case.input_shape)).astype(np.float32)
    for images in (noise, noise / 255):
        answers = networks.answers(network, images)
        if answers.ndim != 2 or not np.all(np.isfinite(answers)):
            raise CheckFailed(
                f"The network should give one finite probability a class, but its answers to 8 images have shape "
                f"{answers.shape}{'' if np.all(np.isfinite(answers)) else ' and are not finite'}.",
                hint="End it with a Dense layer of num_classes units and the activation softmax.",
            )
        sums = answers.sum(axis=1)
        if not are_probabilities(answers):
            worst = int(np.argmax(np.abs(sums - 1)))
            raise CheckFailed(
                f"The answers should be probabilities that sum to 1, but for one image they are "
                f"{[round(float(value), 3) for value in answers[worst][:10]]}.",
                hint="The activation of the last layer should be softmax.",
            )
    if examiner.ends_in_two_softmaxes(network.export["config"], noise):
        raise CheckFailed(TWO_SOFTMAXES, hint=ONE_SOFTMAX)


@check("build_model/categorical-cross-entropy")
def test_categorical_cross_entropy(networks: Networks) -> None:
    network = networks.usual()
    networks.require_compiled(network)
    hint = 'Compile with loss="categorical_crossentropy", which goes with softmax and one-hot labels.'
    loss = compiled_loss(network.export["config"])
    named = loss_name(loss)
    if named and named not in ("categorical_crossentropy", "CategoricalCrossentropy"):
        raise CheckFailed(f"The loss should be categorical cross-entropy, but it is {named}.", hint=hint)
    answers = networks.answers(network, networks.telling_images())
    gives_probabilities = are_probabilities(answers)  # which another check is about
    if takes_logits(loss) and gives_probabilities:
        raise CheckFailed(
            "The loss should take the probabilities that the network gives, but it was told to expect logits.",
            hint="With a softmax at the end of the network, leave from_logits at False.",
        )
    if named and not gives_probabilities and not takes_logits(loss):
        return
    # A loss without a name is judged by its values: for one image, the loss of label c is -log p(c), up to a constant
    # that regularisers add and a factor below 1 that comes from label smoothing.
    try:
        probabilities, logs = networks.judged()
    except SubmissionError:
        if named:
            return  # the metrics raised, which another check is about
        raise
    losses = np.array([log.get("loss", np.nan) for log in logs])
    if not follows_cross_entropy(probabilities[: len(losses)].astype(np.float64), losses):
        raise CheckFailed(
            "The loss should be categorical cross-entropy of the network's probabilities, but for one image it does "
            "not follow their logarithms.",
            hint=hint,
        )


def follows_cross_entropy(probabilities: Array, losses: Array) -> bool:
    """Whether the losses of one image, one for each label, are cross-entropies of its probabilities.

    If all probabilities are equal, as when the last layer starts at zero, each loss has to be log(classes).

    Args:
        probabilities: The probabilities, shape (classes,).
        losses: The loss with each class as the label, shape (classes,).
    """
    if np.ptp(probabilities) < _FLAT:
        return bool(np.ptp(losses) < 1e-3 and losses[0] > np.log(len(losses)) - 0.01)
    expected = -np.log(np.maximum(probabilities, 1e-7))
    expected -= expected[0]
    actual = losses - losses[0]
    slope = float(expected @ actual / (expected @ expected))
    residual = float(np.max(np.abs(actual - slope * expected)) / np.max(np.abs(expected)))
    return 0.6 <= slope <= 1.05 and residual < 0.05


def compiled_loss(config: str) -> Any:
    """Return the loss in an exported configuration as it is serialised: a name, a dictionary, or `None`."""
    settings = json.loads(config).get("compile_config")
    loss = settings.get("loss") if isinstance(settings, dict) else None
    return loss[0] if isinstance(loss, list) and len(loss) == 1 else loss


def loss_name(loss: Any) -> str:
    """Return the name of a serialised loss, or "" if it is not one of Keras' own."""
    if isinstance(loss, dict):
        own = loss.get("registered_name") not in (None, loss.get("class_name"))
        if own or not str(loss.get("module")).startswith(("keras", "builtins")):
            return ""
        loss = loss["config"] if loss.get("class_name") == "function" else loss.get("class_name")
    return loss if isinstance(loss, str) else ""


def takes_logits(loss: Any) -> bool:
    """Whether a serialised loss was made with `from_logits`."""
    config = loss.get("config") if isinstance(loss, dict) else None
    return isinstance(config, dict) and bool(config.get("from_logits"))


@check("build_model/tracks-accuracy")
def test_tracks_accuracy(networks: Networks) -> None:
    networks.require_compiled(networks.usual())
    probabilities, logs = networks.judged()
    hint = 'Compile with metrics=["accuracy"].'
    if "accuracy" not in logs[0]:
        names = ", ".join(name for name in logs[0] if name != "loss")
        raise CheckFailed(
            f"The model should track `accuracy`, but it tracks {names or 'nothing but the loss'}.", hint=hint
        )
    if np.ptp(probabilities) < _FLAT:
        return  # no class is more probable than another, so the network decides for none
    right = int(np.argmax(probabilities))
    for label, log in enumerate(logs):
        if abs(log["accuracy"] - (label == right)) > 1e-6:
            raise CheckFailed(
                f"The metric `accuracy` should be the share of right answers, but for an image that is classified "
                f"{'right' if label == right else 'wrong'} it is {log['accuracy']:.3g}.",
                hint=hint,
            )


@check("build_model/learns")
def test_learns(networks: Networks) -> None:
    network = networks.usual()
    before, after = network.export["weights"], networks.after_steps()
    if not kernels(before):
        raise NotRun("the network has nothing to train.")
    still = unchanged_kernels(before, after)
    if still:
        raise CheckFailed(
            f"Training should change every convolution, but {len(still)} of {len(kernels(before))} stayed as they "
            "were.",
            hint="Leave `trainable` alone, and give the optimizer a learning rate.",
        )


@check("build_model/fresh-and-untrained")
def test_fresh_and_untrained(networks: Networks, examiner: Examiner) -> None:
    first, second = networks.usual(), networks.second()
    if first.handle == second.handle:
        raise CheckFailed(
            "Each call of `build_model` should give a fresh model, but two calls gave the same one.",
            hint="Create the model inside the function, and do not keep it between calls.",
        )
    if second.export["steps"] > 0:
        raise CheckFailed(
            f"The model should be untrained, but it has {second.export['steps']} training steps behind it.",
            hint="Build and compile here; training belongs into `train`.",
        )
    shapes, others = ([weight.shape for weight in network.export["weights"]] for network in (first, second))
    if shapes != others:
        raise CheckFailed(
            f"Each call of `build_model` should give the same network, but the first call gave one with "
            f"{count_of(len(shapes), 'array')} of weights, and the second one with {len(others)}, or of other shapes.",
            hint="Do not change a list or another default value that the next call uses again.",
        )
    untouched = examiner.weights_of(examiner.rebuild(second.export["config"]))
    for fresh, actual in zip(untouched, second.export["weights"], strict=True):
        if fresh.dtype.kind == "f" and not looks_fresh(fresh, actual):
            raise CheckFailed(
                "The weights should be as Keras initialises them, but some are not.",
                hint="Do not load or set weights here, and do not share layers between calls.",
            )


def looks_fresh(fresh: Array, actual: Array) -> bool:
    """Whether weights may come from the initialiser of `fresh`: the same constant, or a similar mean and spread."""
    if np.ptp(fresh) == 0:
        return bool(np.allclose(actual, fresh, atol=1e-6))
    if fresh.size < 32:
        return True
    ratio = float(np.std(actual) / np.std(fresh))
    return 1 / 3 < ratio < 3 and abs(float(np.mean(actual) - np.mean(fresh))) < float(np.std(fresh))
