"""The settings of a course, as records; `grader.course.reading` reads them from `course.toml`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec

from grader.assignment import contract, guided
from grader.assignment.brief import Brief
from grader.assignment.requirements import REQUIREMENT_CHECKS, Requirements
from grader.assignment.subject import Subject
from grader.course.datasets import LIKE_CIFAR10, describe_dataset
from grader.course.modules import MODULES
from grader.course.own_checks import NO_OWN, OwnChecks
from grader.ground.errors import UsageError
from grader.sandbox.wire.frames import Limits

_CHECKS: Final = {check.id: check for check in (*contract.CHECKS, *REQUIREMENT_CHECKS.values(), *guided.CHECKS)}

# The upper limits catch typing errors in a course file.
Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
Count = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]
Threads = Annotated[int, msgspec.Meta(ge=1, le=1024)]
ModuleName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=80)]
Label = Annotated[int, msgspec.Meta(ge=0, le=255)]  # data sets store labels as uint8
Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Ranked = Literal["accuracy", "score"]
Counted = Literal["last", "best"]
Form = Literal["auto", "functions", "guided"]
Legacy = Literal["run", "refuse"]
Groups = Literal["none", "names"]


class CourseLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The limits at which a submission is stopped.

    Attributes:
        call_seconds: Wall time of one call of a student's function, in seconds.
        training_seconds: Wall time of the training that the accuracy check measures, in seconds.
        load_seconds: Wall time of loading the submission, in seconds.
        grading_seconds: Wall time of everything that a submission does in one grading, except that training, in
            seconds.
        memory_mb: Memory, in MiB.
        processes: Processes at one time.
        file_mb: Size of each file that it writes, in MiB.
        threads: Number of threads that TensorFlow computes with; fixed, so that a score is the same at every run.
    """

    call_seconds: Seconds = 60.0
    training_seconds: Seconds = 900.0
    load_seconds: Seconds = 60.0
    grading_seconds: Seconds = 900.0
    memory_mb: Count = 4096
    # The forkserver counts processes, since the kernel does not hold root to its own limit.
    processes: Count = 64
    file_mb: Count = 256
    threads: Threads = 1

    @property
    def of_worker(self) -> Limits:
        """The limits that a worker is started with."""
        return Limits(memory_mb=self.memory_mb, processes=self.processes, file_mb=self.file_mb)


class Accuracy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The training budget of the accuracy check; `grader.course.thresholds` has the thresholds that belong to it.

    Attributes:
        train_images: Number of training images, in all classes together.
        epochs: Number of epochs.
        batch_size: Images in one optimizer step.
        mirror: Whether half of the hidden images are mirrored.  Must be false if a mirror image is of another class.
    """

    # 800 steps with the defaults.  With fewer, networks with BatchNormalization still seem to be guessing in
    # validation, since its moving averages lag for hundreds of steps; small batches make steps cheap.
    train_images: Count = 3200
    epochs: Count = 4
    batch_size: Count = 16
    mirror: bool = True  # unless the course file says so, `on_dataset` takes this from the data set

    @property
    def steps(self) -> int:
        """The number of optimizer steps in the whole training."""
        return self.epochs * math.ceil(self.train_images / self.batch_size)


class Full(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The training in the profile `full`, where epochs, batch size and patience are those that the submission chose.

    Attributes:
        train_images: Number of training images, in all classes together.
        validation_images: Number of validation images.
        training_seconds: Wall time that it may take, in seconds.
    """

    # Together 15,000, which are all training images of three classes of CIFAR-10; a tenth is for validation.
    train_images: Count = 13_500
    validation_images: Count = 1_500
    training_seconds: Seconds = 3_600.0


