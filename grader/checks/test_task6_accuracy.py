"""Task 6: how well images are predicted that the submission never saw."""

from __future__ import annotations

from grader.calibration import find_calibration, load_calibrations
from grader.checks.accuracy import trained_accuracy
from grader.checks.evidence import Examiner
from grader.checks.hidden import draw_split, seeded_generator
from grader.checks.student import Student
from grader.checks.verdict import CheckFailed, check
from grader.grading import Context


@check("accuracy/unseen-images")
def test_unseen_images(context: Context, student: Student, examiner: Examiner) -> None:
    assert context.dataset is not None, "the profiles with this check load the data"
    calibration = find_calibration(load_calibrations(), context.course, context.dataset.sha256)
    rng = seeded_generator(context.course.seed, context.submission.sha256)
    split = draw_split(context.dataset, context.course, rng)
    seconds = context.course.limits.training_seconds
    budget = context.course.accuracy
    accuracy = trained_accuracy(student, examiner, split, budget, seconds=seconds)
    share = calibration.share(accuracy)
    if share < 1:
        raise CheckFailed(
            f"After {budget.steps} training steps {accuracy:.0%} of the images that the network never saw are "
            f"predicted right; {calibration.full_credit:.0%} are expected.",
            hint=f"Train and predict by hand with {budget.train_images:,} images, {budget.epochs} epochs and batches "
            f"of {budget.batch_size}, and look at the curves: does training accuracy rise, and validation accuracy "
            "with it?",
            share=share,
        )
