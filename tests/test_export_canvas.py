"""Tests of the export to Canvas: writing a new gradebook, and filling in a downloaded one."""

from __future__ import annotations

import csv
import io

import msgspec
import pandas as pd
import pytest

from grader.exports import Choices, canvas
from grader.ground.errors import UsageError
from tests.results import HOSTILE, entries, renamed, result_of

DOWNLOADED = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,"
    "Quiz (11),Course project (12),Course project (old) (13),Final Score\r\n"
    ",,,,,Manual Posting,,,\r\n"
    "    Points Possible,,,,,10,93,5,(read only)\r\n"
    '"Lovelace, Ada",101,s1,ada@example.org,A,7,,,80\r\n'
    '"Hopper, Grace",102,s2,grace@example.org,A,8,12,,70\r\n'
    '"=HYPERLINK(""x"")",103,s3,eve@example.org,A,-1,,,\r\n'
    '"Student, Test",999,,test,A,,,,\r\n'
)


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), dialect="excel"))


def test_without_a_gradebook_a_new_one_is_written() -> None:
    made = canvas.write(entries(result_of("ada"), renamed(result_of(), HOSTILE)), Choices("Course project"))
    header, possible, ada, hostile = rows(made.content)
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Course project"]
    assert possible == ["    Points Possible", "", "", "", "", "93"]
    assert ada == ["ada", "", "", "ada", "", "93"]
    assert hostile[0].startswith("'=cmd")
    assert made.notes == (
        "The submissions' names stand as SIS Login ID, since nothing else is known of the students; with --into a "
        "gradebook that was downloaded from Canvas is filled instead.",
    )
    frame = pd.read_csv(io.BytesIO(made.content))
    assert list(frame["Course project"]) == [93, 93, 93]


def test_a_downloaded_gradebook_is_filled_and_else_kept() -> None:
    graded = entries(
        result_of("lovelaceada_101_777_solution", {"train/early-stopping": "failed"}),
        result_of("grace@example.org", problem="the disk is full"),
        result_of("nobody"),
        result_of("Test Student"),
    )
    made = canvas.write(graded, Choices("Course project", DOWNLOADED.encode()))
    before, after = rows(DOWNLOADED.encode()), rows(made.content)
    assert after[3][6] == "88"
    after[3][6] = ""
    assert after[5][0] == '\'=HYPERLINK("x")'
    after[5][0] = before[5][0]
    assert after == before
    assert made.content.startswith(b"\xef\xbb\xbf")
    assert made.notes == (
        "In no row, so left out: nobody; Test Student.",
        """Rows without a submission, left as they were: =HYPERLINK("x").""",
        "Not graded, so without points: grace@example.org.",
        "An apostrophe stands now before what a spreadsheet would run: row 6, Student.",
    )


def test_the_score_that_counts_in_the_end_is_written() -> None:
    (entry,) = entries(result_of("s1"))
    late = msgspec.structs.replace(entry, score=80.5, penalty=12.5)
    made = canvas.write([late], Choices("Course project (12)", DOWNLOADED.encode()))
    assert rows(made.content)[3][6] == "80.5"


@pytest.mark.parametrize(
    ("title", "worksheet", "message"),
    [
        (
            "Project",
            DOWNLOADED,
            "the gradebook has no assignment called 'Project'; choose with --assignment: Quiz (11); Course project "
            "(12); Course project (old) (13); Final Score.",
        ),
        (
            "Quiz",
            DOWNLOADED,
            "the gradebook gives at most 10 points, but the results 93; make them equal there, or convert with "
            "--scale.",
        ),
        (
            "Quiz",
            "Name,Quiz\n",
            "the gradebook does not begin with the columns Student and ID, or last name, first name and ID; export it "
            "anew from the gradebook of Canvas.",
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence(title: str, worksheet: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        canvas.write(entries(result_of("s1")), Choices(title, worksheet.encode()))
    assert str(caught.value) == message


def test_points_are_converted_where_asked() -> None:
    made = canvas.write(entries(result_of("s1")), Choices("Quiz", DOWNLOADED.encode(), scale=True))
    assert rows(made.content)[3][5] == "10"


GERMAN = (
    "Studierende,ID,SIS-Benutzer-ID,SIS-Anmelde-ID,Abschnitt,Kursprojekt (12),Endpunktzahl\n"
    ",,,,,Manuelles Veröffentlichen,\n"
    "    Mögliche Punkte,,,,,93,(schreibgeschützt)\n"
    '"Lovelace, Ada",101,s1,ada@example.org,A,,80\n'
    '"Hopper, Grace",102,s2,grace@example.org,A,12,70\n'
)
TWO_NAMES = (
    "Last Name,First Name,ID,SIS User ID,SIS Login ID,Section,Project (12)\n"
    "    Points Possible,,,,,,93\n"
    "Lovelace,Ada,101,s1,ada@example.org,A,\n"
    "Hopper,Grace,102,s2,grace@example.org,A,\n"
)
FRENCH_TWO_NAMES = (
    "Nom de famille;Prénom;ID;Identifiant SIS;Section;Projet (12)\n"
    "    Points possibles;;;;;93\n"
    "Lovelace;Ada;101;ada@example.org;A;\n"
    "Hopper;Grace;102;grace@example.org;A;\n"
)


@pytest.mark.parametrize(
    ("downloaded", "title", "row"),
    [(GERMAN, "Kursprojekt", 3), (TWO_NAMES, "Project", 2), (FRENCH_TWO_NAMES, "Projet", 2)],
)
@pytest.mark.parametrize("name", ["lovelaceada_101_777_solution", "ada@example.org", "Ada Lovelace", "Lovelace, Ada"])
def test_columns_are_known_in_other_languages_and_with_two_names(
    downloaded: str, title: str, row: int, name: str
) -> None:
    graded = entries(renamed(result_of("x", {"train/early-stopping": "failed"}), name))
    made = canvas.write(graded, Choices(title, downloaded.encode()))
    delimiter = ";" if ";" in downloaded else ","
    before, after = (
        list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        for text in (downloaded, made.content.decode())
    )
    column = before[0].index(f"{title} (12)")
    assert after[row][column] == "88"
    after[row][column] = before[row][column]
    assert after == before


def test_the_maximum_counts_in_other_languages_too() -> None:
    with pytest.raises(UsageError, match="at most 50 points, but the results 93"):
        canvas.write(entries(result_of("s1")), Choices("Kursprojekt", GERMAN.replace("93", "50").encode()))


def test_a_scale_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        canvas.write(entries(result_of("s1")), Choices("Kursprojekt", GERMAN.replace("93", '"A, B, C"').encode()))
    assert str(caught.value) == (
        "the gradebook grades on a scale (A, B, C), into which points cannot be written; let the assignment be graded "
        "by points there, and download it again."
    )
