"""What a grading goes through from the files that were handed in to the report."""

from __future__ import annotations

import sys

from grader.course import Settings
from grader.course.thresholds import Calibration, calibration_of, installed_versions


def prepare_data(settings: Settings) -> Calibration | None:
    """Fetch the data set and find its thresholds now: what is missing is one error, not one for each submission.

    Returns:
        The thresholds; `None` where no check that was asked for needs any.

    Raises:
        GraderError: The data cannot be had, or its thresholds are not known.
    """
    calibration = calibration_of(settings)
    if calibration is None:
        return None
    differing = calibration.other_versions(installed_versions())
    if differing:
        print(
            f"grader: warning: the accuracy thresholds were measured with {differing}; where sound solutions fall "
            "short of them, measure anew with `grader calibrate`.",
            file=sys.stderr,
        )
    return calibration
