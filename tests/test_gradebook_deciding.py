"""Tests of decisions in a real gradebook: extensions, late days, excuses, groups and comments."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from grader.course import Course, Late, load_course
from grader.gradebook import deciding
from grader.gradebook.deciding import Signed
from grader.gradebook.history import history_of
from grader.gradebook.lists import Share, Wording, parse_comments, parse_groups
from grader.gradebook.records import Entry
from grader.gradebook.store import Gradebook
from grader.ground.errors import UsageError
from tests.results import CONDITIONS, NOON, result_of

DUE = datetime(2026, 6, 1, 22, tzinfo=UTC)
COURSE = Course(late=Late(DUE, percent_per_day=10), groups="names")
CHECK = "train/early-stopping"
BY_EMMY = Signed("Emmy", "ill", "2026-06-09T12:00:00Z")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A gradebook: ada was 2.5 days late, alan in time, and ben and cleo handed in together, half a day late."""
    path = tmp_path / "gradebook.db"
    with Gradebook.open(path) as book:
        book.add(CONDITIONS, result_of("ada"), graded_at=NOON, submitted_at="2026-06-04T10:00:00Z")
        book.add(CONDITIONS, result_of("alan"), graded_at=NOON, submitted_at=NOON)
        book.add(CONDITIONS, result_of("ben+cleo"), graded_at=NOON, submitted_at="2026-06-02T10:00:00Z")
    return path


@pytest.fixture
def book(path: Path) -> Iterator[Gradebook]:
    with Gradebook.open(path, course=COURSE) as book:
        yield book


def by_student(book: Gradebook) -> dict[str, Entry]:
    return {entry.student: entry for entry in book.entries()}


def scores(book: Gradebook) -> dict[str, float | None]:
    return {entry.student: entry.score for entry in book.entries()}


def refused(act: Callable[[], object], book: Gradebook) -> str:
    """Return the sentence with which an action is refused, after making sure that it has written nothing."""
    with contextlib.closing(sqlite3.connect(book.path)) as connection:
        before = list(connection.iterdump())
        with pytest.raises(UsageError) as caught:
            act()
        assert list(connection.iterdump()) == before
    return str(caught.value)


def day(number: int) -> datetime:
    return DUE.replace(day=number)


# Extensions


def test_an_extension_moves_one_students_deadline_and_nothing_is_graded_again(book: Gradebook) -> None:
    assert scores(book) == {"ada": 65.1, "alan": 93, "ben": 83.7, "cleo": 83.7}
    deciding.extend(book, "ada", day(3), BY_EMMY)
    ada = book.entry("ada")
    assert (ada.score, ada.days_late, ada.extended_to) == (83.7, 0.5, "2026-06-03T22:00:00Z")
    assert (len(book.attempts("ada")), book.entry("alan").extended_to) == (1, "")


def test_the_last_extension_counts_and_taking_it_back_restores_the_one_before(book: Gradebook) -> None:
    deciding.extend(book, "ada", day(3), BY_EMMY)
    deciding.extend(book, "ada", day(4), BY_EMMY)
    assert book.entry("ada").score == 93
    assert deciding.undo(book, "ada", "extension", BY_EMMY).value == "2026-06-04T22:00:00Z"
    assert book.entry("ada").score == 83.7
    deciding.undo(book, "ada", "extension", BY_EMMY)
    assert book.entry("ada").score == 65.1
    assert [(d.value[8:10], d.undoes) for d in book.decisions()] == [("03", 0), ("04", 0), ("04", 2), ("03", 1)]
    assert "no extension that could be taken back" in refused(
        lambda: deciding.undo(book, "ada", "extension", BY_EMMY), book
    )


def test_a_deadline_that_the_course_moves_past_an_extension_holds_for_all(path: Path, book: Gradebook) -> None:
    deciding.extend(book, "ada", day(3), BY_EMMY)
    later = msgspec.structs.replace(COURSE, late=Late(day(5)))
    with Gradebook.open(path, course=later) as again:
        assert (again.entry("ada").days_late, again.entry("ada").extended_to) == (0, "")


