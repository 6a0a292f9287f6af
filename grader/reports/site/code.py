"""Python source as HTML with CSS classes, so that the style sheet can colour it in light and dark mode."""

from __future__ import annotations

import functools
import re

from markupsafe import Markup, escape
from pygments.formatters.html import HtmlFormatter
from pygments.lexers.python import PythonLexer

from grader.ground.text import clean
from grader.results.artefacts import Excerpt


@functools.lru_cache(maxsize=4096)  # the same examples appear on many pages, since students make the same mistakes
def highlighted(source: str) -> tuple[Markup, ...]:
    """Return source as highlighted lines; invisible characters are replaced and overlong text is cut, see `clean`."""
    formatter: HtmlFormatter[str] = HtmlFormatter(nowrap=True)
    tokens = PythonLexer(stripnl=False).get_tokens(clean(source))
    parts: list[str] = []

    class Lines:
        """A file-like object that collects what is written to it."""

        write = staticmethod(parts.append)

    formatter.format(tokens, Lines())
    return tuple(Markup(line) for line in "".join(parts).removesuffix("\n").split("\n"))


def excerpt(place: Excerpt) -> tuple[tuple[int, Markup, bool], ...]:
    """Return for each line of an excerpt its number, its highlighted text, and whether it is the line in question."""
    lines = highlighted("\n".join(place.lines))
    return tuple((number, line, number == place.line) for number, line in enumerate(lines, place.first))


@functools.lru_cache(maxsize=4096)
def quoted(text: str) -> Markup:
    """Return text as HTML, with what is between backticks marked up as code."""
    parts = re.split(r"`([^`\n]+)`", clean(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )
