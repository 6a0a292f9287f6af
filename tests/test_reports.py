"""Tests of results as text: hostile content is made harmless, and repeated messages are shown once."""

from __future__ import annotations

import io
import re

import msgspec
import pytest
from rich.console import Console

from grader.ground.text import clean, number
from grader.reports import markdown, terminal
from grader.reports.text import anchor_of, findings, most_lost_first
from grader.results.changes import changes
from grader.results.scoring import CheckResult, Report, Result, SubmissionInfo
from tests import results

HOSTILE = (
    "\x1b[31mred\x1b[0m \u202egnp.exe\u2066 \x07 <script>alert(1)</script> "
    "[link](javascript:x) =cmd|' /C calc'!A0 \ud800"
)


def check(
    status: str, message: str = "", *, name: str = "subset_data/seeded", points: float = 0.0, **more: str
) -> CheckResult:
    return CheckResult(name, 2, "subset_data", status, points, 1.0, message, **more)  # type: ignore[arg-type]


def report_of(*checks: CheckResult, name: str = "ada", problem: str = "") -> tuple[Report, Result]:
    status = "infrastructure_error" if problem else "graded"
    score, worth = sum(c.points for c in checks), sum(c.max_points for c in checks)
    result = Result(SubmissionInfo(name, "p", "s", "py"), status, score, worth, 1.5, checks, problem)  # type: ignore[arg-type]
    return Report("quick", "namespaces", 2.0, (result,)), result


