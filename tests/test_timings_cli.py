"""Tests of `grader timings`: the list, and the comparison of two measurements."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from grader.cli.app import app
from grader.gradebook.store import Gradebook
from grader.ground.errors import UsageError
from grader.reports.timings import factor, ratio_text, seconds
from grader.speed.statistics import Ratio
from tests.measurements import MACHINE, measurement
from tests.printed import lines

Run = Callable[..., str]
QUIET = (1.0, 1.01, 0.99, 1.005, 0.995, 1.002, 0.998, 1.001)
GPU = msgspec.structs.replace(MACHINE, gpu="NVIDIA H100", cores=16)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `grader timings` in a folder with a gradebook, and returns what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    slower = [1.1 * each for each in QUIET]
    with Gradebook.open(Path("gradebook.db")) as book:
        for each in (
            measurement("ada", QUIET, QUIET[::-1], at="2026-06-01T12:00:00Z"),
            measurement("grace", QUIET[:2], QUIET[:2], at="2026-06-02T12:00:00Z"),
            measurement("ada", slower, QUIET[::-1], at="2026-06-03T12:00:00Z"),
            measurement("ada", slower, QUIET[::-1], at="2026-06-04T12:00:00Z", device="gpu:0", machine=GPU),
            measurement("grace", at="2026-06-05T12:00:00Z", device="gpu:0", status="no_device"),
            measurement("grace", QUIET, QUIET, at="2026-06-06T12:00:00Z"),
        ):
            book.add_measurement(each)

    def run(*arguments: str) -> str:
        assert app(["timings", *arguments], exit_on_error=False, print_error=False) == 0
        return capsys.readouterr().out

    return run


def test_a_change_in_a_history_is_told(run: Run) -> None:
    with Gradebook.open(Path("gradebook.db")) as book:
        for number in range(20):
            ada = [(1.0 if number < 10 else 1.3) * (1 + number % 3 / 100)] * 2
            book.add_measurement(measurement("alan", ada, [1.0, 1.0], at=f"2026-07-{number + 1:02}T12:00:00Z"))
    said = " ".join(run("alan").split())
    assert said.endswith(
        "alan from No. 17 on: the submission changed; beside the reference, it takes 1.30 times as long."
    )
    (change,) = json.loads(run("alan", "--json"))["changes"]
    assert (change["submission"], change["number"], change["change"]["what"]) == ("alan", 17, "submission")
    run("alan", "-o", "speed")
    assert "the submission changed" in Path("speed/timings.html").read_text()


def test_measurements_are_listed_with_their_intervals(run: Run) -> None:
    here, there = MACHINE.id[:6], GPU.id[:6]
    assert lines(run())[:7] == [
        "No. Submission Measured On Machine Epoch s Img/s × reference",
        f"1 ada 2026-06-01 cpu {here} 1.00 3198 1.00 (0.99–1.01)",
        f"2 grace 2026-06-02 cpu {here} 1.00 3184 1.00 (1.00–1.00)",
        f"3 ada 2026-06-03 cpu {here} 1.10 2908 1.10 (1.09–1.11)",
        f"4 ada 2026-06-04 gpu:0 {there} 1.10 2908 1.10 (1.09–1.11)",
        f"5 grace 2026-06-05 gpu:0 {here} – – no such device",
        f"6 grace 2026-06-06 cpu {here} 1.00 3198 1.00 (1.00–1.00)",
    ]
    assert f"{here}: AMD EPYC 7B13, 2 cores, 2 threads, tensorflow, keras 3.15.0, numpy" in lines(run())


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ([], [1, 2, 3, 4, 5, 6]),
        (["ada"], [1, 3, 4]),
        (["grace", "ada", "--device", "gpu"], [4, 5]),
        (["--backend", "jax"], []),
        (["--machine", GPU.id], [4]),
        (["--since", "2026-06-05"], [5, 6]),
        (["--since", "2026-06-05T14:00:01+02:00"], [6]),
    ],
)
def test_filters(asked: list[str], numbers: list[int], run: Run) -> None:
    document = json.loads(run("--json", *asked))
    assert [each["number"] for each in document["timings"]] == numbers
    if not numbers:
        assert run(*asked) == "No measurement fits.\n"


def test_json_has_every_sample_and_what_it_says(run: Run) -> None:
    document = json.loads(run("ada", "--device", "cpu", "--json"))
    first = document["timings"][0]
    assert len(first["measurement"]["rounds"]) == len(first["measurement"]["reference"]) == 8
    assert first["measurement"]["rounds"][1]["epochs"][1]["train_seconds"] == 1.01
    assert first["summary"]["ratio"]["rounds"] == 8
    assert document["schema_version"] == 1


def test_a_long_name_folds_and_the_figures_stay_whole(run: Run) -> None:
    with Gradebook.open(Path("gradebook.db")) as book:
        book.add_measurement(measurement("barbara-liskov-of-the-second-group", [0.01, 0.02], [0.1, 0.02]))
    (first,) = [line for line in lines(run()) if line.startswith("7 ")]
    assert first.startswith("7 barbara-liskov")
    assert first.endswith("0.0150 213333 0.32 (<0.01–>100)")


def test_two_measurements_are_compared_in_words(run: Run) -> None:
    said = lines(run("compare", "1", "3"))
    assert said[:2] == [
        "ada 1 (cpu, 2026-06-01 12:00 UTC) → ada 3 (cpu, 2026-06-03 12:00 UTC)",
        "Slower: beside the reference, an epoch takes 1.10 times as long as before.",
    ]
    assert said[3:8] == [
        "Quantity Factor 95% interval p Rounds",
        "ratio to the reference 1.10 1.09–1.11 0.00016 8 and 8",
        "the same of whole calls 1.10 1.09–1.11 0.00016 8 and 8",
        "its seconds 1.10 1.09–1.11 0.00016 8 and 8",
        "the reference's seconds 1.00 0.99–1.01 1 8 and 8",
    ]
    assert said[-1] == "The file is the same."


@pytest.mark.parametrize(
    ("sides", "verdict", "remarks"),
    [
        (
            ["3", "1"],
            "Faster: beside the reference, an epoch takes 0.91 times as long as before.",
            ["The file is the same."],
        ),
        (
            ["1", "1"],
            "No change was found: beside the reference, an epoch takes somewhere between 0.99 and 1.01 times as long",
            ["The file is the same."],
        ),
        (
            ["2", "1"],
            "Cannot tell: a verdict needs 6 rounds on each side, and there are 2 and 8; measure again with more.",
            ["These are two submissions."],
        ),
        (["5", "6"], "Cannot tell: there are no rounds of the earlier (no such device).", ["The file is the same."]),
        (
            ["6", "4"],
            "Slower: beside the reference, an epoch takes 1.10 times as long as one of grace.",
            [
                "These are two submissions.",
                "The device and machine differ, so seconds are not compared;",
                "the ratio may have changed for that alone.",
                "gpu: none → NVIDIA H100",
                "cores: 2 → 16",
            ],
        ),
    ],
)
def test_verdicts(sides: list[str], verdict: str, remarks: list[str], run: Run) -> None:
    said = " ".join(lines(run("compare", *sides)))
    assert verdict in said
    assert said.endswith(" ".join(remarks))


def test_a_submission_alone_is_its_last_two_on_one_device(run: Run) -> None:
    document = json.loads(run("compare", "grace", "--json"))
    assert (document["before"], document["after"]) == (2, 6)
    assert document["comparison"]["verdict"] == "unclear"
    assert json.loads(run("compare", "ada", "--device", "cpu", "--json"))["comparison"]["verdict"] == "slower"


def test_a_page_and_pictures_are_written(run: Run) -> None:
    run("ada", "-o", "out")
    assert sorted(path.name for path in Path("out").iterdir()) == ["timings", "timings.html"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["adaa"], "adaa: was not measured, says gradebook.db; did you mean ada?"),
        (["ada", "--backend", "jax"], "ada: none of its measurements fits; `grader timings ada` lists them all."),
        (["--since", "June"], "--since June: give a date, as in 2026-06-30, or a moment with its time zone."),
        (["compare", "1", "9"], "measurement 9: there is none of that number; `grader timings` lists them."),
        (["compare", "ada", "3"], "ada: give two numbers, or a submission alone; `grader timings` lists both."),
        (["compare", "ada"], "ada: was not measured twice on one device and backend, so there is nothing to compare."),
        (["--gradebook", "none.db"], "none.db: there is no such gradebook; `grader grade` makes one."),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(arguments: list[str], sentence: str, run: Run) -> None:
    with pytest.raises(UsageError) as caught:
        run(*arguments)
    assert str(caught.value) == sentence


def test_numbers_are_written_to_be_read() -> None:
    assert [seconds(value) for value in (0.012, 0.15, 1.0, 12.34, 123.4, 1234.5)] == [
        *("0.0120 s", "0.150 s", "1.00 s", "12.3 s", "123 s", "1234 s"),
    ]
    assert [factor(value) for value in (0.0012, 0.5, 12.0, 123.0)] == ["<0.01", "0.50", "12.00", ">100"]
    assert ratio_text(Ratio(1.5, None, None, 1)) == "1.50 (one round)"
    assert ratio_text(None) == "–"
