"""Tests of how values and calls are written for students."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks.common.verdict import CheckFailed, Shown, check, count_of, describe, source_of, source_of_call
from grader.sandbox.wire.frames import Handle

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="ascii", exclude_categories=["Cc"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(
            st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=4), inner, max_size=3
        )
    ),
    max_leaves=8,
)


class Apple:
    """Something whose name begins with a vowel."""


@given(PLAIN)
def test_the_source_of_a_value_gives_the_value(value: object) -> None:
    assert eval(source_of(value)) == value


def test_a_failure_says_what_why_and_how_much_is_earned() -> None:
    failure = CheckFailed("Wrong.", hint="Mend it.", example="f()", share=0.5)
    assert (str(failure), failure.message, failure.hint, failure.example, failure.share) == (
        ("Wrong.", "Wrong.", "Mend it.", "f()", 0.5)
    )
    bare = CheckFailed("Wrong.")
    assert (bare.hint, bare.example, bare.share) == ("", "", 0.0)


def test_a_check_is_marked_with_its_id() -> None:
    @check("train/validates")
    def marked() -> None: ...

    (mark,) = marked.pytestmark  # type: ignore[attr-defined]
    assert (mark.name, mark.args) == ("check", ("train/validates",))


def test_a_shown_value_is_its_value_and_its_text() -> None:
    shown = Shown([1], "x")
    assert (shown.value, shown.text, repr(shown), source_of(shown)) == ([1], "x", "x", "x")


def test_small_arrays_are_written_out_and_large_ones_by_their_form() -> None:
    assert source_of(np.zeros(64, np.uint8)) == f'np.array({[0] * 64}, dtype="uint8")'
    assert source_of(np.zeros(65, np.uint8)) == "...  # an array of shape (65,) and dtype uint8"
    assert source_of(object()) == "<object>"
    assert source_of(np.array([[1], [2]], np.uint8)) == 'np.array([[1], [2]], dtype="uint8")'
    assert source_of(np.ones((5, 5, 5))) == "...  # an array of shape (5, 5, 5) and dtype float64"


def test_a_call_assigns_its_arrays_first() -> None:
    x, y = Shown(np.zeros(1), "np.arange(3).reshape(3, 1, 1, 1)"), np.array([[4]], np.uint8)
    assert source_of_call("subset_data", ("x", "y", "classes"), (x, y), {"classes": (4, 1), "seed": None}) == (
        "x = np.arange(3).reshape(3, 1, 1, 1)\n"
        'y = np.array([[4]], dtype="uint8")\n'
        "subset_data(x, y, classes=(4, 1), seed=None)"
    )


def test_a_short_shown_argument_stays_in_the_call() -> None:
    call = source_of_call("train", ("model",), (Shown(object(), "model"),), {"callbacks": Shown([], "[counter]")})
    assert call == "train(model, callbacks=[counter])"


@pytest.mark.parametrize(("text", "call"), [("x" * 12, f"f({'x' * 12})"), ("x" * 13, f"a = {'x' * 13}\nf(a)")])
def test_a_long_shown_argument_comes_first(text: str, call: str) -> None:
    assert source_of_call("f", ("a", "not_given"), (Shown(None, text),), {}) == call


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (np.zeros((2, 3), np.int64), "an array of shape (2, 3) and dtype int64"),
        ([1, 2], "a list of 2"),
        ((1,), "a tuple of 1"),
        (True, "True"),
        ({}, "a dict"),
        ("y" * 100, "'" + "y" * 59),
        (Apple(), "an Apple"),
        (Handle(1, "Sequential"), "a Sequential"),
    ],
)
def test_values_are_described_in_words(value: object, words: str) -> None:
    assert describe(value) == words


def test_counting() -> None:
    assert [count_of(n, "image") for n in (0, 1, 2)] == ["0 images", "1 image", "2 images"]
    assert count_of(2, "axes", "axes") == "2 axes"
