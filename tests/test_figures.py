"""Tests that the description of a figure has the expected form, however much was drawn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib.figure import Figure

from grader.checks.common.answers import FigureFacts
from grader.sandbox.inside.figures import close_figures, describe_figure
from grader.sandbox.wire.facts import MOST, MOST_IMAGES
from grader.sandbox.wire.frames import Handle
from tests.answers import answering


@pytest.fixture
def figure() -> Iterator[Figure]:
    yield Figure()
    close_figures()


def described(figure: Figure) -> FigureFacts:
    """What the trusted side is told of a figure."""
    facts = answering(describe_figure(figure)).describe_figure(Handle(0, "Figure"))
    assert facts is not None
    return facts


def test_of_images_over_one_another_those_on_top_are_there(figure: Figure) -> None:
    axes = figure.add_subplot()
    for level in range(2 * MOST_IMAGES):
        axes.imshow(np.full((2, 2), level))
    facts = described(figure)
    (shown,) = facts["axes"]
    levels = [int(image[0, 0]) for image in shown["images"] if image is not None]
    assert levels == list(range(MOST_IMAGES, 2 * MOST_IMAGES))


def test_of_very_many_lines_axes_and_legends_the_first_are_there(figure: Figure) -> None:
    axes = [figure.add_axes((0, 0, 1, 1), xticks=[], yticks=[]) for _ in range(MOST + 1)]
    for number in range(MOST + 1):
        axes[0].plot([0, 1], [number, number], label=str(number))
    axes[0].legend()
    for _ in range(MOST):
        figure.legend(["one"])
    facts = described(figure)
    assert len(facts["axes"]) == len(facts["axes"][0]["lines"]) == len(facts["legends"]) == MOST
    assert [entry["text"] for entry in facts["legends"][0]] == [str(number) for number in range(MOST)]


def test_lines_and_entries_of_one_look_belong_together(figure: Figure) -> None:
    axes = figure.add_subplot(title="Curves", xlabel="Epoch")
    axes.plot([1, 2], [0.5, 0.6], "r--", label="training")
    axes.plot([1, 2], [0.4, 0.5], label="validation")
    figure.supylabel("Accuracy")
    axes.legend()
    facts = described(figure)
    (shown,), (legend,) = facts["axes"], facts["legends"]
    assert (shown["title"], shown["xlabel"], facts["ylabel"]) == ("Curves", "Epoch", "Accuracy")
    assert [line["look"] for line in shown["lines"]] == [entry["look"] for entry in legend]
    assert [entry["text"] for entry in legend] == ["training", "validation"]
    drawn = shown["lines"][0]["y"]
    assert drawn is not None
    assert drawn.tolist() == [0.5, 0.6]


def test_what_is_no_figure_has_nothing_to_say() -> None:
    assert answering(describe_figure(np.zeros(3))).describe_figure(Handle(0, "ndarray")) is None