def printed(result: Result, *, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    terminal.show_result(console, result)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_control_and_bidirectional_characters_are_replaced() -> None:
    cleaned = clean(HOSTILE)
    assert not {"\x1b", "\u202e", "\u2066", "\x07", "\ud800"} & set(cleaned)
    assert "<script>" in cleaned  # text is text; each format escapes its own


def test_long_text_is_cut() -> None:
    assert clean("x" * 100_000, limit=50) == "x" * 49 + "…"


@pytest.mark.parametrize(("value", "text"), [(3.0, "3"), (0.6, "0.6"), (12.25, "12.25"), (0.0, "0"), (100.0, "100")])
def test_points_have_no_needless_decimals(value: float, text: str) -> None:
    assert number(value) == text


def test_checks_that_say_the_same_are_one_finding() -> None:
    same = [check("error", "Oops.", name=f"subset_data/{n}") for n in ("seeded", "shuffled")]
    found = findings([check("passed", points=1.0), *same, check("failed", "Else.")])
    assert [(f.title, f.points, f.max_points) for f in found] == [
        ("subset_data: 2 checks", 0.0, 2.0),
        ("subset_data: Same seed, same order; other seeds and None, others", 0.0, 1.0),
    ]


def test_a_hostile_submission_prints_harmlessly() -> None:
    report, result = report_of(check("failed", HOSTILE, hint=HOSTILE, example=HOSTILE), name=HOSTILE)
    text = printed(result) + terminal.summary_line(report, result) + terminal.finished_line(result, 1, 2)
    assert not {"\x1b", "\u202e", "\u2066", "\x07"} & set(text)
    text = markdown.feedback(report, result)
    assert not {"\x1b", "\u202e"} & set(text)
    outside_code = "".join(text.split("```")[::2])
    assert "<script>" not in outside_code
    assert "[link](javascript" not in outside_code


def test_rich_markup_in_a_message_is_text() -> None:
    _, result = report_of(check("failed", "[bold]x[/bold] [/nonsense]"))
    assert "[bold]x[/bold] [/nonsense]" in printed(result)


def test_an_infrastructure_error_is_no_score() -> None:
    report, result = report_of(check("not_run", "The grader could not run this check."), problem="the disk is full")
    assert "The grader failed, so this is no score: the disk is full" in printed(result)
    assert terminal.summary_line(report, result) == "ada: not graded, the disk is full (quick, namespaces, 1.5 s)"


def test_a_result_that_was_kept_says_from_when() -> None:
    _, result = report_of(check("passed", points=1.0))
    assert terminal.finished_line(result, 1, 2) == "[1/2] ada: 1/1 (1.5 s)"
    kept = terminal.finished_line(result, 2, 2, kept_from="2026-06-01T12:30:11Z")
    assert kept == "[2/2] ada: 1/1 (kept from 2026-06-01 12:30 UTC)"


def test_the_table_fits_80_columns_and_sums_up() -> None:
    report, result = report_of(check("passed", points=1.0))
    console = Console(file=io.StringIO(), width=80)
    terminal.show_table(console, report)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [cell for cell in lines[1].split() if cell] == ["ada", "1/1", "1/1", "1.5", "s"]
    assert lines[-1] == "1 graded, mean score 1 of 1"
    assert result.score == 1.0


def test_backticks_in_an_example_do_not_end_its_fence() -> None:
    report, result = report_of(check("failed", "Text.", example="f('''```''')"))
    assert "````python" in markdown.feedback(report, result)


def test_backticks_without_a_partner_let_nothing_through() -> None:
    assert markdown.escape("``<script>` and `code`") == "\\``<script>` and `code`"
    assert markdown.escape("` $x$ <b>") == "\\` \\$x\\$ \\<b\\>"


def test_what_is_lost_comes_first_most_points_first() -> None:
    order = ["train/early-stopping", "predict/probabilities", "subset_data/seeded", "plot_history/legend"]
    result = results.result_of(failing=order)
    assert [finding.first.id for finding in most_lost_first(result)] == order
    text = markdown.feedback(results.report_of(result), result)
    top, _, rest = text.partition("\n## Task 1")
    assert "\n## What to fix first\n" in top
    assert re.findall(r"\(#(check-[a-z0-9-]+)\)", top) == [anchor_of(check_id) for check_id in order]
    assert all(rest.count(f'<a id="{anchor_of(check_id)}"></a>') == 1 for check_id in order)
    assert re.findall(r"\| (\d+) \|", top) == ["5", "2", "1", "1"]
    lines = printed(result).splitlines()
    assert lines[0] == "What to fix first"
    assert [line.split()[0] for line in lines[1:5]] == ["−5", "−2", "−1", "−1"]


def test_where_all_is_well_nothing_is_to_be_mended() -> None:
    result = results.result_of()
    assert "What to mend" not in markdown.feedback(results.report_of(result), result)
    assert "What to mend" not in printed(result)


def test_the_place_that_a_check_is_about_is_named() -> None:
    result = results.result_of(failing=["train/early-stopping"])
    checks = tuple(
        msgspec.structs.replace(check, cell=7, line=3) if check.id == "train/early-stopping" else check
        for check in result.checks
    )
    result = msgspec.structs.replace(result, checks=checks)
    for text in (markdown.feedback(results.report_of(result), result), printed(result, width=120)):
        assert "code cell 7, line 3" in text


def test_what_got_better_and_worse_is_said_with_its_points() -> None:
    before = [check("failed", name="subset_data/seeded"), check("passed", name="subset_data/shuffled", points=1.0)]
    after = [check("passed", name="subset_data/seeded", points=1.0), check("failed", name="subset_data/shuffled")]
    console = Console(file=io.StringIO(), width=80, force_terminal=False)
    terminal.show_changes(console, changes(before, after))
    terminal.show_changes(console, changes(after, after))
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]
    assert lines == [
        "Better than before",
        "  +1 subset_data: Same seed, same order; other seeds and None, others",
        "",
        "Worse than before",
        "  −1 subset_data: Shuffles",
        "",
        "Nothing got better or worse.",
    ]


def test_of_what_was_not_checked_again_the_points_are_shown() -> None:
    some = [check("failed", "Not seeded.", name="subset_data/seeded"), check("failed", "Not shuffled.")]
    _, result = report_of(*some)
    console = Console(file=io.StringIO(), width=80, force_terminal=False)
    terminal.show_again(console, result, set(), ())
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "What to fix first" in text and "Task 2" in text and "Not seeded." not in text


def test_what_an_instructor_should_look_at_is_one_line() -> None:
    class_ = [results.result_of(f"s{number}", failing=["train/validates"]) for number in range(5)]
    assert terminal.worth_a_look(class_[:4]) == ""
    assert terminal.worth_a_look([*class_, results.result_of("ada", {"predict/in-order": "timeout"})]) == (
        "Worth a look: ada ran out of time or crashed in places; 5 of 6 do not pass train/validates (Validates on the "
        "validation set)."
    )
    lost = [results.result_of(f"x{number}", problem="The sandbox ended.") for number in range(5)]
    nothing = results.result_of("nil", failing=[each.id for each in results.QUICK])
    assert terminal.worth_a_look([*lost, nothing]) == (
        "Worth a look: x0, x1 and 3 more could not be graded; nil has no point at all."
    )
