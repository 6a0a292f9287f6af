"""The gradebook file and everything that reads it.

Attempts and decisions are only ever added, never changed; points by hand can be withdrawn, which marks them.
`grader.gradebook.deciding` writes the decisions that people make.

**Which attempt counts.**  A submission may have been graded many times, and not always with the same checks.  The
widest attempts come first: a run over all tasks before a run over some, and the profile `full` before `standard` before
`quick`.  The last of the widest attempts counts, so a run over one task, or a quick run in between, never replaces a
whole grading.  An attempt that failed because of the grader itself (`infrastructure_error`) is not a score and counts
only as long as there is no other attempt.

A course may let the best attempt count instead of the last.  Then each version of the file is represented by the last
of its widest attempts, and the version with the most points counts, after the late penalty.  So if a version is graded
again, such as after a check was corrected, its new attempt replaces its old one here too.

**Rows.**  A submission shared by several students has a row for each of them.  A student with a share in several
submissions has one row, chosen among all of them by the same rule.  A student who was excused has a row even without
having handed in anything.
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
from grader.gradebook.lists import MAX_POINTS
from grader.gradebook.records import Adjustment, Attempt, Comment, Conditions, Decision, Entry, Known, Timing
from grader.gradebook.schema import let_readers_in, migrate, transaction
from grader.ground.errors import UsageError, nearest
from grader.results.artefacts import Artefact
from grader.results.scoring import Result, SubmissionInfo
from grader.speed.records import Measurement

FILE: Final = "gradebook.db"
"""The default file name of a gradebook."""

_WAIT_SECONDS: Final = 10.0

_ATTEMPT: Final = (
    "number, graded_at, submitted_at, course, calibration, profile, tasks, isolation, result, grader"  # as in Attempt
)
_DECISION: Final = "number, student, kind, value, reason, made_by, made_at, coalesce(undoes, 0)"  # as in Decision
_COMMENT: Final = "number, id, text, points, check_id, reason, made_by, made_at"  # as in Comment

# Columns as in Adjustment.  An adjustment made by a library comment takes its points and text from the comment's last
# version, so that changing a comment changes every use of it.
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
    """An open gradebook: `with Gradebook.open(path) as book`.

    Any number of processes may read while one writes; a second writer waits for its turn.  Every method raises
    `GradebookError` if the file cannot be read or written, and has then changed nothing.

    Attributes:
        path: The file.
        course: Says which attempt counts, what is late, and whether file names tell who shares a submission.
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
        """Open a gradebook, creating the file if there is none and upgrading one of an earlier version of the grader.

        Args:
            path: The file.
            course: Says which attempt counts, and what is late; by default the last one counts and nothing is late.
            must_exist: Whether to refuse to create a file.
            wait: Seconds to wait for another process that is writing.

        Raises:
            UsageError: If `must_exist` is set and there is no such file, or if the gradebook or course file of an
                assignment that shares late days with this one is missing or contradicts it.
            GradebookError: If the file cannot be opened, or is not a gradebook.
        """
        chosen = course or Course()
        before = _late_days_before(chosen)
        if must_exist and not path.exists():
            raise UsageError(f"{path}: there is no such gradebook; `grader grade` makes one.")
        refuse_other_files(path)
        with in_one_sentence(path):
            # No implicit transactions: `transaction` begins and ends all of them.
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
        """Make sure that the file can be written to, without changing it."""
        with self.writing():
            # A real statement is needed: SQLite begins a transaction even on a file that it cannot write to, and
            # fails only at the first statement that would write.
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
        """Add an attempt with its checks and artefacts in one transaction.

        Args:
            conditions: The conditions that it was graded under.
            result: The result of the grading.
            artefacts: The artefacts of the grading.
            graded_at: When the grading ended: see `records.utc`.
            submitted_at: When the submission was handed in; empty if unknown.

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
        """Return the attempt that makes grading this file again unnecessary, or `None` if there is none.

        This is the last graded attempt with the same profile and tasks, provided that it was of the same file under the
        same conditions.  If it was not, an earlier attempt at the same file is not returned, because the later one
        would go on counting.  If the best attempt counts, attempts at other versions of the file are ignored.
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
        """Return the entry of each student, with the attempt that counts, sorted by name."""
        with self.reading():
            return self._entries(None)

    def entry(self, student: str) -> Entry:
        """Return the entry of one student.

        Raises:
            UsageError: If the student is not in the gradebook, or the name is that of a submission of several students.
        """
        found = self.rows(student)
        if [entry.student for entry in found] != [student]:
            names = " and ".join(entry.student for entry in found)
            raise UsageError(f"{student}: is the work of {names}, who have a row each; name one of them.")
        return found[0]

    def rows(self, name: str) -> list[Entry]:
        """Return the entry of one student, or those of all students who share the submission with that name.

        Raises:
            UsageError: If the name is not in the gradebook.
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
        """Return the entry of each student of the given submissions, or of all submissions if `None`."""
        names = {f"name{place}": name for place, name in enumerate(submissions or ())}
        # The names are listed one by one, since SQLite scans every attempt if they come from a subquery.
        condition = "" if submissions is None else f"WHERE submission IN ({', '.join(f':{name}' for name in names)})"
        best = self.course.attempts == "best"
        roll, adjusted = self._overview()
        people = roll.people
        chosen = (_LAST_OF_EACH_VERSION if best else _LAST).format(condition=condition)
        # Read row by row: the results of a class are many megabytes, and each is needed only until it is decoded.
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
                # The best attempt is chosen for each student, since extensions and late days change what it is worth.
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
        # Sorted here and not in SQL, since SQLite would carry the large results along while sorting.
        return [found[name] for name in sorted(found)]

    def known(self, name: str = "") -> Iterator[Known]:
        """Yield everything that is known about each student.

        Args:
            name: A student, or a submission, whose students are then yielded; by default all students are.

        Raises:
            UsageError: If the name is not in the gradebook.
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
        """Return the roll: all students, who shares which submission, and what was decided about whom."""
        return self._overview()[0]

    def _overview(self) -> _Overview:
        """Return the roll, and the points by hand by the name that they were given to, oldest first.

        The answer is cached until this or another process writes to the file, since writing the pages asks for it once
        for each student.
        """
        with self.reading():
            # `data_version` changes with other connections' writes, `total_changes` with those of this connection.
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
        """Return every decision, oldest first."""
        return [Decision(*row) for row in self.read(f"SELECT {_DECISION} FROM decisions ORDER BY number")]

    def all_adjustments(self) -> list[Adjustment]:
        """Return all points by hand, including withdrawn ones, oldest first."""
        return [Adjustment(*row) for row in self.read(_ADJUSTMENTS.format(condition=""))]

    def comments(self) -> list[Comment]:
        """Return every version of every comment in the library, oldest first."""
        return [Comment(*row) for row in self.read(f"SELECT {_COMMENT} FROM comments ORDER BY number")]

    def attempts(self, student: str) -> list[Attempt]:
        """Return every attempt of a student, or of a shared submission, oldest first.

        Raises:
            UsageError: If the name is not in the gradebook.
        """
        with self.reading():
            roll = self.roll()
            found = self._attempts_of(roll.shares.get(student, (student,)))
            if not found and student not in roll.only_excused:
                raise self._unknown(student)
            return found

    def artefacts(self, attempt: int) -> tuple[Artefact, ...]:
        """Return the artefacts of an attempt, in the order in which they were added."""
        query = "SELECT check_id, name, media_type, data FROM artefacts WHERE attempt = ? ORDER BY number"
        return tuple(Artefact(*row) for row in self.read(query, (attempt,)))

    def refuse_unknown(self, check: str) -> None:
        """Make sure that at least one attempt has a check with this id.

        Raises:
            UsageError: If none has.
        """
        known = [row[0] for row in self.read("SELECT DISTINCT id FROM checks", ())]
        if check not in known:
            raise UsageError(f"{check}: no attempt in {self.path} has such a check{nearest(check, known)}")

    def refuse_unknown_name(self, name: str) -> None:
        """Make sure that a name is that of a row or submission, or that something was decided about it.

        Raises:
            UsageError: If the name is unknown.
        """
        if not self.roll().is_known(name):
            raise self._unknown(name)

    def last_seconds(self, conditions: Conditions) -> dict[str, float]:
        """Return the seconds that the last grading of each submission with the same profile and tasks took."""
        query = "SELECT submission, seconds FROM attempts WHERE profile = ? AND tasks = ? ORDER BY number"
        return dict(self.read(query, (conditions.profile, _joined(conditions.tasks))))

    def adjust(self, submission: str, points: float, *, reason: str, by: str, at: str, check: str = "") -> Adjustment:
        """Add points by hand.

        Args:
            submission: The submission's id.
            points: The points to add; negative to take points away.
            reason: The reason, which the student will read.
            by: The name of the person who gives the points.
            at: When they were given: see `records.utc`.
            check: The id of the check whose points are corrected; empty for the total.

        Raises:
            UsageError: If there is no such submission or check, the points are 0 or out of range, or the reason or the
                person's name is missing.
        """
        if not math.isfinite(points) or points == 0 or abs(points) > MAX_POINTS:
            raise UsageError(f"{points:g} points: give a number between -{MAX_POINTS} and {MAX_POINTS} other than 0.")
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
        """Return all points by hand of a student or submission, including withdrawn ones, oldest first."""
        with self.reading():
            roll, adjusted = self._overview()
            return _of_titles(adjusted, roll.titles(submission))

    def withdraw(self, number: int, *, at: str, by: str = "", reason: str = "") -> Adjustment:
        """Withdraw points by hand: they stay in the gradebook, marked as withdrawn, and no longer count.

        Args:
            number: The adjustment's number.
            at: When they are withdrawn: see `records.utc`.
            by: The name of the person who withdraws them.
            reason: The reason.

        Raises:
            UsageError: If there is no such adjustment, or it has been withdrawn already.
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
        """Add a measurement of training speed, with every sample."""
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
        """Return measurements of training speed, oldest first.

        Args:
            *submissions: The submissions to include; by default all.
            device: Only measurements on this device; `gpu` stands for every GPU.
            backend: Only measurements with this Keras backend.
            machine: Only measurements on machines whose id begins with this.
            since: Only measurements from this time on, see `records.utc`; a date alone means its first moment.
        """
        # An empty string means no restriction; `gpu` also selects `gpu:0` and so on.
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
        """Return the measurement with a number.

        Raises:
            UsageError: If there is none.
        """
        rows = self.read("SELECT measurement FROM measurements WHERE number = ?", (number,))
        if not rows:
            raise UsageError(f"measurement {number}: there is none of that number; `grader timings` lists them.")
        with in_one_sentence(self.path):
            return Timing(number, _measurement.decode(rows[0][0]))

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Run the block in a transaction: either all of its changes are written or none."""
        try:
            with in_one_sentence(self.path), transaction(self._connection):
                yield
        finally:
            self._kept = None  # it may reflect changes that were rolled back

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Run the block so that everything it reads is of the same moment; it may run inside another transaction."""
        with in_one_sentence(self.path):
            if self._connection.in_transaction:
                yield
            else:
                with transaction(self._connection, writing=False):
                    yield

    def insert(self, table: str, row: Mapping[str, object]) -> int:
        """Insert a row and return its number.

        The names of the table and its columns become part of the SQL and must come from this package; the values are
        passed as parameters.
        """
        places = ", ".join(f":{name}" for name in row)
        cursor = self._connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", row)
        return cursor.lastrowid or 0

    def read(self, query: str, parameters: _Parameters = ()) -> list[Any]:
        """Return the rows that a query selects."""
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
    """Return how wide a run is: 0 for a run over some tasks, else 1 or more, growing with the profile."""
    return 0 if conditions.tasks else 1 + PROFILES.index(conditions.profile)


def _late_days_before(course: Course) -> dict[str, int]:
    """Return the late days that each student used for assignments that were due before this one.

    Raises:
        UsageError: If an assignment that shares the late days is missing, has no deadline or the same deadline as this
            one, or has another number of late days.
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
    """Return the key by which the attempt that counts is chosen, the largest one winning.

    It compares in turn whether the attempt was graded, how wide it was, its points if the best attempt counts, and its
    number, so that the last one wins a tie.
    """
    graded = entry.attempt.result.status == "graded"
    points = entry.score if best and entry.score is not None else -1.0
    return graded, breadth if graded else 0, points, entry.attempt.number


