"""Tests of the expected values that the grader computes, against Keras itself and plain arithmetic."""

from __future__ import annotations

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from hypothesis import given, settings

from grader.checks.common.hidden import one_hot
from grader.checks.functions.task5.cases import RISES_AND_FALLS, SCRIPT_CLASSES, STOPS_EARLY, ScriptCase, script_cases
from grader.checks.functions.task5.changed import how_changed
from grader.checks.functions.task5.oracles import (
    SCRIPT_BATCH,
    WITNESS_BATCH,
    WITNESS_IMAGES,
    WITNESS_LEVEL,
    WITNESS_VALIDATION_LEVEL,
    expected_epochs,
    patterned_images,
    script_accuracy,
    script_images,
    sureness_of,
    witness_images,
)


def epochs_by_keras(case: ScriptCase) -> int:
    """Return after how many epochs Keras' own EarlyStopping ends a training whose val_accuracy follows a script."""
    model = SimpleNamespace(stop_training=False, get_weights=list)
    stopping = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=case.patience)
    stopping.set_model(model)
    stopping.on_train_begin()
    accuracy = script_accuracy(case)
    for epoch in range(case.epochs):
        stopping.on_epoch_end(epoch, {"val_accuracy": accuracy[min(epoch, len(accuracy) - 1)]})
        if model.stop_training:
            return epoch + 1
    return case.epochs


@given(script_cases())
@settings(max_examples=300, deadline=None)
def test_training_is_expected_to_stop_where_keras_stops(case: ScriptCase) -> None:
    assert expected_epochs(case) == epochs_by_keras(case)


def test_some_scripts_worked_out_by_hand() -> None:
    assert expected_epochs(ScriptCase((3, 6, 4, 8, 8, 5, 6, 7, 7), 3, 9)) == 7
    assert expected_epochs(ScriptCase((4, 6, 5, 7), 1, 4)) == 3
    assert expected_epochs(ScriptCase((1, 2, 3), 1, 2)) == 2
    assert expected_epochs(ScriptCase((5, 5), 2, 7)) == 3


def test_the_accuracy_of_a_script_is_the_share_of_the_predicted_class() -> None:
    _, y_train, _, y_val = script_images()
    shares = (y_val.sum(axis=0, dtype=np.float64) / len(y_val)).tolist()
    ranks = tuple(range(1, SCRIPT_CLASSES + 1))
    assert script_accuracy(ScriptCase(ranks, 1, 1)) == shares
    assert np.array_equal(y_train.mean(axis=0), y_val.mean(axis=0)[::-1])


def test_each_set_of_a_script_is_one_batch_of_images_that_go_with_one_hot_labels() -> None:
    x_train, y_train, x_val, y_val = script_images()
    for x, y in ((x_train, y_train), (x_val, y_val)):
        assert x.shape == (SCRIPT_BATCH, 32, 32, 3)
        assert x.dtype == np.uint8
        assert x[:, 5, 6, 2].tolist() == list(range(SCRIPT_BATCH))
        assert y.dtype == np.float32
        assert y.shape == (SCRIPT_BATCH, SCRIPT_CLASSES)
        assert set(y.sum(axis=1)) == {1.0}


def test_the_logits_of_the_ranks() -> None:
    assert sureness_of(ScriptCase((1, 2, 3, 4, 5, 6, 7, 8), 1, 8)) == [6, 2, 7, 3, 8, 4, 9, 5]


def watched(case: ScriptCase, values: list[float], *, mode: str) -> tuple[int, int]:
    """Return how many epochs are trained and which one is kept if another quantity than val_accuracy is monitored."""
    stopping = keras.callbacks.EarlyStopping(monitor="value", mode=mode, patience=case.patience)
    stopping.set_model(SimpleNamespace(stop_training=False, get_weights=list))
    stopping.on_train_begin()
    for epoch in range(case.epochs):
        stopping.on_epoch_end(epoch, {"value": values[min(epoch, len(values) - 1)]})
        if stopping.model.stop_training:
            break
    trained = values[: expected_epochs(case)]
    return epoch + 1, trained.index(min(trained) if mode == "min" else max(trained))


@pytest.mark.parametrize("case", [RISES_AND_FALLS, STOPS_EARLY])
@pytest.mark.parametrize("which", ["loss", "val_loss", "accuracy"])
@pytest.mark.parametrize("mode", ["min", "max"])
def test_whoever_watches_anything_else_stops_and_saves_elsewhere(case: ScriptCase, which: str, mode: str) -> None:
    _, y_train, _, y_val = script_images()
    labels = y_val if which.startswith("val") else y_train
    values = []
    for rank, z in zip(case.ranks, sureness_of(case), strict=True):
        share = float(labels[:, rank - 1].mean())
        loss = float(np.log(np.exp(z) + SCRIPT_CLASSES - 1) - share * z)
        values.append(share if which == "accuracy" else loss)
    stopped, kept = watched(case, values, mode=mode)
    best = case.ranks.index(max(case.ranks[: expected_epochs(case)]))
    if (which, mode) == ("accuracy", "min"):  # shares in the training set are reversed, so the lowest is the best
        assert (stopped, kept) == (expected_epochs(case), best)
    else:
        assert stopped != expected_epochs(case)
        assert kept != best


def test_the_witness_sees_one_label_for_each_colour_and_another_in_validation() -> None:
    x_train, y_train, x_val, y_val = witness_images()
    assert len(x_train) == WITNESS_IMAGES
    assert WITNESS_IMAGES % WITNESS_BATCH == WITNESS_BATCH / 2
    for x, y, level, shift in ((x_train, y_train, WITNESS_LEVEL, 0), (x_val, y_val, WITNESS_VALIDATION_LEVEL, 1)):
        assert (x.shape[1:], x.dtype, y.shape[1:], y.dtype) == ((32, 32, 3), np.uint8, (3,), np.float32)
        assert set(np.unique(x)) == {0, level}
        colours = x[:, 0, 0, :].argmax(axis=1)
        assert set(colours) == {0, 1, 2}
        assert np.array_equal(y.argmax(axis=1), (colours + shift) % 3)
        assert np.array_equal(x, np.broadcast_to(x[:, :1, :1], x.shape))


def test_one_hot_rows() -> None:
    rows = one_hot([2, 0], 3)
    assert rows.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert rows.dtype == np.float32


def test_what_is_done_to_grey_images_is_told_though_their_parts_stay_where_they_are() -> None:
    images = patterned_images((28, 28, 1))[0]
    assert how_changed(images, images / 255, images / 255) == ""
    assert how_changed(images, images, images[:, ::-1]) == "upside down"
    assert how_changed(images, images, images[:, :, ::-1]) == "mirrored"
