"""Tests of `grader similar` with files, folders and downloads, in the terminal, as pages and for other tools."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import html5lib
import pytest

from grader.cli.similar import similar
from grader.ground.errors import GraderError, UsageError

TESTS = Path(__file__).parent
WHEATS = TESTS / "wheats"
NAMES = ("plain", "closures", "decorated", "own_loop", "separable", "tf_data")
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("class")
    for name in NAMES:
        shutil.copy(WHEATS / f"{name}.py", folder)
    shutil.copy(TESTS / "guided" / "wheats" / "n04_deutsch.ipynb", folder)
    copied = (WHEATS / "plain.py").read_text().replace("labels", "wanted").replace("# ", "# so ")
    (folder / "zoe & co.py").write_text(f"title = '{HOSTILE}'\n{copied}\nprint(title, title.upper(3, 4))\n")
    (folder / "bad.py").write_bytes(b"\0")
    yield folder


def test_a_class_as_json(submissions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert similar((submissions,), json=True) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert said.err == "grader: warning: bad is not compared: bad.py is not Python text: it holds null bytes.\n"
    assert found["left_out"] == [{"submission": "bad", "problem": "bad.py is not Python text: it holds null bytes."}]
    assert found["can_flag"] and len(found["compared"]) == 8
    assert [(pair["first"], pair["second"]) for pair in found["pairs"] if pair["flagged"]] == [("plain", "zoe & co")]
    assert found["pairs"][0]["share_of_first"] == 1.0 > found["pairs"][0]["share_of_second"] > 0.9
    assert found["pairs"][0]["passages"][0]["first"]["cell"] is None
    assert found["pairs"][1]["score"] < 0.5


def test_a_class_as_pages_beside_which_everything_stays(
    submissions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "students").mkdir()
    (tmp_path / "students" / "ada.html").write_text("hers")
    assert similar((submissions,), output=tmp_path) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[1].split()[:4] == ["100%", "plain", "and", "zoe"] and "flagged" in said.splitlines()[1]
    assert "8 submissions compared, 1 pair flagged: from 75% on," in said
    assert said.endswith(f"What they share begins at {tmp_path / 'similar.html'}.\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["similar", "similar.html", "students"]
    assert (tmp_path / "students" / "ada.html").read_text() == "hers"
    pages = [tmp_path / "similar.html", *(tmp_path / "similar").iterdir()]
    for page in pages:
        text = page.read_text()
        assert HOSTILE not in text and "script-src 'none'" in text
        html5lib.HTMLParser(strict=True).parse(text)
    pair = next(path for path in pages if path.name.startswith("plain-and-zoe-co-"))
    assert f"similar/{pair.name}" in pages[0].read_text()
    assert "more than independent work was measured to share" in pair.read_text()
    # Run again with fewer submissions: the pages of pairs that no longer exist are removed.
    assert similar((submissions / "plain.py", submissions / "zoe & co.py"), output=tmp_path) == 0
    assert [path.name for path in (tmp_path / "similar").iterdir()] == [pair.name]
    assert "In a class of 2 nobody can tell what most would write" in (tmp_path / "similar.html").read_text()


def test_a_download_and_taught_code(submissions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = tmp_path / "submissions.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for number, name in enumerate(("plain", "zoe & co", "closures"), 1):
            file.write(submissions / f"{name}.py", f"{name.partition(' ')[0]}_1{number}_2{number}_solution.py")
    assert similar((archive,), json=True, taught=(WHEATS / "plain.py",)) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert found["compared"] == ["closures_canvas13", "zoe_canvas12"] and "late" not in said.err
    nothing = "solution.py has no code beyond the starter and what is taught."
    assert found["left_out"] == [{"submission": "plain_canvas11", "problem": nothing}]
    assert all(pair["score"] < 0.3 for pair in found["pairs"])


def test_for_dolos(submissions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "dolos"
    assert similar((submissions,), export=("dolos", folder)) == 0
    assert capsys.readouterr().out.endswith(f"Compare it with: dolos run -f web -l python {folder}/info.csv\n")
    with (folder / "info.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["filename"] for row in rows if row["ignored"] == "true"] == ["taught/taught.py"]
    assert len(rows) == 9 and all((folder / row["filename"]).is_file() for row in rows)
    assert "zoe & co" in [row["full_name"] for row in rows]
    compile((folder / "submissions" / "n04_deutsch.py").read_text(), "notebook", "exec")


def test_for_jplag(submissions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert similar((submissions,), export=("jplag", tmp_path / "jplag")) == 0
    assert len(list((tmp_path / "jplag" / "submissions").glob("*/solution.py"))) == 8
    assert [path.name for path in (tmp_path / "jplag" / "taught").iterdir()] == ["taught.py"]
    command = f"java -jar jplag.jar -l python3 -bc {tmp_path}/jplag/taught {tmp_path}/jplag/submissions"
    assert capsys.readouterr().out.endswith(f"Compare it with: {command}\n")


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        ((), {}, "name at least one file or folder to compare."),
        (("plain.py",), {}, "plain.py: name at least two submissions with code of their own."),
        (
            ("plain.py", "bad.py"),
            {},
            "plain.py, bad.py: name at least two submissions with code of their own; bad.py is not Python text: it "
            "holds null bytes.",
        ),
        (("nothing",), {}, "nothing: there is no such file or folder."),
        (
            ("plain.py", "closures.py"),
            {"taught": (Path("bad.py"),)},
            "--taught bad.py: has no Python to take away; bad.py is not Python text: it holds null bytes.",
        ),
        (("plain.py", "closures.py"), {"taught": (Path("no.py"),)}, "no.py: there is no such file or folder."),
        (("plain.py", "closures.py"), {"taught": (Path("empty"),)}, "--taught empty: there is no .py or .ipynb here."),
        (
            ("plain.py", "closures.py"),
            {"export": ("dolos", Path("plain.py"))},
            "plain.py: is there already and was left as it is; choose another folder.",
        ),
    ],
)
def test_wrong_use_is_one_sentence_and_writes_nothing(
    names: tuple[str, ...],
    options: dict[str, object],
    message: str,
    submissions: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("plain.py", "closures.py", "bad.py"):
        shutil.copy(submissions / name, tmp_path)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError) as raised:
        similar(tuple(map(Path, names)), output=tmp_path / "pages", **options)  # type: ignore[arg-type]
    assert str(raised.value) == message
    assert sorted(tmp_path.rglob("*")) == before


def test_a_page_of_somebody_else_is_not_overwritten(submissions: Path, tmp_path: Path) -> None:
    (tmp_path / "similar.html").write_text("mine")
    with pytest.raises(GraderError, match="is there already and is no page of the grader's; choose another folder"):
        similar((submissions / "plain.py", submissions / "closures.py"), output=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["similar.html"]
    assert (tmp_path / "similar.html").read_text() == "mine"


def test_what_cannot_be_written_is_said(submissions: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    target = tmp_path / "file" / "dolos"
    with pytest.raises(GraderError, match=r"dolos: cannot be written \(.*\); choose another place\."):
        similar((submissions / "plain.py", submissions / "closures.py"), export=("dolos", target))