def _renamed(attempt: Attempt, student: str) -> Attempt:
    """Return an attempt at a shared submission under the name of one of its students."""
    result = attempt.result
    if result.submission.id == student:
        return attempt
    own = msgspec.structs.replace(result, submission=msgspec.structs.replace(result.submission, id=student))
    return msgspec.structs.replace(attempt, result=own)


def _nothing(student: str) -> Attempt:
    """Return the placeholder for the attempt of a student who was excused and handed in nothing."""
    info = SubmissionInfo(student, "", "", "")
    result = Result(info, "infrastructure_error", 0.0, 0.0, 0.0, (), "Nothing was handed in.")
    return Attempt(0, "", "", "", "", "", (), "", result)


def _of_titles(adjusted: Mapping[str, list[Adjustment]], titles: Iterable[str]) -> list[Adjustment]:
    """Return the points by hand given to any of these names, oldest first."""
    found = [adjustment for title in titles for adjustment in adjusted.get(title, ())]
    return sorted(found, key=lambda adjustment: adjustment.number)


def _joined(tasks: tuple[int, ...]) -> str:
    return ",".join(map(str, tasks))


def _attempt(row: Iterable[Any]) -> Attempt:
    """Return an attempt from the columns in `_ATTEMPT`."""
    number, graded_at, submitted_at, course, calibration, profile, tasks, isolation, result, grader = row
    asked = tuple(map(int, tasks.split(","))) if tasks else ()
    measured = _result.decode(result)
    return Attempt(number, graded_at, submitted_at, course, calibration, profile, asked, isolation, measured, grader)