class Speed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The measurement of training speed by `grader bench`, and the points for speed.

    Attributes:
        train_images: Number of training images, in all classes together.
        epochs: Epochs in a round.  The first one, which traces and compiles, is reported separately.
        batch_size: Images in one optimizer step.
        rounds: Number of trainings of a submission, each side by side with one of the reference.
        threads: Number of threads that the backend computes with on the CPU.
        leaderboard: Whether the class page shows who trains fastest.
        points: Points for speed, shown beside the score; 0 for none.
        full_ratio: The largest ratio of a submission's time to the reference's that earns all of these points.
        no_ratio: The ratio from which none are earned; in between they fall linearly.
    """

    # With these defaults a submission takes less than three minutes on two cores.  `grader timings compare` needs at
    # least six rounds to tell whether a submission became slower.
    train_images: Count = 768
    epochs: Count = 3
    batch_size: Count = 64
    rounds: Count = 6
    threads: Threads = 1
    leaderboard: bool = True
    points: Annotated[float, msgspec.Meta(ge=0, le=10_000)] = 0.0
    full_ratio: Annotated[float, msgspec.Meta(gt=0, le=1000)] = 1.5
    no_ratio: Annotated[float, msgspec.Meta(gt=0, le=1000)] = 4.0


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The deadline and the late penalty.  `grader.gradebook.layers` computes the penalty.

    Attributes:
        deadline: Date and time with a time zone; `None` if there is no deadline.
        grace_minutes: Minutes after the deadline during which nothing is deducted.
        percent_per_day: Percentage of the points that is deducted for each day; a day that has begun counts as a whole
            one.
        cap_percent: The maximum that is deducted, as a percentage of the points.
        late_days: Number of days that each student may be late without a deduction; they are used automatically.
        days_shared_with: Folders of other assignments that draw on the same late days, each with a course file and a
            gradebook.  Assignments that were due earlier use them first.
    """

    deadline: Moment | None = None
    grace_minutes: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] = 0.0
    percent_per_day: Percent = 10.0
    cap_percent: Percent = 100.0
    late_days: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0
    days_shared_with: tuple[str, ...] = ()


