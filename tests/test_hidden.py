"""Tests of the accuracy check's data: balanced, unseen, transformed, and drawn for each submission."""

from __future__ import annotations

import numpy as np
import pytest

from grader.checks.common.accuracy import accuracy_of, scaled
from grader.checks.common.hidden import MAX_SHIFT, Split, draw_split, seeded_generator, transform
from grader.course import Accuracy, Course
from grader.course.datasets import Dataset, load_dataset


@pytest.fixture(scope="module")
def shapes() -> Dataset:
    return load_dataset("shapes")


def split_of(shapes: Dataset, name: str) -> Split:
    course = Course(classes=(4, 7, 1), accuracy=Accuracy(train_images=300))
    return draw_split(shapes, course, seeded_generator(0, name))


def test_a_split_has_equally_many_images_of_each_class_and_no_image_twice(shapes: Dataset) -> None:
    split = split_of(shapes, "a")
    assert split.x_train.shape == (300, 32, 32, 3)
    assert split.y_train.sum(axis=0).tolist() == [100, 100, 100]
    assert split.y_val.sum(axis=0).tolist() == [200, 200, 200]
    seen = {image.tobytes() for part in (split.x_train, split.x_val) for image in part}
    assert len(seen) == 900
    assert not seen & {image.tobytes() for image in split.x_hidden}
    assert not {image.tobytes() for image in shapes.x_test} & {image.tobytes() for image in split.x_hidden}


def test_the_same_name_gives_the_same_split_and_another_another_order_of_classes(shapes: Dataset) -> None:
    first, again = split_of(shapes, "a"), split_of(shapes, "a")
    assert np.array_equal(first.x_hidden, again.x_hidden)
    assert np.array_equal(first.hidden_labels, again.hidden_labels)

    def order(name: str) -> tuple[int, ...]:
        split = split_of(shapes, name)
        labels = {
            image.tobytes(): int(label) for image, label in zip(shapes.x_train, shapes.y_train[:, 0], strict=True)
        }
        columns = {int(np.argmax(y)): labels[x.tobytes()] for x, y in zip(split.x_train, split.y_train, strict=True)}
        return tuple(columns[column] for column in range(3))

    orders = {order(name) for name in "abcdefgh"}
    assert len(orders) > 1
    assert all(set(each) == {4, 7, 1} for each in orders)


def test_a_transformed_image_is_the_same_picture_moved_a_little() -> None:
    image = np.zeros((1, 32, 32, 3), np.uint8)
    image[0, 10, 12] = 200
    for seed in range(50):
        (moved,) = transform(image, np.random.default_rng(seed))
        ((row, column),) = np.argwhere(moved[:, :, 0])
        assert abs(row - 10) <= MAX_SHIFT
        assert min(abs(column - 12), abs(column - 19)) <= MAX_SHIFT  # 31 - 12: mirrored
        assert 180 <= moved[row, column, 0] <= 220


def test_answers_that_are_not_finite_are_wrong(shapes: Dataset) -> None:
    split = split_of(shapes, "a")
    right = np.eye(3)[split.hidden_labels]
    assert accuracy_of(right, split) == 1.0
    assert accuracy_of(np.full_like(right, np.nan), split) == 0.0
    assert accuracy_of(np.where(right == 1, np.inf, 0), split) == 0.0


@pytest.mark.parametrize(("measured", "ways"), [((1.0, 0.0), 1), ((1 / 255, 0.0), 1), ((2 / 255, -1.0), 5), (None, 4)])
def test_images_are_scaled_as_measured_and_else_in_the_usual_ways(
    measured: tuple[float, float] | None, ways: int
) -> None:
    images = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    found = list(scaled(images, measured))
    assert len(found) == ways
    if measured is not None:
        assert np.allclose(found[0], images * measured[0] + measured[1], atol=1e-4)
