"""The course: its settings in `course.toml`, its data set, and the accuracy thresholds that belong to them."""

from grader.course.own_checks import NO_OWN, OwnChecks
from grader.course.reading import COURSE_FILE, load_course, parse_course
from grader.course.settings import (
    Accuracy,
    Count,
    Counted,
    Course,
    CourseLimits,
    Full,
    Late,
    Ranked,
    Settings,
    Speed,
    Visibility,
    on_dataset,
)

__all__ = [
    "COURSE_FILE",
    "NO_OWN",
    "Accuracy",
    "Count",
    "Counted",
    "Course",
    "CourseLimits",
    "Full",
    "Late",
    "OwnChecks",
    "Ranked",
    "Settings",
    "Speed",
    "Visibility",
    "load_course",
    "on_dataset",
    "parse_course",
]
