"""Describe a Matplotlib figure as data, and render it.

Untrusted side.
"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from grader.sandbox.inside import sight
from grader.sandbox.wire.limits import MOST, MOST_IMAGES


def describe_figure(figure: Any) -> dict[str, Any] | None:
    """Describe the axes of a figure with their images, lines, texts and legends; `None` for anything but a figure.

    Only what can be seen is described.

    Returns:
        `{"axes": [...], "legends": [...], "xlabel": ..., "ylabel": ...}`, where the labels are those of the figure
        itself.  Each axes has `title`, `xlabel`, `ylabel` (taken from an axes that shares the axis if it has none of
        its own), `images` (arrays as they were given to `imshow`), and `lines` (`x`, `y`, `label`, `look`).  A legend
        is a list of entries with `text` and `look`; equal looks (colour, line style, marker) mean the same line.  If
        one axes has very many images, only the last ones are described, which are on top; of anything else, only the
        first ones.
    """
    if not _is_figure(figure):
        return None
    axes: list[Any] = figure.axes[:MOST]  # type: ignore[index,assignment,unused-ignore]
    paper = sight.paper_of(figure)
    legends = [axis.get_legend() for axis in axes] + list(figure.legends)
    legends = [legend for legend in legends if legend is not None and legend.get_visible()]
    return {
        "axes": [_describe_axes(axis, figure, paper) for axis in axes],
        "legends": [_describe_legend(legend) for legend in legends[:MOST]],
        "xlabel": figure.get_supxlabel(),
        "ylabel": figure.get_supylabel(),
    }


def drawn_figure(returned: Any) -> Any:
    """Return the figure that a call drew, whatever it returned.

    This is the returned figure, or the figure of a returned axes, or else the last one that is open.  `None` if there
    is none.
    """
    import matplotlib.pyplot as plt

    if _is_figure(returned):
        return returned
    if isinstance(returned, np.ndarray):
        returned = returned.reshape(-1).tolist()
    for value in returned[:MOST] if isinstance(returned, (list, tuple)) else [returned]:
        figure = drawn_figure(value) if isinstance(value, np.ndarray) else getattr(value, "figure", value)
        if _is_figure(figure):
            return figure
    return plt.figure(plt.get_fignums()[-1]) if plt.get_fignums() else None


def render_figure(figure: Any, side: int) -> Any:
    """Render a figure, as uint8 of shape (height, width, 4); `None` for anything but a figure.

    Args:
        figure: The figure; its resolution is reduced if it would be too large.
        side: The most pixels in width and height.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if not issubclass(type(figure), Figure):
        return None
    for axes in figure.axes:
        if not axes.axison:  # Matplotlib lays out invisible axes all the same, which takes most of the drawing time
            axes.xaxis.set_visible(False)
            axes.yaxis.set_visible(False)
    figure.set_dpi(min(100.0, (side - 1) / max(figure.get_size_inches())))
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())


def _is_figure(value: Any) -> bool:
    """Whether a value is a figure, and does not just say so with an attribute `__class__`."""
    from matplotlib.figure import FigureBase

    return issubclass(type(value), FigureBase)


def close_figures() -> None:
    """Free every open figure."""
    import matplotlib.pyplot as plt

    plt.close("all")


def _describe_axes(axis: Any, figure: Any, paper: Any) -> dict[str, Any]:
    seen = sight.in_sight(axis, figure)
    titles = [axis._left_title, axis.title, axis._right_title]
    readable = [title.get_text() for title in titles if seen and sight.can_be_read(title, paper)]
    images = [image for image in axis.get_images() if seen and sight.image_in_sight(image)]
    lines = [line for line in axis.get_lines() if seen and sight.can_be_seen(line) and sight.is_within_limits(line)]
    return {
        "title": "\n".join(title for title in readable if title),
        "xlabel": _label(axis, "x"),
        "ylabel": _label(axis, "y"),
        "images": [_pixels(image) for image in images[-MOST_IMAGES:]],
        "lines": [_describe_line(line) for line in lines[:MOST]],
    }


def _label(axis: Any, which: str) -> str:
    """Return an axis' label, or else that of an axis it is shared with, as by `twinx()` or `sharex=True`."""
    get = f"get_{which}label"
    sharing = getattr(axis, f"get_shared_{which}_axes")().get_siblings(axis)
    labels = [getattr(each, get)() for each in (axis, *sharing)]
    return next((label for label in labels if label.strip()), "")


def _pixels(image: Any) -> Any:
    """Return an image's pixels as they are seen: rows from top to bottom, and columns from left to right."""
    array = image.get_array()
    if array is None:
        return None
    left, right, bottom, top = image.get_extent()
    first, last = (bottom, top) if image.origin == "lower" else (top, bottom)
    rows = -1 if (first < last) != image.axes.yaxis_inverted() else 1
    columns = -1 if (left > right) != image.axes.xaxis_inverted() else 1
    return np.ma.getdata(array)[::rows, ::columns]


def _describe_line(line: Any) -> dict[str, Any]:
    def numbers(values: Any) -> Any:
        with contextlib.suppress(TypeError, ValueError):
            return np.asarray(values, np.float64).reshape(-1)
        return None

    return {
        "x": numbers(line.get_xdata(orig=False)),
        "y": numbers(line.get_ydata(orig=False)),
        "label": str(line.get_label()),
        "look": look_of(line),
    }


def _describe_legend(legend: Any) -> list[dict[str, Any]]:
    handles = legend.legend_handles
    return [
        {"text": text.get_text(), "look": look_of(handle)}
        for text, handle in zip(legend.get_texts()[:MOST], handles, strict=False)
    ]


def look_of(line: Any) -> str:
    """Return the features by which a reader tells a line from others: its colour, line style and marker."""
    from matplotlib.colors import to_hex

    if hasattr(line, "get_facecolor") and not hasattr(line, "get_color"):  # a legend may show a colour by a patch
        with contextlib.suppress(TypeError, ValueError):
            return to_hex(line.get_facecolor())
    parts = []
    for getter in ("get_color", "get_linestyle", "get_marker"):
        value: Any = getattr(line, getter, lambda: None)()
        with contextlib.suppress(TypeError, ValueError):
            if getter == "get_color" and value is not None:
                value = to_hex(value)
        parts.append(str(value))
    return " ".join(parts)
