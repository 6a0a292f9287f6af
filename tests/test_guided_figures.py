"""Tests of how the guided form reads figures: images that are joined or enlarged, and the texts beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from grader.checks.guided.pictures import Album, draw
from grader.checks.guided.shown import texts_in_order
from grader.sandbox.host.session import Worker

ALBUM = Album(draw(np.random.default_rng(5), train=400, test=200))
PICTURES = ALBUM.pictures


# Several images joined into one


JOINED = """
import numpy as np
from matplotlib.figure import Figure
from grader.sandbox.inside.guided import drawn

def shapes(array):
    figure = Figure()
    figure.subplots().imshow(array)
    images = drawn.describe(figure)["axes"][0]["images"]
    return [list(image.shape) for image in images], np.stack(images)
"""


def joined(count: int, gap: int, margin: int) -> np.ndarray[Any, Any]:
    """Images of different numbers side by side, with white between them."""
    white = np.full((32, gap, 3), 255, np.uint8)
    parts = [part for image in PICTURES.x_test[:count] for part in (white, image)][1:]
    return np.pad(np.hstack(parts), ((margin, margin), (margin, margin), (0, 0)), constant_values=255)


@pytest.mark.parametrize(("count", "gap", "margin"), [(1, 0, 0), (5, 0, 0), (8, 2, 0), (3, 2, 2), (7, 5, 5)])
def test_images_that_were_joined_are_told_apart(worker: Worker, count: int, gap: int, margin: int) -> None:
    worker.load(JOINED, ("shapes",))
    shapes, parts = worker.call("shapes", joined(count, gap, margin))
    assert shapes == count * [[4, 4, 3]]
    assert np.array_equal(ALBUM.recognise(parts).test, np.arange(count))


@pytest.mark.parametrize("side", [48, 64, 96, 100, 224])
@pytest.mark.parametrize("method", ["NEAREST", "BILINEAR", "BICUBIC", "LANCZOS"])
def test_images_that_were_enlarged_are_recognised(worker: Worker, side: int, method: str) -> None:
    worker.load(JOINED, ("shapes",))
    resampling = Image.Resampling[method]
    large = [np.array(Image.fromarray(image).resize((side, side), resampling)) for image in PICTURES.x_test[:3]]
    _, parts = worker.call("shapes", large[0])
    assert ALBUM.recognise(parts).test.tolist() == [0]
    if method == "NEAREST":
        framed = [np.pad(image, ((0, 6), (0, 6), (0, 0))) for image in large]
        sheet = np.pad(np.hstack(framed), ((6, 0), (6, 0), (0, 0)))
        for several in (np.hstack(large), np.vstack(large), sheet):
            _, parts = worker.call("shapes", several)
            assert ALBUM.recognise(parts).test.tolist() == [0, 1, 2]


def test_an_image_of_another_size_is_none_of_ours(worker: Worker) -> None:
    worker.load(JOINED, ("shapes",))
    shapes, _ = worker.call("shapes", joined(1, 0, 0).repeat(3, 0)[:77])
    assert shapes == [[0, 0, 3]]


@pytest.mark.parametrize(
    ("texts", "each"),
    [
        (["frog  |  ship  |  frog"], ["frog", "ship", "frog"]),
        (["cat", "dog", "cat"], ["cat", "dog", "cat"]),
        (["predicted", "['cat' 'dog' 'cat']"], ["['cat'", "'dog'", "'cat']"]),
        (["cat\ndog, horse"], ["cat", "dog", " horse"]),
        (["cat dog"], []),
        (["test set:  cat | dog | cat"], ["cat ", " dog ", " cat"]),
        (["predicted: cat dog cat"], ["cat", "dog", "cat"]),
    ],
)
def test_one_text_may_name_several_images(texts: list[str], each: list[str]) -> None:
    assert list(texts_in_order(texts, 3)) == each


SHEET = """
import numpy as np
from matplotlib.figure import Figure
from grader.sandbox.inside.guided import drawn

def beside(array, texts, ticks=()):
    axes = Figure().subplots()
    axes.imshow(array)
    if ticks:
        axes.set_xticks([16, 48], labels=ticks)
    for x, y, words in texts:
        axes.text(x, y, words)
    return drawn.describe(axes.figure)["axes"][0]["beside"]
"""


def test_texts_belong_to_the_image_of_a_sheet_that_they_are_nearest_to(worker: Worker) -> None:
    worker.load(SHEET, ("beside",))
    sheet = np.vstack([np.hstack(list(PICTURES.x_test[at : at + 2])) for at in (0, 2)])
    texts = [(60, 60, "frog"), (3, 3, "cat"), (34, 2, "dog"), (5, 62, "ship"), (35, 30, "was a cat")]
    assert worker.call("beside", sheet, texts) == [["cat"], ["dog", "was a cat"], ["ship"], ["frog"]]
    assert worker.call("beside", sheet, texts[1:]) == []
    assert worker.call("beside", sheet[:32], [], ["left", "right"]) == [["left"], ["right"]]


# Texts that people can read


TITLES = """
from matplotlib.figure import Figure
from grader.sandbox.inside.guided import drawn

def texts(looks, paper):
    figure = Figure(facecolor=paper)
    axes = figure.subplots(1, len(looks), squeeze=False)[0]
    for number, look in enumerate(looks):
        axes[number].set_title(str(number), **look)
    return [text for axis in drawn.describe(figure)["axes"] for text in axis["texts"]]
"""


@pytest.mark.parametrize(
    ("looks", "paper", "read"),
    [
        ([{}, {"color": "white"}, {"color": "#fefefe"}], "white", ["0"]),
        ([{"color": "white"}, {"color": "lime"}, {"color": "black"}], "black", ["0", "1"]),
        ([{}, {"alpha": 0.05}, {"color": (0, 0, 0, 0)}, {"fontsize": 0.5}], "white", ["0"]),
        ([{"color": "white"}, {"color": "white"}], "white", ["0", "1"]),  # on a dark page, without a background
        ([{}, {"color": "white"}], "none", ["0", "1"]),
        ([{"alpha": 0.0}], "white", []),
    ],
)
def test_only_texts_that_stand_out_are_read(
    worker: Worker, looks: list[dict[str, Any]], paper: str, read: list[str]
) -> None:
    worker.load(TITLES, ("texts",))
    assert worker.call("texts", looks, paper) == read
