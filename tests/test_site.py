"""Tests of the pages: valid HTML, harmless whatever a submission contains, and usable in a real browser."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import html5lib
import msgspec
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from grader.course import Course, Speed
from grader.gradebook.records import Timing
from grader.ground.errors import GraderError
from grader.reports.site import StudentPage, write_site, write_timings
from grader.reports.site.charts import curves, histogram, round_steps, scatter
from grader.reports.site.code import quoted
from grader.reports.site.files import MARK, page_name, write_pages
from grader.results.artefacts import Artefact, Artefacts, Confusion, Example, png_of
from grader.results.scoring import Graded
from tests.browsers import CHROMIUM_NAMES, chromium, find_chromium
from tests.invented import invented_class
from tests.test_reports import HOSTILE

LONG = "x" * 100_000
NAMES = ("ada", "Ada", "ADA", "../../etc/passwd", "..", "con", "a/b", "a\\b", "é", "名前", "\u202egnp", LONG, HOSTILE)
HTML = "{http://www.w3.org/1999/xhtml}"


def parsed(path: Path) -> Any:
    """Parse a page into a tree; invalid HTML raises an error."""
    return html5lib.HTMLParser(strict=True).parse(path.read_text(encoding="utf-8"))


def text_of(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def renamed(page: StudentPage, name: str, **more: Any) -> StudentPage:
    """Return a page under another name, with another message, hint and example in every check."""
    result = page.entry.attempt.result
    result = msgspec.structs.replace(
        result,
        submission=msgspec.structs.replace(result.submission, id=name),
        checks=tuple(msgspec.structs.replace(check, **more) for check in result.checks),
    )
    attempt = msgspec.structs.replace(page.entry.attempt, result=result)
    return msgspec.structs.replace(page, entry=msgspec.structs.replace(page.entry, attempt=attempt))


@pytest.fixture(scope="module")
def pages() -> list[StudentPage]:
    return invented_class(30)


@pytest.fixture(scope="module")
def site(pages: list[StudentPage], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of thirty, one of them hostile."""
    folder = tmp_path_factory.mktemp("site")
    hostile = renamed(pages[4], HOSTILE + LONG, status="error", message=HOSTILE + LONG, hint=HOSTILE, example=HOSTILE)
    write_site(folder, Course(), [*pages, hostile])
    write_timings(folder, [timing for page in pages[:4] for timing in page.timings])
    return folder


def test_every_page_is_html_and_every_link_leads_somewhere(site: Path) -> None:
    files = [site / "index.html", *(site / "students").iterdir()]
    assert len(files) == 32
    ids: dict[Path, list[str]] = {}
    links: list[tuple[Path, str]] = []
    for file in files:
        tree = parsed(file)
        ids[file.resolve()] = [element.get("id") for element in tree.iter() if element.get("id")]
        links += [(file, element.get("href")) for element in tree.iter(f"{HTML}a")]
    for found in ids.values():
        assert len(found) == len(set(found))
    for file, href in links:
        path, _, anchor = href.partition("#")
        target = (file.parent / path).resolve() if path else file.resolve()
        assert target in ids, (file, href)
        assert not anchor or anchor in ids[target], (file, href)


