"""Tell whether the parts of a Matplotlib figure can be seen: its axes, images, lines and texts.

Untrusted side.  Nothing is drawn, since that would take longer than all of the rest.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

_LEAST_ALPHA: Final = 0.15
_LEAST_INCHES: Final = 0.1
_LEAST_WIDTH: Final = 0.2
_LEAST_POINTS: Final = 2.0
_LEAST_CONTRAST: Final = 0.05
_LEAST_IN_VIEW: Final = 0.25
_MARGIN: Final = 0.1
NO_PAPER: Final = (0, 0, 0, 0)

_LOOKED_AT: Final = 10
"""The points in a row or column of an axes at which something may lie over it."""


def in_sight(axis: Any, figure: Any) -> bool:
    """Whether an axes can be seen: it is visible, large enough, and nothing lies over it."""
    return bool(axis.get_visible()) and _has_room(axis, figure) and not _is_covered(axis, figure)


def _has_room(axis: Any, figure: Any) -> bool:
    """Whether the part of an axes that lies inside its figure is large enough to be seen."""
    place, page = _place_of(axis), figure.bbox
    width = min(place.x1, page.x1) - max(place.x0, page.x0)
    height = min(place.y1, page.y1) - max(place.y0, page.y0)
    return bool(min(width, height) > _LEAST_INCHES * figure.dpi)


def _place_of(axis: Any) -> Any:
    """Return where an axes will be drawn, in pixels; some, such as those of an `ImageGrid`, are placed only then."""
    if (locator := axis.get_axes_locator()) is not None:
        with contextlib.suppress(Exception):  # a locator may need what only a drawing has
            return locator(axis, None).transformed(axis.figure.transSubfigure)
    return axis.bbox


def can_be_seen(line: Any) -> bool:
    """Whether a line is visible: neither hidden nor faint, and with a stroke or markers that are not too thin."""
    stroke = str(line.get_linestyle()).lower() not in ("none", "", " ") and line.get_linewidth() >= _LEAST_WIDTH
    markers = str(line.get_marker()).lower() not in ("none", "", " ") and line.get_markersize() >= _LEAST_WIDTH
    visible = line.get_visible() and stands_out(line, line.axes.get_facecolor()) and (stroke or markers)
    return bool(visible and not _is_under_a_shape(line))


def is_within_limits(line: Any) -> bool:
    """Whether at least a quarter of a line lies between the left and the right end of its axes.

    How high it lies is hardly asked, since limits such as `ylim(0.5, 1)` leave out sound curves, too: limits between 0
    and 1, or 0 and 100, may leave out all of it.
    """
    with contextlib.suppress(TypeError, ValueError):
        x, y = (np.asarray(values, np.float64) for values in (line.get_xdata(orig=False), line.get_ydata(orig=False)))
        if not len(x):
            return True
        (left, right), (low, high) = sorted(line.axes.get_xlim()), sorted(line.axes.get_ylim())
        across = (x >= left) & (x <= right)
        whole = 100 if np.any(y > 1 + _MARGIN) else 1
        of_shares = low >= -_MARGIN * whole and high <= (1 + _MARGIN) * whole
        return bool(np.mean(across) >= _LEAST_IN_VIEW and (of_shares or np.any(across & (y >= low) & (y <= high))))
    return True


def _is_under_a_shape(line: Any) -> bool:
    """Whether most points of a line lie below opaque shapes, such as those of `axhspan`, or opaque images."""
    shapes = [shape for shape in line.axes.patches if _is_opaque(shape)]
    shapes += [image for image in line.axes.get_images() if image.get_visible() and _hides_what_is_below(image)]
    shapes = [shape for shape in shapes if shape.get_zorder() > line.get_zorder()]
    with contextlib.suppress(Exception):  # a line without points, or a shape without an extent
        points = line.axes.transData.transform(line.get_xydata())
        covered = np.zeros(len(points), bool)
        for sheet in (shape.get_window_extent() for shape in shapes):
            covered |= np.all((points >= sheet.min) & (points <= sheet.max), axis=1)
        return bool(len(points) and covered.mean() > 0.5)
    return False


def stands_out(artist: Any, paper: Any) -> bool:
    """Whether a line or text is neither faint nor of the colour of the paper that it is on."""
    from matplotlib.colors import to_rgba

    with contextlib.suppress(TypeError, ValueError):
        colour = np.array(to_rgba(artist.get_color()))
        alpha = artist.get_alpha()
        if min(colour[3], 1 if alpha is None else float(np.min(alpha))) < _LEAST_ALPHA:
            return False
        behind = np.array(to_rgba(paper))
        # The program's viewer decides what is behind paper that is transparent.
        return bool(behind[3] < 1 or np.abs(colour[:3] - behind[:3]).max() >= _LEAST_CONTRAST)
    return True


def image_in_sight(image: Any) -> bool:
    """Whether an image can be seen in an axes that can: it is visible, not faint, and within the axes' limits."""
    alpha = image.get_alpha()
    faint = alpha is not None and bool(np.min(alpha) <= _LEAST_ALPHA)
    return bool(image.get_visible() and not faint and _is_within(image.axes, image) and not _is_under_another(image))