def test_extensions_that_cannot_be_meant(path: Path, book: Gradebook) -> None:
    deciding.extend(book, "ada", day(3), BY_EMMY)
    assert refused(lambda: deciding.extend(book, "ada", day(3), BY_EMMY), book) == (
        "ada: has that deadline already, by Emmy on 2026-06-09."
    )
    assert refused(lambda: deciding.extend(book, "ada", DUE, BY_EMMY), book) == (
        "2026-06-01 22:00 UTC: is not after the course's deadline, 2026-06-01 22:00 UTC."
    )
    assert refused(lambda: deciding.extend(book, "adda", day(3), BY_EMMY), book) == (
        f"adda: is not in {path}; did you mean ada? A student who has handed in nothing so far is taken with --ahead."
    )
    for signed, said in ((Signed("", "ill", NOON), "give a name"), (Signed("Emmy", " ", NOON), "give a reason")):
        assert said in refused(lambda signed=signed: deciding.extend(book, "ada", day(4), signed), book)  # type: ignore[misc]
    with Gradebook.open(path) as undated:
        assert refused(lambda: deciding.extend(undated, "ada", day(3), BY_EMMY), undated) == (
            "late.deadline: is not set in the course file, so there is nothing to extend."
        )


def test_an_extension_ahead_waits_for_the_student(book: Gradebook) -> None:
    deciding.extend(book, "dora", day(3), BY_EMMY, ahead=True)
    assert "dora" not in scores(book)
    book.add(CONDITIONS, result_of("dora"), graded_at=NOON, submitted_at="2026-06-03T20:00:00Z")
    assert book.entry("dora").score == 93
    deciding.extend(book, "dora", day(4), BY_EMMY)  # known by now


# Late days


def test_late_days_are_used_before_anything_is_taken_off(path: Path) -> None:
    course = msgspec.structs.replace(COURSE, late=Late(DUE, percent_per_day=10, late_days=2))
    with Gradebook.open(path, course=course) as book:
        found = by_student(book)
        assert {name: (e.score, e.late_days_used, e.late_days_left) for name, e in found.items()} == {
            "ada": (83.7, 2, 0),
            "alan": (93, 0, 2),
            "ben": (93, 1, 1),
            "cleo": (93, 1, 1),
        }
        deciding.extend(book, "ada", day(3), BY_EMMY)
        assert (book.entry("ada").score, book.entry("ada").late_days_used) == (93, 1)
        deciding.excuse(book, "ada", BY_EMMY)
        assert book.entry("ada").late_days_left == 2


def test_the_best_attempt_is_chosen_with_late_days(path: Path) -> None:
    late = Late(DUE, percent_per_day=50, late_days=3)
    course = msgspec.structs.replace(COURSE, attempts="best", late=late)
    with Gradebook.open(path, course=course) as book:
        worse = result_of("ada", failing=[CHECK], sha256="1" * 64)
        book.add(CONDITIONS, worse, graded_at=NOON, submitted_at=NOON)
        assert (book.entry("ada").score, book.entry("ada").late_days_used) == (93, 3)
    course = msgspec.structs.replace(course, late=Late(DUE, percent_per_day=50))
    with Gradebook.open(path, course=course) as book:
        assert (book.entry("ada").score, book.entry("ada").attempts) == (88, 2)


def test_late_days_are_for_several_assignments_in_the_order_of_their_deadlines(path: Path, tmp_path: Path) -> None:
    def assignment(name: str, day: int, shared: str, late_days: int = 4) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "course.toml").write_text(
            f"[late]\ndeadline = 2026-06-{day:02}T22:00:00Z\nlate_days = {late_days}\ndays_shared_with = {shared}\n"
        )
        return folder

    first, second, third = (
        assignment("first", 1, "[]"),
        assignment("second", 10, "['../first', '../third']"),
        assignment("third", 20, "['../second', '../first']"),
    )
    for folder, handed_in in ((first, 4), (second, 11), (third, 22)):
        with Gradebook.open(folder / "gradebook.db") as book:
            book.add(CONDITIONS, result_of("ada"), graded_at=NOON, submitted_at=f"2026-06-{handed_in:02}T10:00:00Z")
    used = []
    for folder in (first, second, third):
        with Gradebook.open(folder / "gradebook.db", course=load_course(folder / "course.toml")) as book:
            ada = book.entry("ada")
            used.append((ada.late_days_before, ada.late_days_used, ada.late_days_left, ada.penalty))
    assert used == [(0, 3, 1, 0), (3, 1, 0, 0), (4, 0, 0, 18.6)]

    def refusal() -> str:
        course = load_course(third / "course.toml")
        with pytest.raises(UsageError) as caught, Gradebook.open(third / "gradebook.db", course=course):
            pass
        return str(caught.value)

    assignment("second", 10, "[]", late_days=5)
    assert refusal().endswith("../second: has 5 late days, and here there are 4; say the same in both.")
    assignment("second", 20, "[]")
    assert refusal().endswith("../second: needs a deadline before or after this one's.")
    assignment("second", 19, "[]")
    (second / "gradebook.db").unlink()
    assert refusal().endswith("../second/gradebook.db: there is no such gradebook; `grader grade` makes one.")
    (second / "course.toml").unlink()
    assert refusal().endswith("../second/course.toml: there is no such course file.")


