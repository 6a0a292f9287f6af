"""Makes the pictures of the documentation from real output: `python -m docs.pictures`, from the project's folder.

The terminal, the figure and the student's page show a sample that is graded here; the class is an invented one.  With
`--quick` what needs a training is left out, which leaves half a minute: so each build of the pages has fresh ones.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FloatRect
from rich.console import Console

from grader.course import Course, Settings
from grader.grading.batch import make_report
from grader.grading.slots import Slot
from grader.reports import terminal
from grader.reports.site import page_of, write_site
from grader.results.scoring import Graded
from grader.sandbox.host.launch import best_level
from grader.submissions import discover
from tests.browsers import chromium, find_chromium
from tests.invented import invented_class

ROOT = Path(__file__).parent.parent
IMAGES = Path(__file__).parent / "images"
SAMPLE = ROOT / "submissions" / "three-bugs.py"
WIDTH = 1100


def settings_for(profile: str) -> Settings:
    """The course as it comes."""
    return Settings(Course(), profile, frozenset(), best_level())


def graded(profile: str) -> Graded:
    """The sample, graded."""
    with Slot(settings_for(profile)) as slot:
        return slot.grade(discover([SAMPLE])[0])


def picture_of_the_terminal(folder: Path, sample: Graded) -> None:
    """What `grader check` says."""
    report = make_report(settings_for("quick"), [sample.result], sample.result.seconds)
    console = Console(record=True, width=88, file=StringIO(), force_terminal=True)
    console.print("$ grader check three-bugs.py", style="bold", highlight=False)
    terminal.show_result(console, sample.result)
    console.print(terminal.summary_line(report, sample.result), highlight=False, markup=False)
    console.save_svg(str(folder / "terminal.svg"), title="grader check")


def picture_of_a_figure(folder: Path, sample: Graded) -> None:
    """What the submission's `show_examples` drew."""
    figures = [one for one in sample.artefacts if one.check.startswith("show_examples") and one.name == "figure"]
    (folder / "figure.png").write_bytes(figures[0].data)


def pictures_of_the_class(folder: Path, browser: Browser, site: Path) -> None:
    """The top of a class page, on a screen and on a telephone in dark colours; and how fast one of them trains."""
    write_site(site, Course(), invented_class(34))
    address = (site / "index.html").as_uri()
    page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
    page.goto(address)
    save(folder / "class.png", page.screenshot())
    page = browser.new_page(viewport={"width": 360, "height": 780}, color_scheme="dark")
    page.goto(address)
    save(folder / "class-phone.png", page.screenshot())
    page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
    page.goto((site / "students" / "ada.html").as_uri())
    save(folder / "speed.png", page.locator("section[aria-labelledby=speed]").screenshot())


def picture_of_a_student(folder: Path, browser: Browser, site: Path, sample: Graded) -> None:
    """The last but one failure on a student's page, with all that follows."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    student = page_of(sample, profile="standard", tasks=(), isolation=best_level(), graded_at=now)
    write_site(site, Course(), [student])
    page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
    page.goto((site / "students" / student.file).as_uri())
    top = page.locator("#check-predict-scales-as-train-does").bounding_box()
    end = page.locator(".examples").bounding_box()
    assert top is not None
    assert end is not None
    clip: FloatRect = {"x": 0, "y": top["y"], "width": WIDTH, "height": end["y"] + end["height"] + 10 - top["y"]}
    save(folder / "student.png", page.screenshot(full_page=True, clip=clip))


def save(path: Path, png: bytes) -> None:
    """Save a screenshot in 256 colours."""
    Image.open(BytesIO(png)).convert("RGB").quantize(256).save(path, optimize=True)


def main() -> None:
    """Make them all."""
    parser = argparse.ArgumentParser(prog="python -m docs.pictures", description="Take the pictures.")
    parser.add_argument("folder", nargs="?", type=Path, default=IMAGES, help="where to (default: docs/images)")
    parser.add_argument("--quick", action="store_true", help="only those that need no training")
    options = parser.parse_args()
    folder: Path = options.folder
    path = find_chromium()
    if path is None:
        sys.exit("docs/pictures.py: there is no Chromium to take pictures of the pages with.")
    folder.mkdir(parents=True, exist_ok=True)
    sample = graded("quick")
    picture_of_the_terminal(folder, sample)
    picture_of_a_figure(folder, sample)
    with chromium(path) as browser, tempfile.TemporaryDirectory() as name:
        pictures_of_the_class(folder, browser, Path(name))
        if not options.quick:
            picture_of_a_student(folder, browser, Path(name), graded("standard"))


if __name__ == "__main__":
    main()
