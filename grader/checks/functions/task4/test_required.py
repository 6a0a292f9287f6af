"""Task 4, in a course that asks for more than the contract: what the network of `build_model` must be made of."""

from __future__ import annotations

import difflib
import json

from grader.assignment.requirements import listed
from grader.checks.common.answers import LayerFacts
from grader.checks.common.context import Context
from grader.checks.common.verdict import CheckFailed, check, count_of
from grader.checks.functions.task4.evidence import Networks


@check("build_model/enough-blocks")
def test_enough_blocks(context: Context, networks: Networks) -> None:
    wanted = context.course.requirements.min_blocks or 0
    found = blocks_in(networks.usual().facts["layers"])
    if found < wanted:
        raise CheckFailed(
            f"The network should have at least {count_of(wanted, 'convolution block')}, but it has {found}.",
            hint="Call add_conv_block once for each block; a block ends where height and width are halved.",
        )


def blocks_in(layers: list[LayerFacts]) -> int:
    """Count the convolution blocks: each is one or more convolutions up to where height and width are halved."""
    blocks, convolved, size = 0, False, None
    for layer in layers:
        shape = layer["output_shape"]
        if not shape or len(shape) != 3:
            continue
        size = size or (layer["input_shape"] or shape)[:2]
        convolved = convolved or layer["convolution"]
        if convolved and all(2 * after <= before for after, before in zip(shape[:2], size, strict=True)):
            blocks, convolved = blocks + 1, False
        if not convolved:
            size = shape[:2]
    return blocks


@check("build_model/required-layers")
def test_required_layers(context: Context, networks: Networks) -> None:
    kinds = _kinds(networks)
    missing = [name for name in context.course.requirements.required_layers if name not in kinds]
    if missing:
        raise CheckFailed(
            f"The network should have the layer {missing[0]}, but its layers are {', '.join(kinds)}.",
            hint=f"Add keras.layers.{missing[0]}.",
        )


@check("build_model/forbidden-layers")
def test_forbidden_layers(context: Context, networks: Networks) -> None:
    kinds = _kinds(networks)
    found = [name for name in context.course.requirements.forbidden_layers if name in kinds]
    if found:
        raise CheckFailed(
            f"The network should do without the layer {found[0]}, but it has one.",
            hint=f"Take keras.layers.{found[0]} out, or put another layer in its place.",
        )


def _kinds(networks: Networks) -> list[str]:
    """Return the kinds of layers that the network has, each once."""
    return list(dict.fromkeys(layer["kind"] for layer in networks.usual().facts["layers"]))


@check("build_model/few-weights")
def test_few_weights(context: Context, networks: Networks) -> None:
    most = context.course.requirements.max_weights or 0
    found = networks.usual().facts["parameters"]
    if found > most:
        raise CheckFailed(
            f"The network should have at most {most:,} {'weight' if most == 1 else 'weights'}, but it has {found:,}.",
            hint="Use fewer filters, or GlobalAveragePooling2D for Flatten; model.summary() says where they are.",
        )


@check("build_model/optimizer")
def test_optimizer(context: Context, networks: Networks) -> None:
    allowed = context.course.requirements.optimizers
    network = networks.usual()
    networks.require_compiled(network)
    found = optimizer_name(network.export["config"])
    if found not in allowed:
        close = difflib.get_close_matches(found, allowed, n=1) or allowed[:1]
        raise CheckFailed(
            f"The network should be compiled with the optimizer {listed(allowed, 'or')}, but it is compiled with "
            f"{found or 'one that is none of Keras'}.",
            hint=f"Compile with optimizer=keras.optimizers.{close[0]}().",
        )


def optimizer_name(config: str) -> str:
    """Return the class of the optimizer in an exported configuration, or "" if that is not known."""
    settings = json.loads(config).get("compile_config")
    optimizer = settings.get("optimizer") if isinstance(settings, dict) else None
    name = optimizer.get("class_name") if isinstance(optimizer, dict) else optimizer
    return name[:80] if isinstance(name, str) else ""
