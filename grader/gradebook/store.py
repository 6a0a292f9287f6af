"""The gradebook in its file: attempts and decisions are added and never changed; points by hand may be withdrawn.

**What counts.**  A submission may have been graded many times, and not always over the same checks.  What counts is the
last of the attempts that asked for the most: a run over all tasks comes before a run over some, and `full` before
`standard` before `quick`.  So a look at one task, or a quick run in between, never replaces a whole grading.  An
attempt that the grader itself failed at (`infrastructure_error`) is no score, and counts only as long as there is no
other.

A course may have the best attempt count instead of the last: of every version of the file its last attempt among those
that asked for the most, and of these the one with the most points, what being late costs taken off.  An attempt at the
same file thus replaces the one before also there, such as after a check was mended.

**Whose row it is.**  A submission that several students share has a row for each of them.  A student who has a share in
several submissions has one row, by the same rule over all of them.  Who was excused has a row without handing in.
`grader.gradebook.deciding` writes what people decide.
"""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from grader.assignment.contract import PROFILES
from grader.course import COURSE_FILE, Course, load_course
from grader.gradebook.decisions import Roll, people_of, roll_of
from grader.gradebook.faults import in_one_sentence, refuse_other_files
from grader.gradebook.layers import Exceptions, make_entry
from grader.gradebook.records import Adjustment, Attempt, Comment, Conditions, Decision, Entry, Known, Timing
from grader.gradebook.schema import let_readers_in, migrate, transaction
from grader.ground.errors import UsageError, nearest
from grader.results.artefacts import Artefact
from grader.results.scoring import Result, SubmissionInfo
from grader.speed.records import Measurement

FILE: Final = "gradebook.db"
"""What a gradebook is called unless it is named."""

_WAIT_SECONDS: Final = 10.0
_MAX_POINTS: Final = 10_000

_ATTEMPT: Final = (
    "number, graded_at, submitted_at, course, calibration, profile, tasks, isolation, result, grader"  # as in Attempt
)
_DECISION: Final = "number, student, kind, value, reason, made_by, made_at, coalesce(undoes, 0)"  # as in Decision
_COMMENT: Final = "number, id, text, points, check_id, reason, made_by, made_at"  # as in Comment

# As in Adjustment; what a comment of the library gives is what its last version says.
_ADJUSTMENTS: Final = """
    WITH latest AS (
        SELECT id, text, points, check_id FROM comments WHERE number IN (SELECT max(number) FROM comments GROUP BY id)
    )
    SELECT number, submission, coalesce(latest.check_id, adjustments.check_id),
        coalesce(latest.points, adjustments.points), coalesce(latest.text, reason), made_by, made_at, withdrawn_at,
        comment
    FROM adjustments LEFT JOIN latest ON latest.id = comment {condition} ORDER BY number
"""

_LAST: Final = "SELECT attempt, attempts FROM counting {condition}"
_LAST_OF_EACH_VERSION: Final = """
    SELECT max(number) AS attempt, attempts
    FROM (
        SELECT submission, sha256, number, count(*) OVER (PARTITION BY submission) AS attempts,
            rank() OVER (
                PARTITION BY submission ORDER BY status = 'graded' DESC, iif(status = 'graded', breadth, 0) DESC
            ) AS place
        FROM attempts {condition}
    )
    WHERE place = 1 GROUP BY submission, sha256
"""

_result: Final = msgspec.json.Decoder(Result)
_measurement: Final = msgspec.json.Decoder(Measurement)


_Parameters = tuple[object, ...] | Mapping[str, str]
_Overview = tuple[Roll, dict[str, list[Adjustment]]]