def _is_under_another(image: Any) -> bool:
    """Whether an opaque image lies over the centre of an image in the same axes."""
    x, y = _centre_of(image)
    images = list(image.axes.get_images())
    order = {id(other): (other.get_zorder(), place) for place, other in enumerate(images)}
    for other in images:
        if order[id(other)] > order[id(image)] and other.get_visible() and _hides_what_is_below(other):
            left, right, low, high = other.get_extent()
            if min(left, right) <= x <= max(left, right) and min(low, high) <= y <= max(low, high):
                return True
    return False


def _hides_what_is_below(image: Any) -> bool:
    """Whether nothing can be seen through most pixels of an image."""
    pixels, alpha = image.get_array(), image.get_alpha()
    if alpha is not None and np.min(alpha) < 1 - _LEAST_ALPHA:
        return False
    if np.ndim(pixels) == 3 and pixels.shape[2] == 4:
        whole = 255 if pixels.dtype == np.uint8 else 1
        opaque = np.ma.filled(pixels[..., 3], 0) >= whole * (1 - _LEAST_ALPHA)
    else:
        opaque = ~np.ma.getmaskarray(pixels)
    return bool(np.mean(opaque) > 0.5)


def is_under_an_image(text: Any) -> bool:
    """Whether a text in an axes is drawn before an opaque image that lies where it stands."""
    order = {id(part): (part.get_zorder(), place) for place, part in enumerate(text.axes.get_children())}
    with contextlib.suppress(Exception):  # a text whose place has no numbers, or an image without an extent
        at = text.get_transform().transform(text.get_position())
        for image in text.axes.get_images():
            if order[id(image)] > order[id(text)] and image.get_visible() and _hides_what_is_below(image):
                extent = image.get_window_extent()
                if np.all((at >= extent.min) & (at <= extent.max)):
                    return True
    return False


def _centre_of(image: Any) -> tuple[float, float]:
    left, right, low, high = image.get_extent()
    return (left + right) / 2, (low + high) / 2


def _is_within(axis: Any, image: Any) -> bool:
    """Whether the centre of an image lies within the limits of its axes."""
    x, y = _centre_of(image)
    return bool(min(axis.get_xlim()) <= x <= max(axis.get_xlim()) and min(axis.get_ylim()) <= y <= max(axis.get_ylim()))


def can_be_read(text: Any, paper: Any) -> bool:
    """Whether the letters of a text are neither hidden nor faint nor tiny, nor of the colour of their paper."""
    return bool(text.get_visible() and text.get_fontsize() >= _LEAST_POINTS and stands_out(text, paper))


def paper_of(figure: Any) -> Any:
    """Return the colour behind the titles and labels of a figure.

    If all of them have the colour of the figure itself, the author sees figures without a background, on a dark page.
    """
    paper = figure.get_facecolor()
    texts = [text for axis in figure.axes for text in texts_around(axis) if text.get_text().strip()]
    return paper if any(stands_out(text, paper) for text in texts) else NO_PAPER


def texts_around(axis: Any) -> list[Any]:
    """Return the titles and the axis labels of an axes."""
    return [axis.title, axis._left_title, axis._right_title, axis.xaxis.label, axis.yaxis.label]


def _is_covered(axis: Any, figure: Any) -> bool:
    """Whether at least half of an axes lies below other axes or shapes."""
    within = _place_of(axis)
    steps = (np.arange(_LOOKED_AT) + 0.5) / _LOOKED_AT
    across, up = np.meshgrid(within.x0 + steps * within.width, within.y0 + steps * within.height)
    covered = np.zeros(across.shape, bool)
    for sheet in _sheets_over(axis, figure):
        covered |= (across >= sheet.x0) & (across <= sheet.x1) & (up >= sheet.y0) & (up <= sheet.y1)
    return bool(covered.mean() >= 0.5)


def _sheets_over(axis: Any, figure: Any) -> Iterator[Any]:
    """Yield the extents of all that is opaque and is drawn after the images and lines of an axes."""
    everything = list(figure.axes)
    order = [(other.get_zorder(), place) for place, other in enumerate(everything)]
    own = order[everything.index(axis)]
    for place, other in zip(order, everything, strict=True):
        if place > own and other.get_visible() and other.axison and other.get_frame_on() and _is_opaque(other.patch):
            yield _place_of(other)
    on_top = max((artist.get_zorder() for artist in (*axis.get_images(), *axis.get_lines())), default=0)
    shapes = [shape for shape in axis.patches if shape.get_zorder() > on_top]
    for shape in (*shapes, *(shape for shape in figure.patches if shape.get_zorder() > axis.get_zorder())):
        if _is_opaque(shape):
            with contextlib.suppress(Exception):  # a shape without an extent covers nothing
                yield shape.get_window_extent()


def _is_opaque(shape: Any) -> bool:
    """Whether nothing can be seen through a shape."""
    alpha = shape.get_alpha()
    return bool(shape.get_visible() and shape.get_facecolor()[3] * (1 if alpha is None else alpha) > 1 - _LEAST_ALPHA)