# Excuses


def test_who_is_excused_has_no_score_until_that_is_taken_back(book: Gradebook) -> None:
    deciding.excuse(book, "ada", BY_EMMY)
    ada = book.entry("ada")
    assert (ada.score, ada.excused, ada.penalty, ada.attempt.result.score) == (None, True, 0, 93)
    assert refused(lambda: deciding.excuse(book, "ada", BY_EMMY), book) == (
        "ada: is excused already, by Emmy on 2026-06-09."
    )
    deciding.undo(book, "ada", "excuse", BY_EMMY)
    assert book.entry("ada").score == 65.1
    assert [decision.undoes for decision in book.decisions()] == [0, 1]
    assert refused(lambda: deciding.undo(book, "alan", "excuse", BY_EMMY), book) == (
        "alan: has no excuse that could be taken back."
    )


def test_who_is_excused_and_hands_in_nothing_has_a_row(book: Gradebook) -> None:
    deciding.excuse(book, "dora", BY_EMMY, ahead=True)
    assert (scores(book)["dora"], book.entry("dora").excused, book.entry("dora").attempts) == (None, True, 0)
    assert (book.attempts("dora"), [known.attempts for known in book.known("dora")]) == ([], [()])
    deciding.undo(book, "dora", "excuse", BY_EMMY)
    assert "dora" not in scores(book)


# Groups


def test_each_who_shares_a_submission_has_a_row(book: Gradebook) -> None:
    ben = book.entry("ben")
    assert (ben.group, ben.attempt.result.submission.id, ben.attempt.result.submission.path) == (
        "ben+cleo",
        "ben",
        "ben+cleo.py",
    )
    assert [attempt.result.submission.id for attempt in book.attempts("ben")] == ["ben+cleo"]
    assert [entry.student for entry in book.rows("ben+cleo")] == ["ben", "cleo"]
    assert "name one of them" in refused(lambda: book.entry("ben+cleo"), book)
    with Gradebook.open(book.path) as by_name:  # a course in which file names do not define groups
        assert list(scores(by_name)) == ["ada", "alan", "ben+cleo"]


def test_an_exception_is_for_one_of_them_or_for_all(book: Gradebook) -> None:
    deciding.extend(book, "ben", day(2), BY_EMMY)
    assert (book.entry("ben").score, book.entry("cleo").score) == (93, 83.7)
    deciding.excuse(book, "ben+cleo", BY_EMMY)
    assert [entry.excused for entry in book.rows("ben+cleo")] == [True, True]
    assert refused(lambda: deciding.excuse(book, "cleo", BY_EMMY), book) == (
        "cleo: is excused already with ben+cleo, by Emmy on 2026-06-09."
    )
    assert refused(lambda: deciding.undo(book, "cleo", "excuse", BY_EMMY), book) == (
        "cleo: has no excuse alone; take back that of ben+cleo, which holds for all."
    )
    deciding.undo(book, "ben+cleo", "excuse", BY_EMMY)
    book.adjust("cleo", 2, reason="Presented it.", by="Emmy", at=NOON)
    book.adjust("ben+cleo", 1, reason="Clear.", by="Emmy", at=NOON)
    assert (book.entry("ben").score, book.entry("cleo").score) == (94, 86.7)
    assert [a.points for a in book.adjustments("cleo")] == [2, 1]


def test_an_extension_for_all_takes_nothing_from_one(book: Gradebook) -> None:
    deciding.extend(book, "ben", day(9), BY_EMMY)
    deciding.extend(book, "ben+cleo", day(3), BY_EMMY)
    assert [entry.extended_to[8:10] for entry in book.rows("ben+cleo")] == ["09", "03"]


def groups(*lines: str) -> list[Share]:
    return parse_groups("\n".join(("submission,student", *lines)).encode(), "groups.csv")


