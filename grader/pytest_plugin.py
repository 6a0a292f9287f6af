"""A pytest plugin that grades a submission, so that all of pytest's options can be used.

    pytest --pyargs grader.checks --submission FILE    grade FILE
    pytest --pyargs grader.speed --submission FILE     measure how fast FILE trains, with pytest-benchmark's options

Without `--submission` the plugin only adds its group of options.
"""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the command-line options."""
    # The imports in this module are local because pytest loads the plugin in every project of the environment.
    from grader.assignment.contract import PROFILES

    group = parser.getgroup("keras-course-grader", "grading a submission")
    group.addoption("--submission", metavar="FILE", help="the submission that the checks grade")
    group.addoption("--profile", choices=PROFILES, default=None, help="which checks run (default: the course's)")
    group.addoption("--task", type=int, action="append", default=[], metavar="N", help="only this task (repeatable)")
    group.addoption("--course", metavar="FILE", default=None, help="the course file (default: course.toml)")


def pytest_configure(config: pytest.Config) -> None:
    """Start a sandbox for the submission and register the recorder, which selects the tests and records their outcomes.

    Raises:
        pytest.UsageError: If the submission cannot be graded, or the course file is invalid.
    """
    if config.getoption("submission", default=None) is None or config.getoption("collectonly", default=False):
        return
    from grader.checks.functions import fixtures as functions
    from grader.checks.guided import fixtures as guided
    from grader.course import Settings, load_course
    from grader.course.datasets import load_dataset
    from grader.grading.judging import ungradable
    from grader.grading.own_checks import tests_of
    from grader.grading.recording import Recorder
    from grader.grading.slots import Slot
    from grader.ground.errors import GraderError
    from grader.sandbox.host.launch import best_level
    from grader.submissions import discover, read_apart

    try:
        course_file = config.getoption("course")
        course = load_course(Path(course_file) if course_file else None)
        (file,) = discover([config.getoption("submission")])
        if "grader.speed" in config.args:
            from grader.speed.running import Plan, SpeedRun

            plan = Plan((read_apart(file),), course, load_dataset(course.dataset), best_level())
            config.pluginmanager.register(SpeedRun(plan), "keras_course_speed")
            return
        profile = config.getoption("profile") or course.profile
        settings = Settings(course, profile, frozenset(config.getoption("task")), best_level())
        submission = read_apart(file)
        if problem := ungradable(submission, course):
            raise GraderError(problem)
        # The fixtures are registered explicitly because the command line may name only the course's own checks, which
        # lie outside `grader.checks`.
        for fixtures in (functions, guided):
            if not config.pluginmanager.is_registered(fixtures):
                config.pluginmanager.register(fixtures)
        if "grader.checks" in config.args:
            config.args.extend(tests_of(course.own))
        slot = Slot(settings)
        config.add_cleanup(slot.close)
        config.pluginmanager.register(Recorder(slot.context(submission)), "keras_course_recorder")
    except GraderError as error:
        raise pytest.UsageError(str(error)) from None
