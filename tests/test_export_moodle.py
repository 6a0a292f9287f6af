"""Tests of filling in Moodle's grading worksheet."""

from __future__ import annotations

import csv
import html
import io

import msgspec
import pandas as pd
import pytest

from grader.exports import Choices, moodle
from grader.gradebook.records import Adjustment
from grader.ground.errors import UsageError
from tests.results import HOSTILE, entries, result_of

HEADER = (
    "Identifier;Full name;Email address;Status;Grade;Maximum Grade;Grade can be changed;"
    "Last modified (submission);Feedback comments\r\n"
)
WORKSHEET = (
    f"\ufeff{HEADER}"
    "Participant 123;Ada Lovelace;ada@example.org;Submitted for grading;;93,00;Yes;Monday, 1 June 2026;\r\n"
    "Participant 124;Grace Hopper;grace@example.org;Submitted for grading;12,00;93,00;No;-;kept\r\n"
    'Participant 125;@SUM(A1);eve@example.org;No submission;;93,00;Yes;-;"<p>two\nlines</p>"\r\n'
)
MAIL = "ada@example.org"


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_grade_and_feedback_are_filled_and_the_rest_kept() -> None:
    graded = entries(
        result_of("Ada Lovelace_123_assignsubmission_file", {"subset_data/seeded": "failed"}, message=HOSTILE),
        result_of("grace@example.org"),
    )
    made = moodle.write(graded, Choices(worksheet=WORKSHEET.encode()))
    before, after = rows(WORKSHEET.encode()), rows(made.content)
    feedback = after[1][8]
    assert after[1][4] == "92"
    assert feedback.startswith("92 of 93 points<br>Task 1, Set up: 5 of 5<br>Task 2, Pre-process: 19 of 20<br>✗ ")
    assert "<br>  Hint: Look at the columns.<br>" in feedback
    assert "<script" not in feedback
    assert "<script>" in html.unescape(feedback)
    assert not {"\x1b", "\u202e", "\x00"} & set(feedback)
    after[1][4] = after[1][8] = ""
    assert after[3][1] == "'@SUM(A1)"
    after[3][1] = before[3][1]
    assert after == before
    assert made.content.startswith(b"\xef\xbb\xbf")
    assert made.notes == (
        "Rows without a submission, left as they were: @SUM(A1).",
        "Moodle says that these grades cannot be changed, so left as they were: grace@example.org.",
        "An apostrophe stands now before what a spreadsheet would run: row 4, Full name.",
    )
    assert pd.read_csv(io.BytesIO(made.content), sep=";", decimal=",")["Grade"].iloc[0] == 92


def test_grades_have_the_worksheets_decimal_mark() -> None:
    (entry,) = entries(result_of(MAIL))
    entry = msgspec.structs.replace(entry, score=92.5)
    assert rows(moodle.write([entry], Choices(worksheet=WORKSHEET.encode())).content)[1][4] == "92,5"


def test_what_people_laid_over_the_points_stands_in_the_feedback() -> None:
    (entry,) = entries(result_of(MAIL))
    changes = (
        Adjustment(1, MAIL, "train/early-stopping", 2.0, "Explained it well.", "bo", "2026-06-02"),
        Adjustment(2, MAIL, "", -1.5, "Handed in as PDF.", "bo", "2026-06-02"),
    )
    entry = msgspec.structs.replace(entry, adjustments=changes, penalty=4.0, days_late=2.0, score=89.5)
    feedback = rows(moodle.write([entry], Choices(worksheet=WORKSHEET.encode())).content)[1][8]
    assert feedback.split("<br>")[-3:] == [
        "+2 by hand, Stops `patience` epochs after the best val_accuracy: Explained it well.",
        "−1.5 by hand: Handed in as PDF.",
        "−4 for being 2 days late",
    ]


def test_a_worksheet_without_feedback_gets_grades_alone() -> None:
    worksheet = "Identifier,Grade,Maximum Grade\nParticipant 5,,93\n"
    made = moodle.write(entries(result_of("x_5_assignsubmission_file")), Choices(worksheet=worksheet.encode()))
    assert made.content == b"Identifier,Grade,Maximum Grade\nParticipant 5,93,93\n"