def test_a_file_says_who_shares_what_and_changes_what_it_names(book: Gradebook) -> None:
    made = deciding.put_groups(book, groups("ada,ada", "ada,dora", "team9,kurt"), BY_EMMY)
    assert (made.joined, made.left, made.unknown) == (
        (("ada", "ada"), ("dora", "ada"), ("kurt", "team9")),
        (),
        ("team9",),
    )
    assert list(scores(book)) == ["ada", "alan", "ben", "cleo", "dora"]
    deciding.excuse(book, "ada", BY_EMMY)  # only the student of that name, although the submission has the name too
    assert (book.entry("ada").excused, book.entry("dora").excused) == (True, False)
    again = deciding.put_groups(book, groups("ada,ada", "alan,dora"), BY_EMMY)
    assert (again.joined, again.left) == ((("dora", "alan"),), (("dora", "ada"),))
    assert book.entry("dora").group == "alan"
    assert "alan" not in scores(book)  # the file does not name alan
    assert deciding.put_groups(book, groups("ada,ada", "alan,dora"), BY_EMMY).joined == ()
    assert book.roll().groups == {"alan": ("dora",), "ben+cleo": ("ben", "cleo"), "team9": ("kurt",)}


def test_a_student_with_several_submissions_has_one_row(book: Gradebook) -> None:
    book.add(CONDITIONS, result_of("ben", failing=[CHECK]), graded_at=NOON, submitted_at=NOON)
    ben = book.entry("ben")
    assert (ben.score, ben.attempts, ben.group) == (88, 2, "")
    assert [attempt.result.submission.id for attempt in book.attempts("ben")] == ["ben+cleo", "ben"]
    best = msgspec.structs.replace(COURSE, attempts="best", late=Late())
    with Gradebook.open(book.path, course=best) as other:
        assert (other.entry("ben").score, other.entry("ben").group) == (93, "ben+cleo")


