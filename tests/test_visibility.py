"""Tests of what students see before a date, and after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from grader.assignment.contract import checks_of
from grader.course import Course, Late, Settings, Visibility
from grader.gradebook import deciding
from grader.gradebook.deciding import Signed
from grader.gradebook.keeping import keeping
from grader.gradebook.records import Entry
from grader.gradebook.store import Gradebook
from grader.gradebook.visibility import Hidden, hidden_from, seen_entry
from grader.grading.feedback import write_feedback
from grader.grading.pages import Pages
from grader.reports.site import StudentPage, write_site
from grader.results.artefacts import Artefact, Measured
from grader.results.scoring import Graded, Report
from tests.results import CONDITIONS, NOON, result_of

DUE = datetime(2026, 6, 1, 22, tzinfo=UTC)
EARLY, ORDER, LOADS, ACCURACY = "train/early-stopping", "predict/in-order", "setup/loads", "accuracy/unseen-images"
HIDING = Course(
    late=Late(DUE, grace_minutes=30), visibility=Visibility("deadline", details=(EARLY,), scores=(ORDER, ACCURACY))
)
RESULT = result_of("ada", failing=[EARLY, ORDER, LOADS], checks=checks_of("standard"), message="It says too much.")
BEFORE, AFTER = DUE, DUE + timedelta(minutes=30)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "gradebook.db"
    measured = Artefact(ACCURACY, "measured", "application/json", msgspec.json.encode(Measured(0.731, 0.6, 9, 800)))
    excerpt = Artefact(EARLY, "place", "application/json", b'{"cell":null,"line":1,"first":1,"lines":["my_code = 1"]}')
    with Gradebook.open(path) as opened:
        for name in ("ada", "ben"):
            result = msgspec.structs.replace(RESULT, submission=msgspec.structs.replace(RESULT.submission, id=name))
            opened.add(CONDITIONS, result, [measured, excerpt], graded_at=NOON, submitted_at=NOON)
        opened.adjust("ada", 1, reason="Nearly.", by="Emmy", at=NOON, check=ORDER)
    return path


def pages(path: Path, course: Course, now: datetime, folder: Path) -> dict[str, str]:
    """Return the pages of the class as written at a moment, by file name."""
    with Gradebook.open(path, course=course) as opened:
        made = [StudentPage(one.entry, one.artefacts, one.attempts, one.timings) for one in opened.known()]
    write_site(folder, course, made, now=now)
    return {page.stem: page.read_text() for page in folder.rglob("*.html")}


def test_a_page_shows_less_before_the_deadline_and_all_after_it(book: Path, tmp_path: Path) -> None:
    before, after = (pages(book, HIDING, now, tmp_path / "site") for now in (BEFORE, AFTER))
    nothing = pages(book, msgspec.structs.replace(HIDING, visibility=Visibility()), BEFORE, tmp_path / "all")
    assert after["ada"] == nothing["ada"]
    ada, later = before["ada"], after["ada"]
    worth = {check.id: check.max_points for check in RESULT.checks}
    left = 100 - worth[ORDER] - worth[ACCURACY]
    lost = worth[EARLY] + worth[LOADS]
    assert f"<strong>{left - lost:g}</strong> of {left:g} points" in ada
    assert f"<strong>{100 - lost - worth[ORDER] + 1:g}</strong> of 100 points" in later
    assert "1 June 2026, 22:30 UTC" in ada
    assert "What is wrong is shown from 2026-06-01 22:30 UTC on." in ada
    assert ada.count("It says too much.") == 1  # only that of setup/loads
    assert later.count("It says too much.") == 3
    for telling in ("check-predict-in-order", "check-accuracy-unseen-images", "73.1", "my_code", "Nearly."):
        assert (telling in ada, telling in later) == (False, True), telling
    assert before["index"] == after["index"]  # the class page is the instructor's


def test_an_extension_moves_the_date_for_one(book: Path, tmp_path: Path) -> None:
    with Gradebook.open(book, course=HIDING) as opened:
        deciding.extend(opened, "ben", DUE + timedelta(days=2), Signed("Emmy", "ill", NOON))
    after = pages(book, HIDING, AFTER, tmp_path / "site")
    assert ("73.1" in after["ada"], "73.1" in after["ben"]) == (True, False)
    fixed = msgspec.structs.replace(HIDING, visibility=Visibility(AFTER.isoformat(), (EARLY,), (ACCURACY,)))
    assert "73.1" in pages(book, fixed, AFTER, tmp_path / "fixed")["ben"]


def test_what_is_shown_adds_up(book: Path) -> None:
    late = msgspec.structs.replace(HIDING, late=Late(datetime(2026, 5, 31, 22, tzinfo=UTC), percent_per_day=10))
    hidden = hidden_from(
        msgspec.structs.replace(late, visibility=Visibility("2026-07-01T00:00:00+00:00", (), (ORDER,))), DUE
    )
    with Gradebook.open(book, course=late) as opened:
        entry: Entry = opened.entry("ada")
    seen = seen_entry(entry, late, hidden)
    assert seen.score == pytest.approx(0.9 * seen.attempt.result.score)
    assert seen.attempt.result.score == sum(check.points for check in seen.attempt.result.checks)
    assert (seen.adjustments, len(entry.adjustments)) == ((), 1)
    with Gradebook.open(book, course=late) as opened:
        assert opened.entry("ada") == entry


def test_feedback_hides_what_pages_hide(book: Path, tmp_path: Path) -> None:
    course = msgspec.structs.replace(HIDING, late=Late(datetime(2100, 1, 1, tzinfo=UTC)))
    with keeping(book, CONDITIONS, course=course) as keeper:
        settings = Settings(course, "standard", frozenset(), "namespaces")
        pages = Pages(settings, keeper)
        report = Report("standard", "namespaces", 1.0, (RESULT,))
        write_feedback(report, tmp_path / "hiding", hidden_from=pages.hidden_from)
        assert pages.hidden_from(result_of("ada", checks=checks_of("quick")[:1])) == Hidden()
        assert Pages(Settings(Course(), "standard", frozenset(), "namespaces"), keeper).hidden_from(RESULT) == Hidden()
    write_feedback(report, tmp_path / "whole")
    hiding, whole = ((tmp_path / folder / "feedback" / "ada.md").read_text() for folder in ("hiding", "whole"))
    assert "points**, profile standard. Some of what was checked is not told before 2100-01-01 00:00 UTC.\n" in hiding
    assert (hiding.count("It says too much."), whole.count("It says too much.")) == (1, 3)
    assert ("check-predict-in-order" in hiding, "check-predict-in-order" in whole) == (False, True)


def test_each_who_shares_a_submission_has_a_page(tmp_path: Path) -> None:
    course = Course(groups="names")
    with keeping(tmp_path / "gradebook.db", CONDITIONS, course=course) as keeper:
        keeper.add(result_of("ben+cleo"))
        graded = Pages(Settings(course, "quick", frozenset(), "namespaces"), keeper, tmp_path / "kept")
        graded.add(Graded(result_of("ben+cleo")))
        graded.write()
    with keeping(None, CONDITIONS, course=course) as keeper:
        graded = Pages(Settings(course, "quick", frozenset(), "namespaces"), keeper, tmp_path / "not-kept")
        graded.add(Graded(result_of("ben+cleo")))
        graded.write()
    for folder in ("kept", "not-kept"):
        assert sorted(page.name for page in (tmp_path / folder / "students").iterdir()) == ["ben.html", "cleo.html"]
    assert "handed in for <bdi>ben+cleo</bdi>" in (tmp_path / "kept" / "students" / "ben.html").read_text()


def test_who_is_excused_has_no_score_on_pages_and_no_part_in_the_class(book: Path, tmp_path: Path) -> None:
    with Gradebook.open(book) as opened:
        deciding.excuse(opened, "ben", Signed("Emmy", "something private", NOON))
        deciding.excuse(opened, "dora", Signed("Emmy", "something private", NOON), ahead=True)
    made = pages(book, Course(), AFTER, tmp_path / "site")
    assert all(
        "Excused" in made[name] and "<strong>" not in made[name].split("</header>")[0] for name in ("ben", "dora")
    )
    assert "<dt>Excused</dt><dd>2</dd>" in made["index"]
    assert "<dt>Not graded</dt>" not in made["index"]
    assert "1 of 1" in made["index"] or "0 of 1" in made["index"]  # in the list of the hardest checks
    assert not any("something private" in page for page in made.values())


def test_late_days_and_extensions_are_told(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    course = Course(late=Late(DUE, late_days=2))
    with Gradebook.open(path, course=course) as opened:
        for name, day in (("ada", 1), ("ben", 3)):
            opened.add(CONDITIONS, result_of(name), graded_at=NOON, submitted_at=f"2026-06-0{day}T12:00:00Z")
        deciding.extend(opened, "ben", DUE + timedelta(days=1), Signed("Emmy", "ill", NOON))
    made = pages(path, course, AFTER, tmp_path / "site")
    assert "None of your 2 late days used" in made["ada"]
    assert "1 of your 2 late days used, which cost nothing" in made["ben"]
    assert "Your deadline is extended to" in made["ben"]
