"""Describe what a figure shows in an observed run: the signatures of its images, all of its texts, and its lines.

Untrusted side.
"""

from __future__ import annotations

import contextlib
from typing import Any, Final

import numpy as np

from grader.sandbox.inside.figures import look_of
from grader.sandbox.inside.guided.fed import signatures
from grader.sandbox.inside.guided.tiles import centre_of, parts_of, pixels_of
from grader.sandbox.inside.sight import (
    NO_PAPER,
    can_be_read,
    can_be_seen,
    image_in_sight,
    in_sight,
    is_under_an_image,
    is_within_limits,
    paper_of,
    texts_around,
)

_MAX_TEXT: Final = 300
_MAX_IMAGES: Final = 100
_NO_SIGNATURE: Final = np.zeros((0, 0, 3), np.float32)


def describe(figure: Any) -> dict[str, Any]:
    """Describe a figure: the images, texts and lines of its axes, and the texts of the figure and its legends."""
    axes = []
    paper = paper_of(figure)
    for axis in figure.axes[:_MAX_IMAGES]:
        images, seen, centres = [], [], []
        seen_at_all = in_sight(axis, figure)
        for image in axis.get_images()[:_MAX_IMAGES]:
            array = pixels_of(image)
            visible = seen_at_all and image_in_sight(image)
            parts = parts_of(array, _MAX_IMAGES)
            images += [signatures(array[None, rows, columns])[0] for rows, columns in parts] or [_NO_SIGNATURE]
            centres += [centre_of(image, array.shape, *part) for part in parts] or [(np.nan, np.nan)]
            seen += [visible] * max(1, len(parts))
        legend = axis.get_legend()
        entries = [text.get_text()[:_MAX_TEXT] for text in legend.get_texts()][:30] if legend else []
        axes.append(
            {
                "images": images[:_MAX_IMAGES],
                "visible": seen[:_MAX_IMAGES],
                "texts": _texts_of(axis, paper),
                "beside": _beside(axis, centres)[:_MAX_IMAGES],
                "lines": [_line(line) for line in axis.get_lines()[:50] if seen_at_all and can_be_seen(line)],
                "legend": entries,
                "xlabel": axis.get_xlabel()[:_MAX_TEXT],
                "ylabel": axis.get_ylabel()[:_MAX_TEXT],
            }
        )
    own = [text.get_text() for text in figure.texts]
    if figure._suptitle is not None:
        own.append(figure._suptitle.get_text())
    own += [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    return {"axes": axes, "texts": [text[:_MAX_TEXT] for text in own if text.strip()][:50]}


def _in_view(line: Any) -> bool:
    """Whether a line can be seen within the limits of its axes, at least one point of it from top to bottom, too."""
    with contextlib.suppress(TypeError, ValueError):
        axis, points = line.axes, line.get_xydata()
        (left, right), (low, high) = sorted(axis.get_xlim()), sorted(axis.get_ylim())
        within = (points[:, 0] >= left) & (points[:, 0] <= right) & (points[:, 1] >= low) & (points[:, 1] <= high)
        return not len(points) or (bool(np.any(within)) and is_within_limits(line))
    return True


def _within(axis: Any) -> list[Any]:
    """Return the texts inside an axes that can be read, on whatever image they may be."""
    return [text for text in axis.texts if can_be_read(text, NO_PAPER) and not is_under_an_image(text)]


def _texts_of(axis: Any, paper: Any) -> list[str]:
    readable = [text for text in texts_around(axis) if can_be_read(text, paper)]
    readable += _within(axis)
    texts = [text.get_text() for text in readable]
    if axis.axison and len(axis.get_images()) and not axis.get_lines():
        texts += [label.get_text() for side in (axis.xaxis, axis.yaxis) for label in _ticks_by_hand(side)][:20]
    return [text[:_MAX_TEXT] for text in texts if text and text.strip()][:40]


def _ticks_by_hand(side: Any) -> list[Any]:
    """Return the labels of the ticks of an axis if the program wrote them, and they are not the numbers of pixels."""
    from matplotlib.ticker import ScalarFormatter

    with contextlib.suppress(Exception):
        if not isinstance(side.get_major_formatter(), ScalarFormatter):
            return list(side.get_ticklabels())
    return []


def _beside(axis: Any, centres: list[tuple[float, float]]) -> list[list[str]]:
    """Return the texts in an axes that lie nearest to each of several images; nothing unless each has one.

    These may be the labels of ticks if the images stand in one row or column.
    """
    beside: list[list[str]] = [[] for _ in centres]
    at = np.array(centres, float)
    if len(centres) < 2 or not np.all(np.isfinite(at)):
        return []
    placed: list[tuple[Any, Any]] = []
    for text in _within(axis)[: 4 * _MAX_IMAGES]:
        with contextlib.suppress(Exception):
            point = axis.transData.inverted().transform(text.get_transform().transform(text.get_position()))
            placed.append((text, point))
    for along, side in enumerate((axis.xaxis, axis.yaxis) if axis.axison else ()):
        across = 1 - along
        if np.ptp(at[:, across]) == 0:
            for text, place in zip(_ticks_by_hand(side), side.get_ticklocs(), strict=False):
                placed.append((text, np.insert(at[0, [across]], along, place)))
    for text, point in placed:
        if text.get_text().strip():
            beside[int(np.argmin(np.sum((at - point) ** 2, axis=1)))].append(text.get_text()[:_MAX_TEXT])
    return [texts[:_MAX_IMAGES] for texts in beside] if all(beside) else []


def _line(line: Any) -> dict[str, Any]:
    def numbers(values: Any) -> Any:
        with contextlib.suppress(TypeError, ValueError):
            return np.asarray(values, np.float64).reshape(-1)[:2000]
        return np.zeros(0)

    return {
        "x": numbers(line.get_xdata(orig=False)),
        "y": numbers(line.get_ydata(orig=False)),
        "label": str(line.get_label())[:_MAX_TEXT],
        "look": look_of(line)[:_MAX_TEXT],
        "in_view": _in_view(line),
    }