@pytest.mark.parametrize("name", ["c++", "+", "ben+", "ada"])
def test_names_of_one_are_of_one(name: str, book: Gradebook) -> None:
    assert book.roll().people.of(name) == (name,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "groups.csv: line 1: expected the columns submission,student."),
        ("name,student\n", "groups.csv: line 1: expected the columns submission,student."),
        ("group,student\na,b,c\n", "groups.csv: line 2: expected a submission and one student."),
        ("group;student\na;\n", "groups.csv: line 2: expected a submission and one student."),
        (
            "submission,student\nteam1,ada\n\nteam2, ada\n",
            "groups.csv: line 4: ada is in team1 already, on line 2; a student is in one group.",
        ),
        ("submission,student\nteam1,\xff", "groups.csv: is not UTF-8 text; save it as UTF-8."),
    ],
)
def test_files_of_groups_that_cannot_be_meant(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_groups(text.encode("latin-1"), "groups.csv")
    assert str(caught.value) == message


# Comments


MILD = Wording("late-plot", "The plot has no labels.", -2.0, "plot_history/legend")


def test_a_comment_gives_its_points_wherever_it_is_used_and_follows_the_library(book: Gradebook) -> None:
    deciding.put_comments(book, [MILD], BY_EMMY)
    deciding.comment(book, "alan", "late-plot", by="Emmy", at=NOON)
    deciding.comment(book, "ben+cleo", "late-plot", by="Emmy", at=NOON)
    assert scores(book) == {"ada": 65.1, "alan": 91, "ben": 81.9, "cleo": 81.9}
    stricter = msgspec.structs.replace(MILD, text="Name both axes.", points=-10.0, check="")
    assert [comment.number for comment in deciding.put_comments(book, [stricter], BY_EMMY)] == [2]
    assert scores(book) == {"ada": 65.1, "alan": 83, "ben": 73.7, "cleo": 73.7}
    (used,) = book.entry("alan").adjustments
    assert (used.reason, used.points, used.check, used.comment) == ("Name both axes.", -10, "", "late-plot")
    assert deciding.put_comments(book, [stricter], BY_EMMY) == []
    assert [comment.points for comment in book.comments()] == [-2, -10]
    book.withdraw(deciding.used_as(book, "alan", "late-plot"), at=NOON, by="Grace", reason="There are some.")
    assert book.entry("alan").score == 93


def test_comments_that_cannot_be_used(book: Gradebook) -> None:
    def use(name: str, comment: str) -> str:
        return refused(lambda: deciding.comment(book, name, comment, by="Emmy", at=NOON), book)

    assert use("ada", "x") == "x: is no comment of the library; `grader gradebook comments FILE` adds some."
    elsewhere = Wording("elsewhere", "Look here.", 0.0, "unseen/accuracy")
    deciding.put_comments(book, [MILD, elsewhere], BY_EMMY)
    assert use("ada", "lateplot") == "lateplot: is no comment of the library; did you mean late-plot?"
    assert use("adda", "late-plot") == f"adda: is not in {book.path}; did you mean ada?"
    assert use("ada", "elsewhere").startswith("unseen/accuracy: no attempt of ada has such a check")
    deciding.comment(book, "ben", "late-plot", by="Emmy", at=NOON)
    assert use("ben+cleo", "late-plot") == "ben: has late-plot already, as adjustment 1."
    deciding.comment(book, "cleo", "late-plot", by="Emmy", at=NOON)
    book.withdraw(1, at=NOON)
    book.withdraw(2, at=NOON)
    deciding.comment(book, "ben+cleo", "late-plot", by="Emmy", at=NOON)
    assert refused(lambda: deciding.used_as(book, "ben", "late-plot"), book) == (
        "ben: has late-plot with others; take back that of ben+cleo, which holds for all."
    )
    assert refused(lambda: deciding.used_as(book, "ada", "late-plot"), book) == "ada: does not have late-plot."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a", "comments.toml: is not TOML: "),
        ("a = 3", "comments.toml: a: expected a line [late-plot] with text = "),
        ("[a]\ntext = ''", "comments.toml: a.text: expected what the student is to read, in quotes."),
        ("[a]\ntext = 'x'\npoint = 1", "comments.toml: a.point: unknown key; did you mean points?"),
        ("[a]\ntext = 'x'\npoints = true", "comments.toml: a.points: expected a number."),
        ("[a]\ntext = 'x'\npoints = nan", "comments.toml: a.points: expected a number."),
        ("[a]\ntext = 'x'\npoints = 1e9", "comments.toml: a.points: expected points between -10000 and 10000, got"),
        ("[a]\ntext = 'x'\ncheck = 'train/early'", "comments.toml: a.check: train/early: unknown check; did you mean "),
    ],
)
def test_libraries_that_cannot_be_meant(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_comments(text.encode(), "comments.toml")
    assert str(caught.value).startswith(message)


# What is kept


def test_every_change_is_kept_with_who_when_and_why(book: Gradebook) -> None:
    deciding.extend(book, "ada", day(3), BY_EMMY)
    deciding.undo(book, "ada", "extension", Signed("Grace", "well again", "2026-06-10T12:00:00Z"))
    deciding.put_comments(book, [MILD], BY_EMMY)
    deciding.comment(book, "ada", "late-plot", by="Emmy", at="2026-06-11T12:00:00Z")
    book.withdraw(1, at="2026-06-12T12:00:00Z", by="Grace", reason="There are labels.")
    kept = (book.all_adjustments(), book.decisions(), book.comments())
    told = [(event.at[8:10], event.by, event.student, event.what, event.reason) for event in history_of(*kept)]
    assert told == [
        ("09", "Emmy", "ada", "extended to 2026-06-03 22:00 UTC", "ill"),
        ("09", "Emmy", "", "comment late-plot: -2 points for plot_history/legend: The plot has no labels.", "ill"),
        ("10", "Grace", "ada", "taken back: extended to 2026-06-03 22:00 UTC", "well again"),
        ("11", "Emmy", "ada", "adjustment 1: comment late-plot", ""),
        ("12", "Grace", "ada", "taken back: adjustment 1", "There are labels."),
    ]
    assert len(history_of(*kept, names={"ada"})) == 4
    assert history_of(*kept, names={"alan"}) == []


def test_what_fails_in_the_middle_leaves_nothing_behind(book: Gradebook, monkeypatch: pytest.MonkeyPatch) -> None:
    written = book.insert
    calls = []

    def insert(table: str, row: dict[str, object]) -> int:
        calls.append(table)
        if len(calls) == 2:
            raise UsageError("the power went")
        return written(table, row)

    monkeypatch.setattr(book, "insert", insert)
    assert refused(lambda: deciding.put_groups(book, groups("alan,alan", "alan,dora"), BY_EMMY), book) == (
        "the power went"
    )
    assert (calls, book.decisions()) == (["decisions", "decisions"], [])