def test_nothing_is_loaded_and_only_the_styles_and_the_script_of_the_page_may_run(site: Path) -> None:
    for file in [site / "index.html", *(site / "students").iterdir()]:
        tree = parsed(file)
        policy = next(m.get("content") for m in tree.iter(f"{HTML}meta") if m.get("http-equiv"))
        assert policy.startswith("default-src 'none'; img-src data:; ")
        inline = [*tree.iter(f"{HTML}style"), *tree.iter(f"{HTML}script")]
        assert len(inline) == (2 if file.name == "index.html" else 1)
        for element in inline:
            assert not element.get("src")
            digest = base64.b64encode(hashlib.sha256("".join(element.itertext()).encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy
        assert "unsafe" not in policy
        for element in tree.iter():
            for name, value in element.attrib.items():
                assert not str(name).startswith("on")
                assert name not in ("style", "srcset", "action", "formaction")
                if name == "src":
                    assert value.startswith("data:image/png;base64,")


def test_what_a_submission_says_is_text_and_nothing_else(site: Path) -> None:
    for file in [site / "index.html", *(site / "students").iterdir()]:
        page = file.read_text(encoding="utf-8")
        assert not {"\x1b", "\u202e", "\u2066", "\x07"} & set(page)
        assert "<script>alert" not in page
    (hostile,) = (site / "students").glob("*gnp*.html")
    assert len(hostile.name) < 80
    assert hostile.stat().st_size < 400_000
    assert "<script>alert(1)</script>" in text_of(parsed(hostile))


def test_file_names_are_safe_and_differ_even_where_case_does_not_count() -> None:
    names = [page_name(name) for name in NAMES]
    assert len({name.casefold() for name in names}) == len(NAMES)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]*\.html", name) and len(name) < 80 for name in names)
    assert names[0] == "ada.html"
    assert names[1].startswith("ada-")
    assert page_name(page_name("Ada").removesuffix(".html")) != page_name("Ada")
    assert not page_name("con").startswith("con.")


def test_the_class_page_has_scores_points_and_layers(site: Path, pages: list[StudentPage]) -> None:
    tree = parsed(site / "index.html")
    rows = {
        text_of(row[0]): [text_of(cell) for cell in row]
        for row in tree.iter(f"{HTML}tr")
        if row[0].get("scope") == "row"
    }
    ada = next(page for page in pages if page.id == "ada")
    assert rows["ada"][7] == f"{ada.entry.score:g}"
    assert rows["annie"][8] == "+2 by hand"
    assert rows["blaise"][8] == "−5 late"
    ungraded = next(page for page in pages if not page.graded)
    assert rows[ungraded.id][1:8] == ["–"] * 7
    assert rows[ungraded.id][-1] == "! not graded"
    summary = [text_of(part) for part in tree.iter(f"{HTML}dd")]
    assert summary[0] == "31"
    assert summary[-1] == "1"


def test_a_students_page_says_what_is_wrong_in_words_and_where(site: Path) -> None:
    text = text_of(parsed(site / "students" / "barbara.html"))
    assert "✗ error" in text
    assert "Your code, line 41" in text
    assert "→ 41 return x[mask], y[mask]" in text
    assert "ValueError: shapes (3, 1) and (3,) do not fit (line 41: return x[mask], y[mask])" in text
    assert "the submission’s own account and is not judged" in text
    assert "An image of class bird" not in text  # this is the alternative text of an image, not visible text
    alts = [image.get("alt") for image in parsed(site / "students" / "barbara.html").iter(f"{HTML}img")]
    assert "An image of class bird" in alts
    assert "The figure that plot_history returned" in alts


def test_a_students_page_begins_with_what_to_mend_first_and_folds_what_passed(site: Path) -> None:
    tree = parsed(site / "students" / "barbara.html")
    lists = [each for each in tree.iter(f"{HTML}ol") if each.get("class") == "mend"]
    items = [item for each in lists for item in each]
    lost = [float(text_of(item).rpartition("−")[2]) for item in items]
    assert lost == sorted(lost, reverse=True)
    assert len(lists[0]) == 8
    assert len(items) > 8
    (head,) = [each for each in tree.iter(f"{HTML}div") if each.get("class") == "head"]
    assert [text_of(part) for part in head] == ["barbara", "63 of 100 points"]
    by_status: dict[bool, int] = {True: 0, False: 0}
    for section in tree.iter(f"{HTML}section"):
        folded = {id(each) for part in section.iter(f"{HTML}details") for each in part.iter(f"{HTML}li")}
        for item in section.iter(f"{HTML}li"):
            if "check " in item.get("class", ""):
                assert (id(item) in folded) == (item.get("class") == "check passed")
                by_status[id(item) in folded] += 1
    assert all(by_status.values())


def test_training_speed_is_on_the_pages_of_those_who_were_measured(site: Path, pages: list[StudentPage]) -> None:
    ada, alan, alonzo = (text_of(parsed(site / "students" / f"{name}.html")) for name in ("ada", "alan", "alonzo"))
    assert "The last measurement on each device" in ada
    assert "no such device" in alan
    assert "Training speed" not in alonzo
    tree = parsed(site / "index.html")
    (table,) = [
        table
        for table in tree.iter(f"{HTML}table")
        if text_of(table.find(f"{HTML}caption")).startswith("Fastest on cpu")
    ]
    rows = [[text_of(cell) for cell in row] for row in table.iter(f"{HTML}tr")][1:]
    ratios = [float(row[2].split()[0]) for row in rows]
    assert ratios == sorted(ratios)
    assert len(rows) == 10
    measured = {page.id for page in pages if page.timings}
    assert {row[1] for row in rows} < measured


def test_a_course_may_leave_the_list_of_the_fastest_out(pages: list[StudentPage], tmp_path: Path) -> None:
    write_site(tmp_path, Course(speed=Speed(leaderboard=False)), pages[:2])
    text = text_of(parsed(tmp_path / "index.html"))
    assert "Fastest on" not in text
    assert "Training speed" in text  # the chart, which has no names


def test_a_measurement_of_another_file_makes_no_one_the_fastest(pages: list[StudentPage], tmp_path: Path) -> None:
    former = msgspec.structs.replace(pages[0].timings[0].measurement, sha256="f" * 64)
    write_site(tmp_path, Course(), [msgspec.structs.replace(pages[0], timings=(Timing(1, former),))])
    assert "Fastest on" not in text_of(parsed(tmp_path / "index.html"))
    assert "Training speed" in text_of(parsed(tmp_path / "students" / "ada.html"))


def test_adjustments_lateness_and_attempts_are_told(site: Path) -> None:
    text = text_of(parsed(site / "students" / "annie.html"))
    assert "+2 by the tutor: A question well answered" in text
    assert "Attempts so far" not in text
    assert "−5 for being 1 days late" not in text_of(parsed(site / "students" / "blaise.html"))
    assert "−5 for being 1 day late" in text_of(parsed(site / "students" / "blaise.html"))
    text = text_of(parsed(site / "students" / "alan.html"))
    assert "Attempts so far" in text
    assert text.count("counts") == 1 + 1  # the column's heading, and the attempt that counts


def test_a_submission_that_was_not_graded_says_why_and_has_no_score(site: Path, pages: list[StudentPage]) -> None:
    ungraded = next(page for page in pages if not page.graded)
    text = text_of(parsed(site / "students" / ungraded.file))
    assert "The grader failed, so this is no score: the disk is full" in text
    assert "of 100 points" not in text


def test_artefacts_that_cannot_be_read_are_absent(pages: list[StudentPage], tmp_path: Path) -> None:
    names = ("measured", "curves", "confusion", "examples", "place")
    broken = tuple(Artefact("accuracy/unseen-images", name, "application/json", b"[1") for name in names)
    write_site(tmp_path, Course(), [msgspec.structs.replace(pages[0], artefacts=broken)])
    assert "Accuracy on unseen images" not in text_of(parsed(tmp_path / "students" / "ada.html"))
    assert "Highest accuracies" not in text_of(parsed(tmp_path / "index.html"))


def test_an_empty_class_has_a_page(tmp_path: Path) -> None:
    write_site(tmp_path, Course(title="A & B <i>"), [])
    text = text_of(parsed(tmp_path / "index.html"))
    assert "A & B <i>" in text
    assert "Nothing was graded yet." in text


def test_pages_of_students_who_left_do_not_stay_and_other_files_do(pages: list[StudentPage], tmp_path: Path) -> None:
    write_site(tmp_path, Course(), pages[:3])
    (tmp_path / "students" / "notes.html").write_text("my own")
    (tmp_path / "results.json").write_text("{}")
    write_site(tmp_path, Course(), pages[1:2])
    assert sorted(path.name for path in (tmp_path / "students").iterdir()) == ["alan.html", "notes.html"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "results.json", "students"]


def test_a_page_that_is_not_the_graders_is_left_as_it_is(pages: list[StudentPage], tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("my own")
    with pytest.raises(GraderError) as caught:
        write_site(tmp_path, Course(), pages[:1])
    message = f"{tmp_path / 'index.html'}: is there already and is no page of the grader's; choose another folder."
    assert str(caught.value) == message
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text() == "my own"


def test_a_fault_on_the_way_leaves_the_former_pages(tmp_path: Path) -> None:
    def failing() -> Iterator[tuple[str, str]]:
        yield "students/new.html", MARK
        raise OSError("the disk is full")

    write_pages(tmp_path, [("students/old.html", MARK)])
    with pytest.raises(OSError, match="the disk is full"):
        write_pages(tmp_path, failing())
    assert [path.name for path in (tmp_path / "students").iterdir()] == ["old.html"]
    assert [path.name for path in tmp_path.iterdir()] == ["students"]


def test_the_page_of_a_class_that_is_being_graded_says_how_far_it_is(pages: list[StudentPage], tmp_path: Path) -> None:
    index = tmp_path / "index.html"
    write_site(tmp_path, Course(), pages[:2], awaited=5, live=True)
    assert "So far 2 of 5 submissions; grading goes on, and this page reloads by itself." in text_of(parsed(index))
    assert '<meta http-equiv="refresh"' in index.read_text()
    write_site(tmp_path, Course(), pages[:2], awaited=5)
    assert "2 of 5 submissions; grading was stopped before the others." in text_of(parsed(index))
    assert '<meta http-equiv="refresh"' not in index.read_text()
    write_site(tmp_path, Course(), pages[:2], awaited=2)
    assert " of 2 submissions" not in text_of(parsed(index))


def test_two_pages_of_one_submission_are_refused(pages: list[StudentPage], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two pages are of the same submission"):
        write_site(tmp_path, Course(), [pages[0], pages[0]])


def test_the_same_records_give_the_same_bytes(pages: list[StudentPage], tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_site(tmp_path / name, Course(), pages[:4])
    for path in (tmp_path / "one").rglob("*.html"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_text_between_backticks_is_code_and_still_text() -> None:
    assert quoted("call `f(<x>)` & see") == "call <code>f(&lt;x&gt;)</code> &amp; see"


@pytest.mark.parametrize(
    ("low", "high", "steps"),
    [(0, 15, (0, 5, 10, 15)), (0, 1, (0, 0.2, 0.4, 0.6, 0.8, 1)), (0.43, 0.89, (0.4, 0.5, 0.6, 0.7, 0.8, 0.9))],
)
def test_steps_are_round_and_enclose(low: float, high: float, steps: tuple[float, ...]) -> None:
    assert round_steps(low, high, 5) == steps


def test_charts_tell_in_words_what_they_show() -> None:
    assert histogram([1.0, 0.95, 0.3, 1.2, -0.1]).description == (
        "Bar chart of scores, in percent of the points: 1 from 0 to 10%; 1 from 30 to 40%; 3 from 90 to 100%."
    )
    assert scatter([(50.0, 0.8, "ada")]).description == (
        "Scatter plot of 1 submissions. Accuracy lies between 80% and 80%, training time between 50 and 50 seconds."
    )
    drawn = curves([("training", [0.5, 7.0]), ("validation", [0.25, 0.75])])
    assert drawn.description == (
        "Line chart of accuracy over 2 epochs: training goes from 50% to 700%; validation goes from 25% to 75%."
    )
    assert min(y for line in drawn.lines for _, y in line.points) >= 0  # an invented 700% stays on the chart


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    path = find_chromium()
    if path is None:
        pytest.skip(f"there is no browser: none of {', '.join(CHROMIUM_NAMES)} is installed")
    with chromium(path) as browser:
        yield browser


class Visit:
    """A page that was opened, and what it did."""

    def __init__(self, browser: Browser, path: Path, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", self._on_request)
        self.page.goto(path.as_uri())

    def _on_console(self, message: ConsoleMessage) -> None:
        self.said.append(message.text)

    def _on_request(self, request: Request) -> None:
        self.asked.append(request.url)

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


def kinds_of_page(site: Path) -> dict[str, Path]:
    (hostile,) = (site / "students").glob("*gnp*.html")
    return {
        "class": site / "index.html",
        "student": site / "students" / "barbara.html",
        "hostile": hostile,
        "timings": site / "timings.html",
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["class", "student", "hostile", "timings"])
def test_a_page_is_accessible_silent_and_asks_for_nothing(site: Path, browser: Browser, kind: str, scheme: str) -> None:
    path = kinds_of_page(site)[kind]
    with Visit(browser, path, color_scheme=scheme) as visit:
        found = Axe().run(visit.page)
        assert found.violations_count == 0, found.generate_report()
        assert visit.said == []
        assert [url for url in visit.asked if not url.startswith("data:")] == [path.as_uri()]


@pytest.mark.parametrize("kind", ["class", "student", "hostile", "timings"])
def test_no_page_scrolls_sideways_on_a_telephone(site: Path, browser: Browser, kind: str) -> None:
    with Visit(browser, kinds_of_page(site)[kind], viewport={"width": 360, "height": 740}) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") == 360


def names_in(page: Page) -> list[str]:
    names: list[str] = page.locator("#table tbody tr:visible th").all_inner_texts()
    return names


def test_the_table_sorts_and_finds(site: Path, browser: Browser, pages: list[StudentPage]) -> None:
    with Visit(browser, site / "index.html") as visit:
        page = visit.page
        score = page.get_by_role("button", name="Score")
        score.focus()
        page.keyboard.press("Enter")
        assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
        shown = page.locator("#table tbody td.total").all_inner_texts()
        values = [float(text) if text != "–" else float("-inf") for text in shown]
        assert values == sorted(values, reverse=True)
        score.click()
        assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
        assert page.locator("#table tbody td.total").all_inner_texts() == shown[::-1]
        page.get_by_label("Find a name").fill("AN")
        assert sorted(names_in(page)) == sorted(p.id for p in pages if "an" in p.id)
        assert page.get_by_role("status").inner_text() == "4 of 31 shown"


def test_the_class_page_is_whole_without_script(site: Path, browser: Browser) -> None:
    with Visit(browser, site / "index.html", java_script_enabled=False) as visit:
        assert len(names_in(visit.page)) == 31
        assert not visit.page.get_by_label("Find a name").is_visible()


def test_graded_records_cross_between_processes_with_their_artefacts(pages: list[StudentPage]) -> None:
    graded = Graded(pages[0].entry.attempt.result, pages[0].artefacts)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(graded), type=Graded) == graded


def test_the_class_page_of_five_hundred_is_small(tmp_path: Path) -> None:
    kept = ("measured",)
    pages = [
        msgspec.structs.replace(page, artefacts=tuple(a for a in page.artefacts if a.name in kept))
        for page in invented_class(500)
    ]
    write_site(tmp_path, Course(), pages)
    assert (tmp_path / "index.html").stat().st_size < 1_000_000
    assert len(list((tmp_path / "students").iterdir())) == 500


def test_many_classes_and_tall_grey_images_have_their_place(pages: list[StudentPage], tmp_path: Path) -> None:
    names = tuple(f"class {number}" for number in range(12))
    gathered = Artefacts()
    identity = tuple(tuple(5 * (row == column) for column in range(12)) for row in range(12))
    gathered.add_record("accuracy/unseen-images", "confusion", Confusion(names, identity))
    grey = png_of(np.full((48, 16, 1), 90, np.uint8))
    gathered.add_record("accuracy/unseen-images", "examples", (Example(grey, "class 3", "class 11"),))
    write_site(tmp_path, Course(), [msgspec.structs.replace(pages[0], artefacts=gathered.gathered)])
    text = text_of(parsed(tmp_path / "students" / "ada.html"))
    assert all(name in text for name in names)
    assert "✗ class 3, predicted class 11" in text
    assert 'aria-label="Confusion matrix"' in (tmp_path / "students" / "ada.html").read_text(encoding="utf-8")