class Gradebook:
    """A gradebook that is open: `with Gradebook.open(path) as book`.

    Any number of processes may read while one writes; a second writer waits for its turn.  Every method raises
    `GradebookError` where the file cannot be read or written, and then nothing was changed.

    Attributes:
        path: The file.
        course: Says which attempt counts, what is late, and whether names tell who shares a submission.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path, course: Course, late_days_before: Mapping[str, int]
    ) -> None:
        self._connection = connection
        self.path = path
        self.course = course
        self._late_days_before = late_days_before
        self._kept: tuple[tuple[int, int], _Overview] | None = None

    @classmethod
    @contextlib.contextmanager
    def open(
        cls, path: Path, *, course: Course | None = None, must_exist: bool = False, wait: float = _WAIT_SECONDS
    ) -> Iterator[Gradebook]:
        """Open a gradebook; one that is not there is made, and one of an earlier grader brought up to date.

        Args:
            path: The file.
            course: Says which attempt counts, and what is late; the last, and nothing, unless given.
            must_exist: Refuse to make one.
            wait: Seconds to wait for another process that is writing.

        Raises:
            UsageError: There is no such file, and there must be, or the course shares late days with none.
            GradebookError: The file cannot be opened, or is no gradebook.
        """
        chosen = course or Course()
        before = _late_days_before(chosen)
        if must_exist and not path.exists():
            raise UsageError(f"{path}: there is no such gradebook; `grader grade` makes one.")
        refuse_other_files(path)
        with in_one_sentence(path):
            connection = sqlite3.connect(path.absolute(), timeout=wait, isolation_level=None)
        try:
            with in_one_sentence(path):
                connection.execute("PRAGMA foreign_keys = ON")
                let_readers_in(connection)
                migrate(connection, path)
            yield cls(connection, path, chosen, before)
        finally:
            connection.close()

    def check_writable(self) -> None:
        """Write nothing, and find out whether something could be written now."""
        with self.writing():
            # SQLite lets a transaction begin on a file that it cannot write, and refuses what would write.
            self._connection.execute("DELETE FROM attempts WHERE FALSE")

    def add(
        self,
        conditions: Conditions,
        result: Result,
        artefacts: Iterable[Artefact] = (),
        *,
        graded_at: str,
        submitted_at: str = "",
    ) -> int:
        """Add an attempt with its checks and artefacts: all of it or nothing.

        Args:
            conditions: What it was graded with.
            result: What was measured.
            artefacts: What the grading left behind beside it.
            graded_at: When it ended: see `records.utc`.
            submitted_at: When the submission was handed in; empty where nobody knows.

        Returns:
            The attempt's number.
        """
        info = result.submission
        row = {
            "submission": info.id,
            "path": info.path,
            "kind": info.kind,
            "sha256": info.sha256,
            "graded_at": graded_at,
            "submitted_at": submitted_at,
            **msgspec.structs.asdict(conditions),
            "tasks": _joined(conditions.tasks),
            "breadth": _breadth(conditions),
            "status": result.status,
            "score": result.score,
            "max_score": result.max_score,
            "seconds": result.seconds,
            "problem": result.problem,
            "result": msgspec.json.encode(result).decode(),
        }
        with self.writing():
            number = self.insert("attempts", row)
            for check in result.checks:
                columns = ("id", "task", "status", "points", "max_points", "message", "seconds")
                self.insert("checks", {"attempt": number, **{name: getattr(check, name) for name in columns}})
            for artefact in artefacts:
                what = {"check_id": artefact.check, "name": artefact.name, "media_type": artefact.media_type}
                self.insert("artefacts", {"attempt": number, **what, "data": artefact.data})
        return number

    def find_graded(self, submission: str, sha256: str, conditions: Conditions) -> Attempt | None:
        """The attempt that need not be made again; `None` where there is none.

        That is the last graded one over the same profile and tasks, if it was of the same file under the same
        conditions.  An earlier one does not do, even of the same file: the later one would go on counting; but where
        the best counts, what was graded of other versions does not matter.
        """
        of_version = "AND sha256 = :sha256" if self.course.attempts == "best" else ""
        last = self._read_attempts(
            "WHERE submission = :submission AND status = 'graded' AND profile = :profile AND tasks = :tasks"
            f" {of_version} ORDER BY number DESC LIMIT 1",
            {
                "submission": submission,
                "profile": conditions.profile,
                "tasks": _joined(conditions.tasks),
                "sha256": sha256,
            },
        )
        for attempt in last:
            if attempt.result.submission.sha256 == sha256 and attempt.conditions == conditions:
                return attempt
        return None

    def entries(self) -> list[Entry]:
        """What counts for each student, sorted by name."""
        with self.reading():
            return self._entries(None)

    def entry(self, student: str) -> Entry:
        """What counts for one student.

        Raises:
            UsageError: The student is not in the gradebook, or the name is that of a submission of several.
        """
        found = self.rows(student)
        if [entry.student for entry in found] != [student]:
            names = " and ".join(entry.student for entry in found)
            raise UsageError(f"{student}: is the work of {names}, who have a row each; name one of them.")
        return found[0]

    def rows(self, name: str) -> list[Entry]:
        """What counts for one student, or for each of those who share a submission of that name.

        Raises:
            UsageError: It is not in the gradebook.
        """
        with self.reading():
            roll = self.roll()
            students = roll.students(name)
            shared = {submission for each in students for submission in roll.shares.get(each, ())}
            found = [entry for entry in self._entries(shared) if entry.student in students]
            if not found:
                raise self._unknown(name)
            return found

    def _entries(self, submissions: Collection[str] | None) -> list[Entry]:
        """What counts for each student of some submissions, or of all."""
        names = {f"name{place}": name for place, name in enumerate(submissions or ())}
        # Spelled out, since SQLite looks at every attempt where the names come from a query.
        condition = "" if submissions is None else f"WHERE submission IN ({', '.join(f':{name}' for name in names)})"
        best = self.course.attempts == "best"
        roll, adjusted = self._overview()
        people = roll.people
        chosen = (_LAST_OF_EACH_VERSION if best else _LAST).format(condition=condition)
        # Row by row: a class' results are many megabytes, and each is needed only until it is decoded.
        rows = self._connection.execute(
            f"SELECT attempts, breadth, {_ATTEMPT} FROM ({chosen}) JOIN attempts ON number = attempt", names
        )
        entries: dict[str, tuple[tuple[float, ...], Entry]] = {}
        attempts: dict[str, dict[str, int]] = {}
        for count, breadth, *row in rows:
            shared = _attempt(row)
            submission = shared.result.submission.id
            for student in people.of(submission):
                attempt = _renamed(shared, student)
                by_hand = _of_titles(adjusted, people.titles(student, submission))
                exceptions = people.exceptions(student, submission, self._late_days_before.get(student, 0))
                entry = make_entry(attempt, count, by_hand, self.course.late, exceptions)
                worth = _worth(entry, breadth, best=best)
                attempts.setdefault(student, {})[submission] = count
                if student not in entries or worth > entries[student][0]:
                    entries[student] = (worth, entry)
        for student, counts in attempts.items():
            if len(counts) > 1:
                worth, entry = entries[student]
                entries[student] = (worth, msgspec.structs.replace(entry, attempts=sum(counts.values())))
        found = {student: entry for student, (_, entry) in entries.items()}
        for student in roll.only_excused:
            exceptions = Exceptions(excused=True, late_days_before=self._late_days_before.get(student, 0))
            found[student] = make_entry(_nothing(student), 0, (), self.course.late, exceptions)
        # Here, since SQLite would carry the results along as it sorts.
        return [found[name] for name in sorted(found)]

    def known(self, name: str = "") -> Iterator[Known]:
        """All that is known of each student, one after the other.

        Args:
            name: Only of this student, or of those who share a submission of that name; of all unless given.

        Raises:
            UsageError: It is not in the gradebook.
        """
        with self.reading():
            shares = self.roll().shares
            for entry in self.rows(name) if name else self.entries():
                own = shares.get(entry.student, ())
                timings = self.measurements(*own) if own else []
                yield Known(entry, self.artefacts(entry.attempt.number), tuple(self._attempts_of(own)), tuple(timings))

    def _attempts_of(self, submissions: Collection[str]) -> list[Attempt]:
        places = ", ".join("?" * len(submissions))
        return self._read_attempts(f"WHERE submission IN ({places}) ORDER BY number", tuple(submissions))

    def roll(self) -> Roll:
        """Who there is, who shares which submission, and what was decided about whom."""
        return self._overview()[0]

    def _overview(self) -> _Overview:
        """Who there is, and all points by hand by the name that they were given to, oldest first.

        It is kept until something is written here or by another process, since pages ask for it once for each student.
        """
        with self.reading():
            moment = (self.read("PRAGMA data_version")[0][0], self._connection.total_changes)
            if self._kept is None or self._kept[0] != moment:
                adjusted: dict[str, list[Adjustment]] = {}
                for adjustment in self.all_adjustments():
                    adjusted.setdefault(adjustment.submission, []).append(adjustment)
                people = people_of(self.decisions(), by_names=self.course.groups == "names")
                submissions = self.read("SELECT DISTINCT submission FROM attempts")
                self._kept = moment, (roll_of(people, (row[0] for row in submissions)), adjusted)
            return self._kept[1]

    def decisions(self) -> list[Decision]:
        """Everything that was decided, oldest first."""
        return [Decision(*row) for row in self.read(f"SELECT {_DECISION} FROM decisions ORDER BY number")]

    def all_adjustments(self) -> list[Adjustment]:
        """All points by hand, also those that were withdrawn, oldest first."""
        return [Adjustment(*row) for row in self.read(_ADJUSTMENTS.format(condition=""))]

    def comments(self) -> list[Comment]:
        """Every version of every comment of the library, oldest first."""
        return [Comment(*row) for row in self.read(f"SELECT {_COMMENT} FROM comments ORDER BY number")]

    def attempts(self, student: str) -> list[Attempt]:
        """Every attempt of a student, or of a submission of several, oldest first.

        Raises:
            UsageError: There is none of that name.
        """
        with self.reading():
            roll = self.roll()
            found = self._attempts_of(roll.shares.get(student, (student,)))
            if not found and student not in roll.only_excused:
                raise self._unknown(student)
            return found

    def artefacts(self, attempt: int) -> tuple[Artefact, ...]:
        """What an attempt left behind, in the order in which it was added."""
        query = "SELECT check_id, name, media_type, data FROM artefacts WHERE attempt = ? ORDER BY number"
        return tuple(Artefact(*row) for row in self.read(query, (attempt,)))

    def refuse_unknown(self, check: str) -> None:
        """Make sure that some attempt has a check.

        Raises:
            UsageError: None has a check of that id.
        """
        known = [row[0] for row in self.read("SELECT DISTINCT id FROM checks", ())]
        if check not in known:
            raise UsageError(f"{check}: no attempt in {self.path} has such a check{nearest(check, known)}")

    def refuse_unknown_name(self, name: str) -> None:
        """Make sure that some row or submission has a name, or that something was decided about it.

        Raises:
            UsageError: None has it.
        """
        if not self.roll().is_known(name):
            raise self._unknown(name)

    def last_seconds(self, conditions: Conditions) -> dict[str, float]:
        """How long the last grading of each submission took, in seconds, over the same profile and tasks."""
        query = "SELECT submission, seconds FROM attempts WHERE profile = ? AND tasks = ? ORDER BY number"
        return dict(self.read(query, (conditions.profile, _joined(conditions.tasks))))

    def adjust(self, submission: str, points: float, *, reason: str, by: str, at: str, check: str = "") -> Adjustment:
        """Add points by hand.

        Args:
            submission: The submission's id.
            points: What is added; negative to take away.
            reason: Why, for the student to read.
            by: Who says so.
            at: When: see `records.utc`.
            check: The check whose points these correct; empty for the total.

        Raises:
            UsageError: No such submission or check, no points, or no reason.
        """
        if not math.isfinite(points) or points == 0 or abs(points) > _MAX_POINTS:
            raise UsageError(f"{points:g} points: give a number between -{_MAX_POINTS} and {_MAX_POINTS} other than 0.")
        if not reason.strip():
            raise UsageError("give a reason: the student will want to read it.")
        if not by.strip():
            raise UsageError("give a name: somebody has to answer for the points.")
        attempts = self.attempts(submission)
        known = list({line.id: None for attempt in attempts for line in attempt.result.checks})
        if check and check not in known:
            raise UsageError(f"{check}: no attempt of {submission} has such a check{nearest(check, known)}")
        row = {"submission": submission, "check_id": check, "points": points, "reason": reason}
        with self.writing():
            number = self.insert("adjustments", {**row, "made_by": by, "made_at": at, "withdrawn_at": ""})
        return Adjustment(number, submission, check, points, reason, by, at)

    def adjustments(self, submission: str) -> list[Adjustment]:
        """All points by hand of a student or submission, also those that were withdrawn, oldest first."""
        with self.reading():
            roll, adjusted = self._overview()
            return _of_titles(adjusted, roll.titles(submission))

    def withdraw(self, number: int, *, at: str, by: str = "", reason: str = "") -> Adjustment:
        """Take points by hand back: they stay in the gradebook, marked, and count no more.

        Args:
            number: The adjustment's number.
            at: When: see `records.utc`.
            by: Who takes them back.
            reason: Why.

        Raises:
            UsageError: There is no such adjustment, or it was withdrawn before.
        """
        with self.writing():
            rows = self.read(_ADJUSTMENTS.format(condition="WHERE number = ?"), (number,))
            if not rows:
                raise UsageError(
                    f"adjustment {number}: there is none of that number; `grader gradebook show NAME` lists them."
                )
            before = Adjustment(*rows[0])
            if before.withdrawn_at:
                raise UsageError(f"adjustment {number}: was withdrawn before, at {before.withdrawn_at}.")
            self._connection.execute("UPDATE adjustments SET withdrawn_at = ? WHERE number = ?", (at, number))
            row = {"student": before.submission, "kind": "withdrawal", "value": str(number), "reason": reason}
            self.insert("decisions", {**row, "made_by": by, "made_at": at})
        return msgspec.structs.replace(before, withdrawn_at=at)

    def add_measurement(self, measurement: Measurement) -> Timing:
        """Add a measurement of a training's speed, with every sample."""
        row = {
            "submission": measurement.submission,
            "sha256": measurement.sha256,
            "device": measurement.device,
            "backend": measurement.machine.backend,
            "machine": measurement.machine.id,
            "measured_at": measurement.measured_at,
            "status": measurement.status,
            "measurement": msgspec.json.encode(measurement).decode(),
        }
        with self.writing():
            number = self.insert("measurements", row)
        return Timing(number, measurement)

    def measurements(
        self, *submissions: str, device: str = "", backend: str = "", machine: str = "", since: str = ""
    ) -> list[Timing]:
        """Measurements of training speed, oldest first.

        Args:
            *submissions: Only of these; of all unless given.
            device: Only on this device; `gpu` is every GPU.
            backend: Only with this backend.
            machine: Only on a machine whose id begins like this.
            since: Only from this moment on, see `records.utc`; a date alone is its first moment.
        """
        query = (
            "SELECT number, measurement FROM measurements"
            " WHERE :device IN (device, substr(device, 1, instr(device || ':', ':') - 1), '')"
            " AND :backend IN (backend, '')"
            " AND substr(machine, 1, length(:machine)) = :machine AND measured_at >= :since"
            " AND (submission IN (SELECT value FROM json_each(:submissions)) OR :submissions = '[]') ORDER BY number"
        )
        names = msgspec.json.encode(submissions).decode()
        asked = {"device": device, "backend": backend, "machine": machine, "since": since, "submissions": names}
        rows = self.read(query, asked)
        with in_one_sentence(self.path):
            return [Timing(number, _measurement.decode(measurement)) for number, measurement in rows]

    def measurement(self, number: int) -> Timing:
        """The measurement of a number.

        Raises:
            UsageError: There is none.
        """
        rows = self.read("SELECT measurement FROM measurements WHERE number = ?", (number,))
        if not rows:
            raise UsageError(f"measurement {number}: there is none of that number; `grader timings` lists them.")
        with in_one_sentence(self.path):
            return Timing(number, _measurement.decode(rows[0][0]))

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Everything that is done inside is written, or nothing of it."""
        try:
            with in_one_sentence(self.path), transaction(self._connection):
                yield
        finally:
            self._kept = None  # it may be of what was not written in the end

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """What is read inside is of one moment."""
        with in_one_sentence(self.path):
            if self._connection.in_transaction:
                yield
            else:
                with transaction(self._connection, writing=False):
                    yield

    def insert(self, table: str, row: Mapping[str, object]) -> int:
        """Insert a row; names of table and columns come from this package, values are parameters."""
        places = ", ".join(f":{name}" for name in row)
        cursor = self._connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", row)
        return cursor.lastrowid or 0

    def read(self, query: str, parameters: _Parameters = ()) -> list[Any]:
        """The rows that a query gives."""
        with in_one_sentence(self.path):
            return self._connection.execute(query, parameters).fetchall()

    def _read_attempts(self, condition: str, parameters: _Parameters) -> list[Attempt]:
        with in_one_sentence(self.path):
            rows = self._connection.execute(f"SELECT {_ATTEMPT} FROM attempts {condition}", parameters)
            return [_attempt(row) for row in rows]

    def _unknown(self, name: str) -> UsageError:
        known = self.roll().names
        return UsageError(f"{name}: is not in {self.path}{nearest(name, known) if known else '.'}")


def _breadth(conditions: Conditions) -> int:
    """How much was asked for: more comes before less in what counts."""
    return 0 if conditions.tasks else 1 + PROFILES.index(conditions.profile)


def _late_days_before(course: Course) -> dict[str, int]:
    """The late days that each student used for assignments that were due before this one.

    Raises:
        UsageError: An assignment is not there, or its course file says something else about the same late days.
    """
    late = course.late
    used: dict[str, int] = {}
    for folder in late.days_shared_with if late.late_days and late.deadline is not None else ():
        other = load_course(Path(folder) / COURSE_FILE)
        due = other.late.deadline
        if due is None or late.deadline is None or due == late.deadline:
            raise UsageError(f"late.days_shared_with: {folder}: needs a deadline before or after this one's.")
        if other.late.late_days != late.late_days:
            raise UsageError(
                f"late.days_shared_with: {folder}: has {other.late.late_days} late days, and here there are "
                f"{late.late_days}; say the same in both."
            )
        if due < late.deadline:
            with Gradebook.open(Path(folder) / FILE, course=other, must_exist=True) as book:
                for entry in book.entries():
                    used[entry.student] = used.get(entry.student, 0) + entry.late_days_used
    return used


def _worth(entry: Entry, breadth: int, *, best: bool) -> tuple[float, ...]:
    """What makes an attempt count: graded, most asked for, where the best counts most points, and last."""
    graded = entry.attempt.result.status == "graded"
    points = entry.score if best and entry.score is not None else -1.0
    return graded, breadth if graded else 0, points, entry.attempt.number


def _renamed(attempt: Attempt, student: str) -> Attempt:
    """An attempt as it stands in a student's row."""
    result = attempt.result
    if result.submission.id == student:
        return attempt
    own = msgspec.structs.replace(result, submission=msgspec.structs.replace(result.submission, id=student))
    return msgspec.structs.replace(attempt, result=own)


def _nothing(student: str) -> Attempt:
    """What stands in the row of a student who handed in nothing."""
    info = SubmissionInfo(student, "", "", "")
    result = Result(info, "infrastructure_error", 0.0, 0.0, 0.0, (), "Nothing was handed in.")
    return Attempt(0, "", "", "", "", "", (), "", result)


def _of_titles(adjusted: Mapping[str, list[Adjustment]], titles: Iterable[str]) -> list[Adjustment]:
    """The points by hand under some names, oldest first."""
    found = [adjustment for title in titles for adjustment in adjusted.get(title, ())]
    return sorted(found, key=lambda adjustment: adjustment.number)


def _joined(tasks: tuple[int, ...]) -> str:
    return ",".join(map(str, tasks))


def _attempt(row: Iterable[Any]) -> Attempt:
    """An attempt from the columns in `_ATTEMPT`."""
    number, graded_at, submitted_at, course, calibration, profile, tasks, isolation, result, grader = row
    asked = tuple(map(int, tasks.split(","))) if tasks else ()
    measured = _result.decode(result)
    return Attempt(number, graded_at, submitted_at, course, calibration, profile, asked, isolation, measured, grader)
