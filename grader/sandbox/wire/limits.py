"""Limits on how much of a figure a tool describes; both sides keep to them."""

from __future__ import annotations

from typing import Final

MOST: Final = 400
"""The most axes, lines, legends and legend entries that are described: more than any figure of the checks has."""
MOST_IMAGES: Final = 8
"""The most images in one axes that are described; the checks expect one, and identifying an image takes long."""