class Visibility(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What students are not shown before a date.  `grader.gradebook.visibility` applies it.

    Attributes:
        hidden_until: `deadline` for each student's own deadline, or a date and time with a time zone; empty if nothing
            is hidden.
        details: Ids of checks whose message, example and hint are hidden until then.
        scores: Ids of checks that are hidden completely until then, with their points.
    """

    hidden_until: str = ""
    details: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()


class Course(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A course: everything that an instructor can set in `course.toml`.

    Attributes:
        title: The heading of reports.
        dataset: The data set: one of `grader.course.datasets.DATASETS`, or the path of the course's own.
        classes: The labels that the course uses, in the order of the one-hot columns.
        profile: The profile that is graded when the command line names none.
        seed: The seed of every random choice that the grader makes.  A submission that knew it would know what it is
            going to be asked, so in grading it should be a large number that students do not have.
        points_by_check: Points by check id, for checks whose points differ from the contract: the table `[points]`.
        limits: The limits at which a submission is stopped.
        accuracy: The training budget of the accuracy check.
        full: The training in the profile `full`.
        speed: The measurement of training speed, and the points for it.
        late: The deadline and the late penalty.
        attempts: Which attempt counts if a submission was graded more than once; see `grader.gradebook.store`.
        groups: Whether a name such as `ada+ben` says whose work a submission is: `names` or `none`.
        visibility: What students are not shown before a date.
        leaderboard: What students may see of one another on Gradescope's leaderboard, under names that they choose.
        form: The form of the assignment that submissions have; `auto` decides by what each file defines.
        modules: Modules that submissions may import in addition to the standard library.
        legacy: Whether a guided notebook may use names that newer versions of Keras have dropped: `run` or `refuse`.
        own: The course's own checks, which are declared in the folder `checks/` and not in `course.toml`.
        requirements: What the course asks for beyond the contract, and which checks it skips.
    """

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = "Image classification with Keras"
    dataset: str = "cifar10"
    classes: tuple[Label, ...] = (0, 1, 2)
    profile: str = "standard"
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0  # as large as the integers of TOML
    # `points` in the file; in Python that name is the method below.
    points_by_check: dict[str, float] = msgspec.field(default_factory=dict, name="points")
    limits: CourseLimits = CourseLimits()
    accuracy: Accuracy = Accuracy()
    full: Full = Full()
    speed: Speed = Speed()
    late: Late = Late()
    attempts: Counted = "last"
    groups: Groups = "none"
    visibility: Visibility = Visibility()
    leaderboard: tuple[Ranked, ...] = ()
    form: Form = "auto"
    legacy: Legacy = "run"
    modules: Annotated[tuple[ModuleName, ...], msgspec.Meta(max_length=200)] = MODULES
    own: OwnChecks = NO_OWN
    requirements: Requirements = Requirements()

    @property
    def subject(self) -> Subject:
        """The shape of the course's images, and its classes.

        Raises:
            UsageError: If the course's data set does not exist, or cannot be used for a course.
        """
        info = describe_dataset(self.dataset)
        return Subject(self.dataset, info.title, info.image_shape, info.class_names, self.classes)

    @property
    def functions(self) -> tuple[contract.Function, ...]:
        """The functions that a submission must define, with this course's defaults."""
        return contract.functions_for(self.subject, self.requirements.patience)

    @property
    def brief(self) -> Brief:
        """What the starter file says about this course."""
        points = {task.number: self.task_points(task.number) for task in contract.TASKS}
        own = tuple(check for check in self.own.of("functions") if check.id not in self.requirements.skip)
        return Brief(self.subject, self.requirements, points, own)

    def checks(self, form: str = "functions") -> tuple[contract.Check, ...]:
        """Return the checks of this course for one form of the assignment, sorted by task.

        Within a task, the course's own checks come last.
        """
        ours = guided.CHECKS if form == "guided" else (*contract.CHECKS, *self.requirements.checks)
        made = [check for check in (*ours, *self.own.of(form)) if check.id not in self.requirements.skip]
        return tuple(sorted(made, key=lambda check: check.task))

    def points(self, check_id: str) -> float:
        """Return the points of a check in this course.

        Raises:
            KeyError: If neither the grader nor the course has a check with that id.
        """
        return self.points_by_check.get(check_id, checks_by_id(self.own)[check_id].points)

    def total(self, checks: Iterable[contract.Check] | None = None) -> float:
        """Return the sum of the points of some checks in this course; by default of all checks of functions."""
        return math.fsum(self.points(check.id) for check in (self.checks() if checks is None else checks))

    def task_points(self, number: int) -> float:
        """Return the sum of the points of a task's checks in this course."""
        return self.total(check for check in self.checks() if check.task == number)


def checks_by_id(own: OwnChecks) -> Mapping[str, contract.Check]:
    """Return all checks, the grader's and the course's own, by their ids."""
    return {**_CHECKS, **{check.id: check for check in own.checks}} if own.checks else _CHECKS


def on_dataset(course: Course, name: str, *, classes: bool = True, mirror: bool = True) -> Course:
    """Return a course with another data set, and the settings that depend on it adapted.

    Args:
        course: The course.
        name: The data set: one of `DATASETS`, or a path.
        classes: Whether to use all classes of the data set, unless it is one of `LIKE_CIFAR10`.
        mirror: Whether to let the data set decide if hidden images are mirrored.

    Raises:
        UsageError: If the data set cannot be used for a course, or a setting of the course does not fit it.
    """
    # A guided notebook loads its images itself, and the checks replace what `cifar10.load_data()` returns.  So only
    # data sets with the same shapes can be used in that form.
    info = describe_dataset(name)
    form = course.form
    if name not in LIKE_CIFAR10:
        if form == "guided":
            raise UsageError(
                f"form: guided notebooks are graded on CIFAR-10 alone, and the data set is {info.title}; choose "
                'form = "functions", or dataset = "cifar10".'
            )
        form = "functions"
        if classes:
            course = msgspec.structs.replace(course, classes=tuple(range(len(info.class_names))))
    last = len(info.class_names) - 1
    if max(course.classes) > last:
        place = course.classes.index(max(course.classes))
        raise UsageError(f"classes[{place}]: {max(course.classes)} is no label of {info.title}; they are 0 to {last}.")
    if mirror:
        course = msgspec.structs.replace(course, accuracy=msgspec.structs.replace(course.accuracy, mirror=info.mirrors))
    return msgspec.structs.replace(course, dataset=name, form=form)


class Settings(msgspec.Struct, frozen=True):
    """How submissions are graded in one call of the grader.

    Attributes:
        course: The course.
        profile: One of `contract.PROFILES`.
        tasks: Numbers of the tasks to grade; empty for all.
        level: The isolation level of the sandbox.
    """

    course: Course
    profile: str
    tasks: frozenset[int]
    level: str