def test_what_is_not_graded_is_left_empty_and_named() -> None:
    made = moodle.write(entries(result_of(MAIL, problem="the disk is full")), Choices(worksheet=WORKSHEET.encode()))
    assert rows(made.content)[1] == rows(WORKSHEET.encode())[1]
    assert f"Not graded, so without points: {MAIL}." in made.notes


@pytest.mark.parametrize(
    ("worksheet", "message"),
    [
        (None, "moodle fills a worksheet; download it where Moodle lists the submissions, and name it with --into."),
        (
            "Identifier,Bewertung\n",
            "the grading worksheet has no columns for grade and maximum that could be told; download it from Moodle "
            "where the submissions are listed.",
        ),
        (
            f"{HEADER}Participant 1;Ada;{MAIL};;;100.00;Yes;-;\n",
            "the grading worksheet gives at most 100 points, but the results 93; make them equal there, or convert "
            "with --scale.",
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence(worksheet: str | None, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        moodle.write(entries(result_of(MAIL)), Choices(worksheet=worksheet.encode() if worksheet else None))
    assert str(caught.value) == message


GERMAN = (
    "ID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Bestwertung;Bewertung kann geändert werden;"
    "Zuletzt geändert (Abgabe);Zuletzt geändert (Bewertung);Feedback als Kommentar\n"
    "Teilnehmer/in123;Ada Lovelace;ada@example.org;Zur Bewertung abgegeben;;93,00;Ja;Montag, 1. Juni 2026;-;\n"
    "Teilnehmer/in124;Grace Hopper;grace@example.org;Keine Abgabe;12,00;93,00;Nein;-;-;\n"
)
FRENCH = (
    "Identifiant,Nom complet,Numéro d'identification,Adresse de courriel,Statut,Note,Note maximale,"
    "La note peut être modifiée,Dernière modification (travail remis),Dernière modification (note),"
    "Feedback par commentaires\n"
    'Participant 123,Ada Lovelace,7001,ada@example.org,Remis pour évaluation,,"93,00",Oui,lundi 1 juin 2026,-,\n'
    'Participant 124,Grace Hopper,7002,grace@example.org,Aucun travail remis,,"93,00",Non,-,-,\n'
)
SPANISH = (
    "Identificador\tNombre completo\tDirección de correo\tEstado\tCalificación\tCalificación máxima\t"
    "La calificación puede ser cambiada\tÚltima modificación (entrega)\tÚltima modificación (calificación)\n"
    "Participante 123\tAda Lovelace\tada@example.org\tEnviado para calificar\t\t93.00\tSí\tlunes, 1 junio 2026\t-\n"
)
LANGUAGES = [(GERMAN, ";", 4), (FRENCH, ",", 5), (SPANISH, "\t", 4)]


@pytest.mark.parametrize(("worksheet", "delimiter", "grade"), LANGUAGES)
@pytest.mark.parametrize("name", ["x_123_assignsubmission_file", "ada@example.org", "Ada Lovelace"])
def test_columns_are_known_in_other_languages(worksheet: str, delimiter: str, grade: int, name: str) -> None:
    made = moodle.write(entries(result_of(name)), Choices(worksheet=worksheet.encode()))
    before, after = (
        list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        for text in (worksheet, made.content.decode())
    )
    assert after[1][grade] == "93"
    after[1][grade] = ""
    if worksheet != SPANISH:  # which has no column for feedback
        assert after[1][-1].startswith("93 of 93 points<br>Task 1, Set up: 5 of 5")
        after[1][-1] = ""
    assert after == before


@pytest.mark.parametrize(("worksheet", "name"), [(GERMAN, "Grace Hopper"), (FRENCH, "7002")])
def test_a_grade_that_cannot_be_changed_is_known_in_other_languages(worksheet: str, name: str) -> None:
    made = moodle.write(entries(result_of(name)), Choices(worksheet=worksheet.encode()))
    assert made.content.decode() == worksheet
    assert f"Moodle says that these grades cannot be changed, so left as they were: {name}." in made.notes


@pytest.mark.parametrize("worksheet", [WORKSHEET, GERMAN])
def test_a_scale_is_refused(worksheet: str) -> None:
    with pytest.raises(UsageError) as caught:
        moodle.write(entries(result_of(MAIL)), Choices(worksheet=worksheet.replace("93,00", "A, B, C").encode()))
    assert str(caught.value) == (
        "the grading worksheet grades on a scale (A, B, C), into which points cannot be written; let the assignment be "
        "graded by points there, and download it again."
    )
