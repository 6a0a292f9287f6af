"""This course's own checks, which are graded together with the grader's; its docs/own-checks.md explains them.

`grader validate` tries them on the sound solutions in wheats/, and on solutions with one bug in chaffs/.
"""

from __future__ import annotations

from hypothesis import strategies as st

from grader.checks.own import SEEDS, CheckFailed, SubsetCase, Subsets, check, count_of, for_all

# Labels from 3 up, none of which is among the classes.
UNWANTED = st.builds(
    SubsetCase,
    labels=st.lists(st.integers(3, 9), min_size=1, max_size=8).map(tuple),
    image_shape=st.just((1, 1, 1)),
    classes=st.just((0, 1, 2)),
    seed=SEEDS,
)


@check("subset_data/nothing-to-keep", points=1, title="Gives empty arrays where no label matches")
@for_all(UNWANTED, examples=8)
def test_nothing_to_keep(subsets: Subsets, case: SubsetCase) -> None:
    """Without any image, the labels still have a column for each class, so that later code needs no special case."""
    images, labels, *_ = subsets.of(case)
    if len(images) != 0 or labels.shape != (0, len(case.classes)):
        raise CheckFailed(
            f"Where no label is in {case.classes} there should be no images, and labels of shape "
            f"{(0, len(case.classes))}, but there are {count_of(len(images), 'image')} and labels of shape "
            f"{labels.shape}.",
            hint="The number of columns is len(classes), whichever labels occur in y.",
        )
