"""Tests of comparing submissions: what a disguise does not change, what counts in a class, and where it is."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.disguises import DISGUISES, disguise
from benchmarks.similarity import copy_of, notebook_of
from grader.similarity import FLAGGED_FROM, LEAST_CLASS, Code, compare, passages_of, read_all, starters
from grader.similarity.reading import code_of
from grader.submissions import SubmissionBytes, SubmissionFile

TESTS = Path(__file__).parent
WHEATS = TESTS / "wheats"
GUIDED = TESTS / "guided" / "wheats"
NAMES = ("plain.py", "closures.py", "decorated.py", "own_loop.py", "separable.py", "tf_data.py", "per_image.py")


def code(text: str, name: str = "ada.py") -> Code:
    return code_of(SubmissionBytes(SubmissionFile(Path(name).stem, Path(name)), text.encode()))


def solution(path: Path) -> Code:
    return code_of(SubmissionBytes(SubmissionFile(path.stem, path), path.read_bytes()))


def features(text: str) -> set[int]:
    return {feature for piece in code(text).pieces for feature in piece.features}


@pytest.fixture(scope="module")
def class_of_seven() -> list[Code]:
    return [solution(WHEATS / name) for name in NAMES]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = f(x, 1)\nprint(a[0], a[1])", "found = f(x, 1)  # new\nprint(found[0], found[1])"),
        (
            "def g(n):\n    return n * n + 1",
            'def square(value: int) -> int:\n    """Squares."""\n    return value * value + 1',
        ),
        ("y = []\nfor n in r(x):\n    y.append(n + 1)", "y = [n + 1 for n in r(x)]"),
        (
            "y = {k(n + 1): n - 1 for n in r(x) if n > 2}",
            "y = {}\nfor n in r(x):\n    if 2 < n:\n        k(n + 1)\n        n - 1",
        ),
        ("n = n + f(x, 2)", "n += f(x, 2)"),
        (
            "import keras\nm = keras.layers.Dense(3, name='a')",
            "from keras.layers import Dense as D\nm = D(3, name='a')",
        ),
        ("f(x, a=g(1, 2), b=3)", "f(x, b=3, a=g(1, 2))"),
        (
            "class A:\n    def b(self):\n        self.c = d(1, 2)",
            "class E:\n    def f(self):\n        self.g = d(1, 2)",
        ),
        ("def g(a): pass\ng(a=(1, 2))", "def h(b): pass\nh(b=(1, 2))"),
    ],
)
def test_what_a_disguise_changes_makes_no_difference(one: str, other: str) -> None:
    assert features(one) and features(one) == features(other)


def test_what_is_computed_makes_one() -> None:
    assert not features("f(x, 1) * 2") & features("g(x, 1) - 2")
    assert features("f(x, 1)") & features("f(x, 7)")  # they differ only in a number, which the second digest ignores
    assert features("f(x, 1)") != features("f(x, 7)")


def test_names_of_own_keywords_and_modules_are_told_from_those_of_libraries() -> None:
    assert features("f(x, epochs=3 * n)") != features("f(x, patience=3 * n)")
    assert features("model.fit(x)(1)") != features("model.predict(x)(1)")


@pytest.mark.parametrize("name", [*DISGUISES, "all"])
@pytest.mark.parametrize(
    "path", [WHEATS / "gradient_tape.py", GUIDED / "n04_deutsch.ipynb"], ids=lambda path: path.stem
)
def test_a_copy_in_a_disguise_is_flagged_and_nothing_else(name: str, path: Path, class_of_seven: list[Code]) -> None:
    original = solution(path)
    comparison = compare([*class_of_seven, original, copy_of(original, name, 0)], starters())
    assert [{pair.first, pair.second} for pair in comparison.flagged] == [{path.stem, f"copy of {path.stem}"}]
    assert comparison.pairs[1].score < FLAGGED_FROM - 0.2


@pytest.mark.parametrize("name", [*DISGUISES, "all"])
def test_a_disguise_is_another_text_that_compiles(name: str) -> None:
    function = "def f(x):\n    a = x + 1\n    b = [n for n in a]\n    c = 3\n    return a, b, c"
    cells = ["import os", function, "def g(y):\n    return f(y)", "f(2)\ng(3)"]
    found = disguise(cells, name, random.Random(1))
    assert found != cells
    compile("\n".join(found), "copy", "exec")


def test_in_a_small_class_nothing_is_flagged(class_of_seven: list[Code]) -> None:
    copy = copy_of(class_of_seven[0], "renamed", 0)
    small = compare([*class_of_seven[: LEAST_CLASS - 2], copy], starters())
    assert len(small.compared) == LEAST_CLASS - 1 and not small.flagged
    assert {small.pairs[0].first, small.pairs[0].second} == {"plain", "copy of plain"}
    assert compare([*class_of_seven[: LEAST_CLASS - 1], copy], starters()).flagged


def test_two_submissions_are_compared_by_all_that_is_not_taught() -> None:
    one, other = code("x = f(1, 2)\ny = g(x, 3)", "a.py"), code("x = f(1, 2)\ny = h(x, 4, 5)", "b.py")
    (pair,) = compare([one, other]).pairs
    assert 0 < pair.score < 1 and not pair.flagged
    assert compare([one, other], [code("f(1, 2)")]).pairs == ()
    assert compare([one]).pairs == compare([]).pairs == ()


def test_what_most_of_the_class_have_counts_nothing() -> None:
    common = [code(f"f(x, 1)(2)\nown{n}(x, {n})(3)", f"{n}.py") for n in range(10)]
    assert compare(common).pairs == ()
    shared = common[:7] + [code(f"f(x, 1)(2)\nrare(x, 1)(3)\nown{n}(x)(3)", f"{n}.py") for n in (8, 9)]
    assert {compare(shared).pairs[0].first, compare(shared).pairs[0].second} == {"8", "9"}


def test_short_beginnings_are_not_flagged() -> None:
    """Two submissions have only a single line each, which nobody else has."""
    rest = [code(f"own{n}(x, {n})({n}, a.b({n}))", f"{n}.py") for n in range(8)]
    found = compare([*rest, code("begin(x, 1)", "a.py"), code("begin(x, 1)", "b.py")])
    assert found.pairs[0].score == 1.0 and not found.flagged


def test_who_has_nothing_of_their_own_is_left_out_and_named(class_of_seven: list[Code]) -> None:
    empty = [code("import keras", "new.py"), code("\0", "odd.py"), starters()[0]]
    found = compare([*class_of_seven, *empty], starters())
    assert found.compared == tuple(each.id for each in class_of_seven)
    assert found.left_out == (
        ("new", "new.py has no code beyond the starter and what is taught."),
        ("odd", "odd.py is not Python text: it holds null bytes."),
        ("starter.py", "starter.py has no code beyond the starter and what is taught."),
    )


def test_passages_stand_side_by_side_with_their_cells() -> None:
    one = code("a = 1\nb = rare(x, 1)(2)\nc = rare(y, 2, 3)(4)\n\n\n\n\n\nd = odd(z, 5, 6)(7)\n", "a.py")
    cells = ["q = odd(z, 5, 6)(7)", "import os\n\np = rare(x, 1)(2)\nr = rare(y, 2, 3)(4)"]
    other = code(notebook_of(cells), "b.ipynb")
    comparison = compare([one, other])
    found = passages_of(one, other, comparison.weights)
    assert [(passage.lines, passage.other_cell, passage.other_lines) for passage in found] == [
        ((2, 3), 2, (3, 4)),
        ((9, 9), 1, (1, 1)),
    ]
    assert (found[0].cell, found[0].marked, found[0].other_marked) == (None, (2, 3), (3, 4))


def test_files_are_read_together_and_one_that_does_not_end_alone(tmp_path: Path) -> None:
    texts = {"a.py": "x = f(1, 2)", "b.py": "x = " + "(" * 150 + "0" + ")" * 150, "c.py": "y = g(3, 4)"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    files = [SubmissionFile(name[0], tmp_path / name) for name in texts]
    assert [found.id for found in read_all(files)] == ["a", "b", "c"]
    assert list(read_all([files[0]])) == [code_of(SubmissionBytes(files[0], texts["a.py"].encode()))]
    given_up = list(read_all(files[:2], seconds=0.001))
    assert [found.problem for found in given_up] == [
        "a.py takes more than 0.001 seconds to be parsed.",
        "b.py takes more than 0.001 seconds to be parsed.",
    ]


def test_code_that_is_nested_too_deeply_is_said_to_be() -> None:
    assert code("x = " + "+".join(["a"] * 500)).problem == "ada.py has code that is nested too deeply to be compared."


def test_the_starters_of_all_forms_are_taken_away() -> None:
    assert [starter.id for starter in starters()] == ["starter.py", "starter.ipynb", "guided.py", "guided.ipynb"]
