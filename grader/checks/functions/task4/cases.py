"""The arguments with which `add_conv_block` and `build_model` are tried."""

from __future__ import annotations

import functools

import msgspec
from hypothesis import strategies as st

from grader.assignment.subject import USUAL, Subject

BlockCase = tuple[int, int, int]
"""Height and width, channels, and filters."""

# The images are as large as a course's, so that two blocks of unpadded convolutions fit.  The numbers of filters are
# usual ones, which can be divided into groups for normalisation and into branches of a quarter each.
BLOCK_CASES = st.tuples(st.sampled_from((32, 40, 48)), st.sampled_from((1, 3, 8)), st.sampled_from((32, 64, 96, 128)))


class BuildCase(msgspec.Struct, frozen=True):
    """The arguments of `build_model`."""

    input_shape: tuple[int, int, int]
    num_classes: int


@functools.cache  # cases are kept for each strategy, so it must be the same object each time
@st.composite
def build_cases(draw: st.DrawFn, subject: Subject = USUAL) -> BuildCase:
    """Draw arguments that all differ from the course's, with larger images."""
    height, width, channels = subject.image_shape
    higher, wider = draw(st.permutations((8, 16, 32)))[:2]
    others = (1, 4) if channels == 3 else (3, 4)
    classes = st.integers(2, 10).filter(lambda k: k != len(subject.classes))
    return BuildCase((height + higher, width + wider, draw(st.sampled_from(others))), draw(classes))
