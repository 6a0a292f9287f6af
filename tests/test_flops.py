"""Tests of counting a network's operations, against counts by hand, and of measuring a device's own speed."""

from __future__ import annotations

import pytest

from grader.checks.common.answers import NetworkFacts
from grader.checks.common.tools import tools_in
from grader.sandbox.host.launch import best_level
from grader.sandbox.host.session import Sandbox, Worker
from grader.sandbox.wire import backends
from grader.speed.flops import forward_flops, share_of_limit, training_flops
from grader.speed.records import Rates
from grader.submissions.reference import write_reference
from tests.answers import examining


def describe(worker: Worker, expression: str) -> NetworkFacts:
    """Return what the examiner says about a network after it was exported and rebuilt."""
    worker.load(f"import keras\nfrom keras import layers\ndef f(): return {expression}", ("f",))
    export = tools_in(worker).export_model(worker.call("f"))
    rebuilt = examining(worker).rebuild(export["config"], export["weights"])
    return examining(worker).describe_network(rebuilt)


def single(layer: str, shape: tuple[int | None, ...]) -> str:
    return f"keras.Sequential([keras.Input({shape}), {layer}])"


@pytest.mark.parametrize(
    ("layer", "shape", "flops"),
    [
        ("layers.Dense(5)", (7,), 2 * 7 * 5 + 5),
        ("layers.Dense(5)", (3, 7), 2 * 3 * 7 * 5 + 3 * 5),
        ("layers.Conv2D(4, 3, padding='same')", (8, 8, 3), 2 * 8 * 8 * (3 * 3 * 3) * 4 + 8 * 8 * 4),
        ("layers.Conv2D(4, 3)", (8, 8, 3), 2 * 6 * 6 * (3 * 3 * 3) * 4 + 6 * 6 * 4),
        ("layers.Conv2D(4, (1, 5), strides=2, padding='same')", (8, 8, 3), 2 * 4 * 4 * (1 * 5 * 3) * 4 + 4 * 4 * 4),
        ("layers.Conv2D(4, 3, groups=2, padding='same')", (8, 8, 6), 2 * 8 * 8 * (3 * 3 * 3) * 4 + 8 * 8 * 4),
        ("layers.Conv2D(4, 3, dilation_rate=2)", (8, 8, 3), 2 * 4 * 4 * (3 * 3 * 3) * 4 + 4 * 4 * 4),
        ("layers.Conv2D(4, 3, data_format='channels_first')", (3, 8, 7), 2 * 6 * 5 * (3 * 3 * 3) * 4 + 4 * 6 * 5),
        ("layers.Conv1D(4, 3)", (9, 2), 2 * 7 * (3 * 2) * 4 + 7 * 4),
        ("layers.DepthwiseConv2D(3, depth_multiplier=2)", (8, 8, 5), 2 * 6 * 6 * (3 * 3) * 5 * 2 + 6 * 6 * 10),
        ("layers.SeparableConv2D(4, 3)", (8, 8, 5), 2 * 6 * 6 * (3 * 3 * 5 + 5 * 4) + 6 * 6 * 4),
        ("layers.Conv2DTranspose(4, 3, strides=2)", (8, 8, 3), 2 * 8 * 8 * (3 * 3 * 3) * 4 + 17 * 17 * 4),
        ("layers.BatchNormalization()", (8, 8, 3), 4 * 8 * 8 * 3),
        ("layers.MaxPooling2D(2)", (8, 8, 3), 8 * 8 * 3),
        ("layers.UpSampling2D(2)", (8, 8, 3), 16 * 16 * 3),
        ("layers.Activation('relu')", (8, 8, 3), 8 * 8 * 3),
        ("layers.Flatten()", (8, 8, 3), 0),
    ],
)
def test_a_layer_counts_as_by_hand(worker: Worker, layer: str, shape: tuple[int, ...], flops: int) -> None:
    facts = describe(worker, single(layer, shape))
    assert sum(forward_flops(found) or 0 for found in facts["layers"]) == flops
    assert training_flops(facts, 10) == 3 * 10 * flops


def test_networks_inside_a_network_are_opened(worker: Worker) -> None:
    inner = (
        "keras.Sequential([keras.Input((7,)), layers.Dense(5), keras.Sequential([keras.Input((5,)), layers.Dense(2)])])"
    )
    facts = describe(worker, f"keras.Sequential([keras.Input((7,)), {inner}])")
    assert training_flops(facts, 1) == 3 * (2 * 7 * 5 + 5 + 2 * 5 * 2 + 2)


def test_branches_that_come_together_count_once_each(worker: Worker) -> None:
    source = """
import keras
from keras import layers
def f():
    x = keras.Input((7,))
    return keras.Model(x, layers.Add()([layers.Dense(5)(x), layers.Dense(5)(x)]))
"""
    worker.load(source, ("f",))
    facts = examining(worker).describe_network(worker.call("f"))
    assert training_flops(facts, 1) == 3 * (2 * (2 * 7 * 5 + 5) + 5)


def test_what_cannot_be_counted_is_not_guessed(worker: Worker) -> None:
    facts = describe(worker, single("layers.Conv2D(4, 3)", (None, None, 3)))
    assert training_flops(facts, 1) is None


def test_the_reference_counts_as_by_hand(worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("reference") / "reference.py"
    write_reference(path)
    worker.load(path.read_text(), ("build_model",))
    facts = examining(worker).describe_network(worker.call("build_model"))
    kernels = (
        32 * 32 * 9 * 3 * 32,
        16 * 16 * 9 * 32 * 64 + 8 * 8 * 9 * 64 * 64,
        8 * 8 * 9 * 64 * 128 + 4 * 4 * 9 * 128 * 128,
        128 * 3,
    )
    values = (
        3 * 32 * 32 * 3,  # scaled, mirrored, moved
        32 * 32 * 32 * 2 + 16 * 16 * 32 * 5,  # convolved, pooled; normalised and activated
        16 * 16 * 64 * 2 + 8 * 8 * 64 * 5 + 8 * 8 * 64 * 6,
        8 * 8 * 128 * 2 + 4 * 4 * 128 * 5 + 4 * 4 * 128 * 6,
        4 * 4 * 128 + 128 + 3,  # the mean, the drop-out, the head
    )
    assert training_flops(facts, 13_500) == 3 * 13_500 * (2 * sum(kernels) + sum(values))


def test_the_share_is_of_the_better_rate() -> None:
    assert share_of_limit(6e9, 2.0, Rates(matmul=5e9, convolution=3e9)) == 0.6


@pytest.mark.parametrize("name", backends.BACKENDS)
def test_rates_are_measured_on_each_backend(name: str) -> None:
    if reason := backends.why_missing(name):
        pytest.skip(reason)
    with Sandbox.start(best_level(), threads=1, backend=name) as sandbox, sandbox.worker(seed=0) as worker:
        rates = Rates(**tools_in(worker).measure_rates(0.01))
    # Any processor makes more than a million and less than a million million operations per second.
    assert 1e6 < rates.matmul < 1e12
    assert 1e6 < rates.convolution < 1e12
