"""How Sphinx makes pages of the Markdown files in this folder: `tox -e docs`.

The files are plain Markdown, to be read on a code host as they are.  What a site needs besides is added here: the
sidebar lists the pages that `index.md` links to, under its headings; the changelog, which lies outside, is copied
here; and a picture that was taken for this build replaces the one in `images/`.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

from sphinx.application import Sphinx

import grader

HERE: Final = Path(__file__).parent
FRESH_PICTURES: Final = HERE / "_build" / "pictures"
CHANGELOG: Final = "../CHANGELOG.md"

project = "keras-course-grader"
author = "the authors of keras-course-grader"
version = release = grader.__version__

extensions = ["myst_parser"]
myst_enable_extensions = ["attrs_inline"]
myst_heading_anchors = 4
exclude_patterns = ["_build", "examples/*/reports", "examples/*/validated"]  # what commands wrote there

html_theme = "furo"
html_title = project
html_show_copyright = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#00598c", "color-brand-content": "#00598c"},
    "dark_css_variables": {"color-brand-primary": "#7cc4f4", "color-brand-content": "#7cc4f4"},
}


def toctrees(index: str) -> str:
    """A hidden table of contents for each second-level heading of `index.md` that has links to pages below it."""
    trees = []
    for section in re.split(r"^## ", index, flags=re.MULTILINE)[1:]:
        caption, _, body = section.partition("\n")
        pages = re.findall(r"^- \[[^]]*\]\(([\w/-]+)\.md\)", body, flags=re.MULTILINE)
        if pages:
            trees.append("\n".join([f"```{{toctree}}\n:hidden:\n:caption: {caption}", *pages, "```\n"]))
    return "\n\n" + "\n".join(trees)


def prepare(app: Sphinx, page: str, source: list[str]) -> None:
    """Add the table of contents, and point to the copy of the changelog and to the fresh pictures."""
    source[0] = source[0].replace(f"]({CHANGELOG})", "](changelog.md)")
    if page == "index":
        source[0] += toctrees(source[0])
    for picture in FRESH_PICTURES.glob("*"):
        source[0] = source[0].replace(f"](images/{picture.name})", f"](_build/pictures/{picture.name})")


def setup(app: Sphinx) -> None:
    """Called by Sphinx as it starts."""
    shutil.copyfile(HERE / CHANGELOG, HERE / "changelog.md")
    app.connect("source-read", prepare)
