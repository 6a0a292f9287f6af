"""Makes the pictures of the documentation from real output: `python -m docs.pictures`, from the project's folder.

The terminal and the student's page show a sample that is graded here, in some minutes; the class is an invented one.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FloatRect
from rich.console import Console

from grader.batch import Settings, Slot, make_report
from grader.course import Course
from grader.reports import terminal
from grader.reports.site import page_of, write_site
from grader.sandbox.launch import best_level
from grader.scoring import Graded
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


def picture_of_the_terminal() -> None:
    """What `grader check` says."""
    result = graded("quick").result
    report = make_report(settings_for("quick"), [result], result.seconds)
    console = Console(record=True, width=88, file=StringIO(), force_terminal=True)
    console.print("$ grader check three-bugs.py", style="bold", highlight=False)
    terminal.show_result(console, result)
    console.print(terminal.summary(report, result), highlight=False, markup=False)
    console.save_svg(str(IMAGES / "terminal.svg"), title="grader check")


def picture_of_the_class(browser: Browser, site: Path) -> None:
    """The top of a class page."""
    write_site(site, Course(), invented_class(34))
    page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
    page.goto((site / "index.html").as_uri())
    save("class.png", page.screenshot())


def picture_of_a_student(browser: Browser, site: Path, sample: Graded) -> None:
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
    save("student.png", page.screenshot(full_page=True, clip=clip))


def save(name: str, png: bytes) -> None:
    """Save a screenshot in 256 colours."""
    Image.open(BytesIO(png)).convert("RGB").quantize(256).save(IMAGES / name, optimize=True)


def main() -> None:
    """Make them all."""
    path = find_chromium()
    if path is None:
        sys.exit("docs/pictures.py: there is no Chromium to take pictures of the pages with.")
    IMAGES.mkdir(exist_ok=True)
    picture_of_the_terminal()
    with chromium(path) as browser, tempfile.TemporaryDirectory() as name:
        picture_of_the_class(browser, Path(name))
        picture_of_a_student(browser, Path(name), graded("standard"))


if __name__ == "__main__":
    main()
