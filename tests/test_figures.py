"""Tests that the description of a figure has the expected form, however much was drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from mpl_toolkits.axes_grid1 import ImageGrid  # type: ignore[import-untyped]

from grader.checks.common.answers import FigureFacts
from grader.sandbox.inside.figures import close_figures, describe_figure
from grader.sandbox.inside.sight import is_under_an_image
from grader.sandbox.wire.frames import Handle
from grader.sandbox.wire.limits import MOST, MOST_IMAGES
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
        axes.imshow(np.full((2, 2), level), alpha=0.5)
    facts = described(figure)
    (shown,) = facts["axes"]
    levels = [int(image[0, 0]) for image in shown["images"] if image is not None]
    assert levels == list(range(MOST_IMAGES, 2 * MOST_IMAGES))


def test_of_very_many_lines_axes_and_legends_the_first_are_there(figure: Figure) -> None:
    axes = [figure.add_axes((0, 0, 1, 1), xticks=[], yticks=[], frameon=False) for _ in range(MOST + 1)]
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


def test_only_what_can_be_seen_is_described(figure: Figure) -> None:
    seen, hidden, below, over = (figure.add_axes((x, 0, 0.2, 1)) for x in (0, 0.25, 0.5, 0.5))
    for axes in (seen, hidden, below):
        axes.imshow(np.zeros((2, 2)))
        axes.set_title("cat")
    hidden.set_visible(False)
    over.set_facecolor("white")
    curves = figure.add_axes((0.75, 0, 0.2, 1), xlim=(0, 4))
    curves.plot([1, 2], [0.5, 0.6])
    curves.plot([1, 2], [0.1, 0.2], visible=False)
    curves.plot([11, 12], [0.3, 0.4])
    found = described(figure)["axes"]
    assert [len(axes["images"]) for axes in found] == [1, 0, 0, 0, 0]
    assert [axes["title"] for axes in found] == ["cat", "", "", "", ""]
    (line,) = found[4]["lines"]
    assert line["y"] is not None
    assert line["y"].tolist() == [0.5, 0.6]


def test_axes_that_are_placed_when_they_are_drawn_do_not_lie_over_each_other(figure: Figure) -> None:
    for axes in ImageGrid(figure, 111, nrows_ncols=(2, 5)):
        axes.imshow(np.zeros((2, 2)))
    assert sum(len(axes["images"]) for axes in described(figure)["axes"]) == 10


@pytest.mark.parametrize(("over", "count"), [({}, 0), ({"alpha": 0.3}, 1), ({"zorder": -1}, 1)])
def test_an_image_below_an_opaque_one_is_not_described(figure: Figure, over: dict[str, Any], count: int) -> None:
    axes = figure.add_subplot()
    axes.imshow(np.ones((2, 2)))
    axes.imshow(np.zeros((2, 2)), **over)
    (shown,) = described(figure)["axes"]
    assert sum(image is not None and bool(image.all()) for image in shown["images"]) == count


def test_an_image_shows_through_a_mask(figure: Figure) -> None:
    axes = figure.add_subplot()
    axes.imshow(np.ones((2, 2)))
    axes.imshow(np.zeros((2, 2, 4)))
    axes.imshow(np.zeros((2, 2)), alpha=np.array([[0.5, 1], [1, 1]]))
    axes.imshow(np.ma.masked_equal(np.eye(2), 0))
    (shown,) = described(figure)["axes"]
    assert len(shown["images"]) == 4


def test_nothing_shows_through_a_picture_of_four_channels_that_is_opaque(figure: Figure) -> None:
    axes = figure.add_subplot()
    axes.imshow(np.ones((2, 2)))
    axes.imshow(np.full((2, 2, 4), 255, np.uint8))
    (shown,) = described(figure)["axes"]
    assert len(shown["images"]) == 1


@pytest.mark.parametrize(
    ("limits", "seen"),
    [
        ({"xlim": (0, 10), "ylim": (0.5, 1)}, True),  # the curve lies below
        ({"xlim": (0, 2)}, True),
        ({"xlim": (0, 0.5)}, False),  # one of eight points
        ({"ylim": (10, 11)}, False),
        ({"ylim": (-2, -1)}, False),
    ],
)
def test_a_curve_counts_if_enough_of_it_lies_within_its_axes(figure: Figure, limits: Any, seen: bool) -> None:
    axes = figure.add_subplot()
    axes.plot(range(8), np.linspace(0.3, 0.45, 8))
    axes.set(**limits)
    (shown,) = described(figure)["axes"]
    assert len(shown["lines"]) == seen


@pytest.mark.parametrize(
    ("given", "hidden"), [({"zorder": 1}, True), ({"zorder": 9}, False), ({"zorder": 1, "x": 40}, False)]
)
def test_a_text_below_an_image_is_hidden(figure: Figure, given: dict[str, int], hidden: bool) -> None:
    axes = figure.add_subplot(xlim=(0, 50), ylim=(0, 50))
    axes.imshow(np.ones((2, 2)), extent=(0, 20, 0, 20), zorder=5)
    place = {"x": 10, "y": 10} | given
    assert is_under_an_image(axes.text(s="cat", **place)) == hidden  # type: ignore[arg-type]


def test_what_is_no_figure_has_nothing_to_say() -> None:
    assert answering(describe_figure(np.zeros(3))).describe_figure(Handle(0, "ndarray")) is None
