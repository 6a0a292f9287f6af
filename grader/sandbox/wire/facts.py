"""How much a tool says of a figure: both sides hold to it."""

from __future__ import annotations

from typing import Final

MOST: Final = 400
"""How many axes, lines, legends and entries of a legend are described: more than any figure of the checks has."""
MOST_IMAGES: Final = 8
"""How many images of one axes are described; the checks want one, and an image takes long to be looked for."""
