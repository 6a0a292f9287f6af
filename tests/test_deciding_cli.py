"""Tests of `grader gradebook extend`, `excuse`, `groups`, `comments`, `comment`, `history` and `pages`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from grader.cli.app import app
from grader.gradebook.records import Entry
from grader.gradebook.store import Gradebook
from grader.ground.errors import GraderError
from tests.printed import lines
from tests.results import CONDITIONS, NOON, result_of

Run = Callable[..., str]

COURSE = """
groups = "names"
[late]
deadline = 2026-06-01T23:59:00+02:00
late_days = 1
"""
COMMENTS = """
[late-plot]
text = "The plot has no labels."
points = -2
check = "plot_history/legend"
"""
EMMY = ("--by", "Emmy", "--reason", "ill")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `grader gradebook` in a folder with a gradebook, and returns what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "course.toml").write_text(COURSE)
    (tmp_path / "comments.toml").write_text(COMMENTS)
    with Gradebook.open(Path("gradebook.db")) as book:
        book.add(CONDITIONS, result_of("ada"), graded_at=NOON, submitted_at="2026-06-04T10:00:00Z")
        book.add(CONDITIONS, result_of("ben+cleo"), graded_at=NOON, submitted_at=NOON)

    def run(*arguments: str) -> str:
        assert app(["gradebook", *arguments], exit_on_error=False, print_error=False) == 0
        return capsys.readouterr().out

    return run


def test_each_command_says_what_it_leads_to(run: Run) -> None:
    assert run("extend", "ada", "2026-06-03", *EMMY) == ("Extended to 2026-06-03 21:59 UTC: ada has 93 points.\n")
    assert run("extend", "ada", "--undo", *EMMY) == (
        "The extension to 2026-06-03 21:59 UTC is taken back: ada has 74.4 points.\n"
    )
    assert run("extend", "ada", "2026-06-05T12:00:00+02:00", *EMMY).startswith("Extended to 2026-06-05 10:00 UTC")
    assert run("excuse", "ben", *EMMY) == "ben is excused.\n"
    assert run("excuse", "ben+cleo", *EMMY) == "ben is excused. cleo is excused.\n"
    assert run("excuse", "ben+cleo", "--undo", *EMMY) == (
        "The excuse is taken back: ben is excused. cleo has 93 points.\n"
    )
    assert run("extend", "kurt", "2026-06-03", "--ahead", *EMMY).endswith("kurt has handed in nothing so far.\n")
    assert run("comments", "comments.toml", *EMMY) == "late-plot: -2 points, used 0 times.\n"
    assert run("comment", "ada", "late-plot", "--by", "Emmy") == "Adjustment 1: ada has 91 points.\n"
    Path("comments.toml").write_text(COMMENTS.replace("-2", "-3"))
    assert run("comments", "comments.toml", *EMMY) == "late-plot: -3 points, used 1 time.\n"
    assert run("comments", "comments.toml", *EMMY) == "No comment has changed.\n"
    assert lines(run("comments")) == [
        "Comment Points",
        "late-plot -3 plot_history/legend",
        "The plot has no labels.",
        "used for ada",
    ]
    assert run("comment", "ada", "late-plot", "--undo") == "Adjustment 1 is withdrawn: ada has 93 points.\n"
    Path("groups.csv").write_text("submission,student\nada,ada\nada,dora\n")
    assert run("groups", "groups.csv", *EMMY) == "ada joined ada.\ndora joined ada.\n"
    assert run("groups", "groups.csv", *EMMY) == "No group has changed.\n"
    assert lines(run("groups")) == ["Submission Students", "ada ada, dora", "ben+cleo ben, cleo"]


def test_the_class_and_one_student_with_exceptions(run: Run) -> None:
    run("excuse", "ben", *EMMY)
    run("comments", "comments.toml")
    run("comment", "ada", "late-plot", "--by", "Emmy")
    assert lines(run("show")) == [
        "Submission Measured By hand Late Score Run",
        "ada 93/93 -2 2.5 d, 1 free, -18.2 72.8 quick",
        "ben in ben+cleo 93/93 excused quick",
        "cleo in ben+cleo 93/93 93 quick",
        "2 graded, mean score 82.9; 1 late; 1 excused",
    ]
    run("extend", "ada", "2026-06-03", *EMMY)
    run("extend", "ada", "--undo", *EMMY)
    run("extend", "ada", "2026-06-02", *EMMY)
    document = json.loads(run("show", "ada", "--json"))
    today = document["decisions"][0]["at"][:10]
    first, second, third = document["decisions"]
    assert [each["undoes"] for each in (first, second, third)] == [0, first["number"], 0]
    assert msgspec.convert(document["entry"], Entry).late_days_used == 1
    assert lines(run("show", "ada")) == [
        "ada: 81.9 points",
        "The deadline is extended to 2026-06-02 21:59 UTC.",
        "Handed in 2026-06-04 10:00 UTC, 1.5 days late.",
        "1 of 1 late days used.",
        "Taken off for being late: 9.1 points.",
        "",
        "Attempt Graded Run Isolation Measured",
        "1 2026-06-01 12:00 UTC quick namespaces 93/93 counts",
        "",
        "By hand Points",
        "1 -2 plot_history/legend, comment late-plot",
        f"The plot has no labels. (Emmy, {today})",
        "",
        "Decided",
        f"{today} ada: extended to 2026-06-03 21:59 UTC",
        "ill (Emmy)",
        f"{today} ada: taken back: extended to 2026-06-03 21:59 UTC",
        "ill (Emmy)",
        f"{today} ada: extended to 2026-06-02 21:59 UTC",
        "ill (Emmy)",
    ]


def test_history_is_who_when_what_and_why(run: Run) -> None:
    assert run("history") == "Nothing was changed by hand.\n"
    run("excuse", "ben", *EMMY)
    run("adjust", "ada", "1.5", "--by", "Grace", "--reason", "Clear.")
    run("withdraw", "1", "--by", "Emmy", "--reason", "Not so clear.")
    header, *said = lines(run("history"))
    assert header == "When Who What"
    told = {first.partition(" UTC ")[2]: why for first, why in zip(said[::2], said[1::2], strict=True)}
    assert told == {
        "Emmy ben: excused": "ill",
        "Grace ada: adjustment 1: +1.5 points": "Clear.",
        "Emmy ada: taken back: adjustment 1": "Not so clear.",
    }
    assert lines(run("history", "ben"))[2:] == ["ill"]
    assert len(json.loads(run("history", "--json"))["events"]) == 3


def test_pages_follow_without_grading(run: Run) -> None:
    run("excuse", "dora", "--ahead", *EMMY)
    assert run("pages", "-o", "site") == "Wrote 4 pages; they begin at site/index.html.\n"
    assert sorted(page.stem for page in Path("site/students").iterdir()) == ["ada", "ben", "cleo", "dora"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["extend", "ada", "5.7.2026", *EMMY],
            "5.7.2026: give a date, as in 2026-07-05, or date, time and time zone, as in 2026-07-05T23:59:00+02:00.",
        ),
        (["extend", "ada", "2026-07-05T12:00", *EMMY], None),
        (["extend", "ada", "2026-02-30", *EMMY], None),
        (["extend", "ada", "9999-12-31T23:59:00-10:00", *EMMY], None),
        (["extend", "ada", "0001-01-01T00:00:00+10:00", *EMMY], None),
        (["extend", "ada", "9999-12-31", *EMMY], None),
        (
            ["extend", "ada", *EMMY],
            "ada: give the new deadline, as in 2026-07-05, or --undo to take the last extension back.",
        ),
        (["extend", "ada", "2026-07-05", "--undo", *EMMY], None),
        (["excuse", "bem", *EMMY], "bem: is not in gradebook.db; did you mean ben? A student who has handed in "),
        (["excuse", "ada", "--reason", " "], "give a reason: somebody will ask for it."),
        (["comment", "ada", "late-plot"], "late-plot: is no comment of the library; `grader gradebook comments FILE` "),
        (["comments", "no.toml"], "no.toml: there is no such file."),
        (["groups", "comments.toml"], "comments.toml: line 1: expected the columns submission,student."),
        (["history", "bem"], "bem: is not in gradebook.db; did you mean ben?"),
        (["show", "ben+cleo"], "ben+cleo: is the work of ben and cleo, who have a row each; name one of them."),
    ],
)
def test_wrong_use_is_one_sentence(arguments: list[str], message: str | None, run: Run) -> None:
    with pytest.raises(GraderError) as caught:
        run(*arguments)
    assert caught.value.exit_code == 2
    if message is not None:
        assert str(caught.value).startswith(message)
    assert run("history") == "Nothing was changed by hand.\n"


def test_hostile_names_and_reasons_print_harmlessly(run: Run) -> None:
    hostile = "\x1b[31m\u202e[bold]x"
    with Gradebook.open(Path("gradebook.db")) as book:
        book.add(CONDITIONS, result_of(f"{hostile}+eve"), graded_at=NOON)
    run("excuse", hostile, "--by", hostile, "--reason", hostile)
    run("comments", "comments.toml", "--by", hostile)
    run("comment", "eve", "late-plot", "--by", hostile)
    said = "".join(run(*words) for words in (("show",), ("show", hostile), ("history",), ("groups",), ("comments",)))
    assert "[bold]x" in said
    assert not {"\x1b", "\u202e"} & set(said)


def test_the_help_has_a_line_for_each_command(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    app(["gradebook", "--help"], exit_on_error=False, print_error=False)
    said = capsys.readouterr().out
    for command in ("adjust", "comment", "comments", "compare", "excuse", "extend", "groups", "history", "pages"):
        assert f"│ {command} " in said
