"""Tests that the known model for `predict` answers arrays directly, and like Keras' own `predict`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.checks.common.tools import tools_in
from grader.sandbox.host.session import Sandbox, SubmissionError

SOURCE = """
import keras
import numpy as np

def predict(model, x):
    made = []
    pipeline = keras.src.backend.tensorflow.trainer.TFEpochIterator
    class Counted(pipeline):
        def __init__(self, *args, **kwargs):
            made.append(1)
            super().__init__(*args, **kwargs)
    keras.src.backend.tensorflow.trainer.TFEpochIterator = Counted
    try:
        answers = [np.array(model.predict(x, **settings)) for settings in ({}, {"batch_size": 7, "verbose": 0})]
        quick = len(made)
        own = keras.Model.predict(model, x, verbose=0)
        in_steps = np.array(model.predict(x, steps=1, verbose=0))
    finally:
        keras.src.backend.tensorflow.trainer.TFEpochIterator = pipeline
    return [*answers, own], in_steps, quick
"""


@pytest.fixture(scope="module")
def worker(sandbox: Sandbox) -> Any:
    with sandbox.worker() as worker:
        worker.load(SOURCE, ("predict",))
        yield worker


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_arrays_are_answered_as_by_keras_without_its_pipeline(worker: Any, dtype: str) -> None:
    model = tools_in(worker).brightest_channel_model(0.2)
    images = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3)).astype(dtype)
    answers, in_steps, quick = worker.call("predict", model, images)
    assert quick == 0
    for each in answers:
        assert (each.shape, each.dtype) == ((40, 4), np.dtype("float32"))
        np.testing.assert_allclose(each, answers[-1], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(in_steps, answers[-1][: len(in_steps)], rtol=1e-5, atol=1e-7)


def test_an_image_without_its_batch_is_refused_as_by_keras(worker: Any) -> None:
    model = tools_in(worker).brightest_channel_model(0.2)
    with pytest.raises(SubmissionError, match="shape"):
        worker.call("predict", model, np.zeros((32, 32, 3), np.uint8))
