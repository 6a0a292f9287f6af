"""Python source as HTML with classes, for the style sheet to colour in light and dark."""

from __future__ import annotations

import functools
import re

from markupsafe import Markup, escape
from pygments.formatters.html import HtmlFormatter
from pygments.lexers.python import PythonLexer

from grader.ground.text import clean
from grader.results.artefacts import Excerpt


@functools.lru_cache(maxsize=4096)  # a class makes the same mistakes
def highlighted(source: str) -> tuple[Markup, ...]:
    """Source as highlighted lines; what would be invisible or too long is replaced as everywhere."""
    formatter: HtmlFormatter[str] = HtmlFormatter(nowrap=True)
    tokens = PythonLexer(stripnl=False).get_tokens(clean(source))
    parts: list[str] = []

    class Lines:
        """A file that keeps what is written."""

        write = staticmethod(parts.append)

    formatter.format(tokens, Lines())
    return tuple(Markup(line) for line in "".join(parts).removesuffix("\n").split("\n"))


def excerpt(place: Excerpt) -> tuple[tuple[int, Markup, bool], ...]:
    """The lines of a place: number, highlighted text, and whether it is the line that raised."""
    lines = highlighted("\n".join(place.lines))
    return tuple((number, line, number == place.line) for number, line in enumerate(lines, place.first))


@functools.lru_cache(maxsize=4096)
def quoted(text: str) -> Markup:
    """Text in which what stands between backticks is set as code."""
    parts = re.split(r"`([^`\n]+)`", clean(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )
