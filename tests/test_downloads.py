"""Tests of reading the zip files of Canvas, Moodle and Gradescope, both sound and harmful ones."""

from __future__ import annotations

import io
import stat
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.course import load_course
from grader.exports.matching import match
from grader.gradebook.store import Gradebook
from grader.ground.errors import UsageError
from grader.submissions import SubmissionFile, downloads, submissions_in
from tests.test_faults import environment

HONEST = (Path(__file__).parent / "wheats" / "plain.py").read_text()

CANVAS = {
    "loveaceada_101_5550_solution.py": "ada = 0\n",
    "loveaceada_101_5561_solution-1.py": "ada = 1\n",
    "loveaceada_101_5560_helper.py": "helper = 1\n",
    "hoppergrace_LATE_102_5570_solution-10.ipynb": "{}",
    "turingalan_103_5580_essay.pdf": "PDF",
    "noetheremmy_104_5590_one-1.py": "",
    "noetheremmy_104_5591_one-2.py": "",
}
MOODLE = {
    "Ada Lovelace_123_assignsubmission_file/solution.py": "ada = 1\n",
    "Ada Lovelace_123_assignsubmission_file/data/notes.txt": "",
    "Grace Hopper_124_assignsubmission_file_/work.ipynb": "{}",
    "Alan Turing_125_assignsubmission_file_solution.py": "alan = 1\n",
    "Alan Turing_125_assignsubmission_onlinetext_onlinetext.html": "",
}
METADATA = """---
submission_9001:
  :submitters:
  - :name: Ada Lovelace
    :sid: '77'
    :email: ada@example.org
  :created_at: 2026-06-01 09:58:00.123456000 Z
  :score: 0.0
  :status: unprocessed
  :history:
  - :id: 8000
submission_9002:
  :submitters:
  - :name: Grace Hopper
    :sid: 78
    :email:
  - :name: Alan Turing
    :sid: 79
  :created_at: 2026-06-02 12:00:00.000000000 +02:00
submission_9003:
  :submitters:
  - :name: Ada Lovelace
    :sid: '77'
    :email: ada@example.org
  :created_at: 2026-06-01 10:01:00.000000000 Z
"""
GRADESCOPE = {
    "assignment_7_export/submission_metadata.yml": METADATA,
    "assignment_7_export/submission_9003/solution.py": "ada = 2\n",
    "assignment_7_export/submission_9001/solution.py": "ada = 1\n",
    "assignment_7_export/submission_9002/src/work.py": "work = 1\n",
    "assignment_7_export/submission_9004/x.py": "nobody = 1\n",
}


def zipped(folder: Path, members: Mapping[str, str | bytes]) -> Path:
    path = folder / "download.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def found_in(path: Path) -> tuple[dict[str, tuple[SubmissionFile, str]], list[str]]:
    """Return the text of each submission that is found, by its id, and the notes."""
    notes: list[str] = []
    with submissions_in([path], notes.append) as files:
        return {file.id: (file, "" if file.problem else file.path.read_text()) for file in files}, notes


@pytest.fixture(params=["zip", "folder"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def laid_out(folder: Path, form: str, members: Mapping[str, str]) -> Path:
    path = zipped(folder, members)
    if form == "zip":
        return path
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_canvas_the_last_attempt_of_each_person_counts(tmp_path: Path, form: str) -> None:
    path = laid_out(tmp_path, form, CANVAS)
    found, notes = found_in(path)
    assert sorted(found) == [
        "hoppergrace_canvas102",
        "loveaceada_canvas101",
        "noetheremmy_canvas104",
        "turingalan_canvas103",
    ]
    assert found["loveaceada_canvas101"][1] == "ada = 1\n"
    assert found["turingalan_canvas103"][0].problem == "There is no .py or .ipynb among what was handed in (essay.pdf)."
    assert found["noetheremmy_canvas104"][0].problem.startswith("The folder holds several files (one-1.py, one-2.py)")
    assert notes[0] == f"{path}: Canvas marks as late: hoppergrace_canvas102."
    assert "does not say when things were handed in" in notes[1]
    people = {0: ("101", "Lovelace, Ada"), 1: ("102", "Hopper, Grace")}
    assert match(["hoppergrace_canvas102", "loveaceada_canvas101"], people).rows == {
        "hoppergrace_canvas102": 1,
        "loveaceada_canvas101": 0,
    }


def test_moodle_with_and_without_folders(tmp_path: Path, form: str) -> None:
    found, notes = found_in(laid_out(tmp_path, form, MOODLE))
    assert {name: text for name, (_, text) in found.items()} == {
        "Ada Lovelace_123_assignsubmission_file": "ada = 1\n",
        "Alan Turing_125_assignsubmission_file": "alan = 1\n",
        "Grace Hopper_124_assignsubmission_file": "{}",
    }
    assert len(notes) == 1
    assert match(list(found), {0: ("123", "Ada"), 1: ("125", "Alan"), 2: ("124", "G")}).rows.keys() == found.keys()


def test_gradescope_says_whose_and_when(tmp_path: Path, form: str) -> None:
    found, notes = found_in(laid_out(tmp_path, form, GRADESCOPE))
    assert {name: (text, file.handed_in) for name, (file, text) in found.items()} == {
        "78+79": ("work = 1\n", datetime(2026, 6, 2, 10, 0, tzinfo=UTC)),
        "ada@example.org": ("ada = 2\n", datetime(2026, 6, 1, 10, 1, tzinfo=UTC)),
        "submission_9004": ("nobody = 1\n", None),
    }
    assert notes == []


def test_a_class_is_graded_from_a_download_and_late_as_it_says(tmp_path: Path) -> None:
    path = zipped(tmp_path, {**GRADESCOPE, "assignment_7_export/submission_9003/solution.py": HONEST})
    (tmp_path / "course.toml").write_text("[late]\ndeadline = 2026-06-01T10:00:30Z\npercent_per_day = 10\n")
    command = [sys.executable, "-m", "grader", "grade", str(path), "--profile", "quick", "--task", "2", "--jobs", "1"]
    for _ in range(2):
        done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert "kept from" in done.stderr
    course = load_course(tmp_path / "course.toml")
    with Gradebook.open(tmp_path / "gradebook.db", course=course) as book:
        entry = book.entry("ada@example.org")
        assert (entry.attempt.submitted_at, entry.attempts, entry.score) == ("2026-06-01T10:01:00Z", 1, 18.0)
        assert book.entry("submission_9004").attempt.submitted_at == ""
    assert list(tmp_path.rglob("*.py")) == []


def test_where_the_best_counts_all_versions_in_a_download_are_graded_the_first_one_first(tmp_path: Path) -> None:
    lost = HONEST.replace("keep = np.random", "keep = keep[1:]\n    keep = np.random")
    assert lost != HONEST
    texts = {"9001": HONEST, "9003": lost}
    members = {f"assignment_7_export/submission_{number}/solution.py": text for number, text in texts.items()}
    path = zipped(tmp_path, {"assignment_7_export/submission_metadata.yml": METADATA, **members})
    (tmp_path / "course.toml").write_text('attempts = "best"\n')
    command = [sys.executable, "-m", "grader", "grade", str(path), "--profile", "quick", "--task", "2", "--jobs", "1"]
    for kept in (0, 2):
        done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
        assert (done.returncode, done.stderr.count("kept from")) == (0, kept), done.stderr
    with Gradebook.open(tmp_path / "gradebook.db", course=load_course(tmp_path / "course.toml")) as book:
        first, second = book.attempts("ada@example.org")
        assert (first.submitted_at, second.submitted_at) == ("2026-06-01T09:58:00Z", "2026-06-01T10:01:00Z")
        assert first.result.score == 20 > second.result.score
        assert book.entry("ada@example.org").attempt == first


def info(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = mode << 16
    return member


def test_nothing_in_a_zip_writes_outside_or_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "in" / "download.zip"
    path.parent.mkdir()
    (tmp_path / "secret.py").write_text("secret = 1\n")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info("a_1_assignsubmission_file/../../../../escaped.py"), "x = 1\n")
        archive.writestr(info("../b_2_assignsubmission_file/solution.py"), "x = 1\n")
        archive.writestr(info("/c_3_assignsubmission_file/solution.py"), "x = 1\n")
        archive.writestr(
            info("d_4_assignsubmission_file/solution.py", stat.S_IFLNK | 0o777), str(tmp_path / "secret.py")
        )
        archive.writestr(info("..\\e_5_assignsubmission_file\\solution.py"), "x = 1\n")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="are not named as Canvas, Moodle or Gradescope name them"):
        found_in(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info("a_1_assignsubmission_file/../../../../escaped.py"), "x = 1\n")
        archive.writestr(
            info("d_4_assignsubmission_file/solution.py", stat.S_IFLNK | 0o777), str(tmp_path / "secret.py")
        )
    found, _ = found_in(path)
    assert list(found) == ["d_4_assignsubmission_file"]
    assert found["d_4_assignsubmission_file"][0].problem == "solution.py is a symbolic link; hand in the file itself."
    assert sorted(tmp_path.rglob("*")) == before


def test_bombs_and_broken_members_cost_their_own_submission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(
        tmp_path,
        {
            "a_1_assignsubmission_file/solution.py": b"#" * 50_000_000,
            "b_2_assignsubmission_file/solution.py": "b = 1\n",
            "c_3_assignsubmission_file/solution.py": "c = 123456789\n",
        },
    )
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("c_3_assignsubmission_file/solution.py").header_offset + 30 + 37
    path.write_bytes(data[:start] + b"\xff\xff\xff" + data[start + 3 :])
    found, _ = found_in(path)
    assert found["a_1_assignsubmission_file"][0].problem.startswith("solution.py is larger than 1 MB")
    assert found["b_2_assignsubmission_file"][1] == "b = 1\n"
    assert found["c_3_assignsubmission_file"][0].problem == "solution.py cannot be unpacked; hand it in again."
    monkeypatch.setattr(downloads, "_MAX_BYTES", 1_000)
    with pytest.raises(UsageError, match="which no class hands in"):
        found_in(path)


def test_a_member_that_comes_twice_counts_once_and_names_that_are_alike_stay_apart(tmp_path: Path) -> None:
    path = tmp_path / "download.zip"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("a_1_assignsubmission_file/solution.py", "first = 1\n")
        archive.writestr("a_1_assignsubmission_file/solution.py", "last = 1\n")
        archive.writestr("A_1_assignsubmission_file/solution.py", "other = 1\n")
    found, _ = found_in(path)
    assert len(found) == len({name.casefold() for name in found}) == 2
    assert sorted(text for _, text in found.values()) == ["last = 1\n", "other = 1\n"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK no zip", "cannot be read as a zip"),
        (None, "are not named as Canvas, Moodle or Gradescope name them"),
    ],
)
def test_what_is_no_download_is_said(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = zipped(tmp_path, {"ada.py": "x = 1\n"})
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=said):
        found_in(path)


@pytest.mark.parametrize("text", ["[1, 2", "- a", "submission_1: {':submitters': 3}", "a: &a [*a]", "\x00"])
def test_metadata_that_cannot_be_read_are_said(tmp_path: Path, text: str) -> None:
    path = zipped(tmp_path, {"submission_metadata.yml": text, "submission_1/solution.py": "x = 1\n"})
    with pytest.raises(UsageError, match=r"its submission_metadata\.yml cannot be read"):
        found_in(path)


def test_other_folders_and_files_are_found_as_before(tmp_path: Path) -> None:
    (tmp_path / "ada.py").write_text("x = 1\n")
    (tmp_path / "grace").mkdir()
    (tmp_path / "grace" / "solution.py").write_text("x = 1\n")
    (tmp_path / "link.py").symlink_to("ada.py")
    (tmp_path / "empty").mkdir()
    with submissions_in([tmp_path], pytest.fail) as files:
        assert [(file.id, file.dated) for file in files] == [("ada", True), ("grace", True), ("link", True)]
    with (
        pytest.raises(UsageError, match="there are no submissions here"),
        submissions_in([tmp_path / "empty"], pytest.fail),
    ):
        pass


def test_an_encrypted_member_is_said(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"a_1_assignsubmission_file/solution.py": "x = 1\n"})
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        directory = archive.start_dir
    data[6] |= 1
    data[directory + 8] |= 1
    path.write_bytes(data)
    found, _ = found_in(path)
    assert found["a_1_assignsubmission_file"][0].problem == "solution.py is encrypted; hand in the file itself."
