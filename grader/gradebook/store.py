"""The gradebook in its file: attempts are added and never changed; points by hand are added, or marked as withdrawn.

**What counts.**  A submission may have been graded many times, and not always over the same checks.  What counts is the
last of the attempts that asked for the most: a run over all tasks comes before a run over some, and `full` before
`standard` before `quick`.  So a look at one task, or a quick run in between, never replaces a whole grading.  An
attempt that the grader itself failed at (`infrastructure_error`) is no score, and counts only as long as there is no
other.

A course may have the best attempt count instead of the last: of every version of the file its last attempt among those
that asked for the most, and of these the one with the most points, what being late costs taken off.  An attempt at the
same file thus replaces the one before also there, such as after a check was mended.
"""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from grader.assignment.contract import PROFILES
from grader.course import Course
from grader.gradebook.faults import in_one_sentence, refuse_other_files
from grader.gradebook.layers import make_entry
from grader.gradebook.records import Adjustment, Attempt, Conditions, Entry, Timing
from grader.gradebook.schema import let_readers_in, migrate, transaction
from grader.ground.errors import UsageError, nearest
from grader.results.artefacts import Artefact
from grader.results.scoring import Result
from grader.speed.records import Measurement

_WAIT_SECONDS: Final = 10.0
_MAX_POINTS: Final = 10_000

_ATTEMPT: Final = (
    "number, graded_at, submitted_at, course, calibration, profile, tasks, isolation, result, grader"  # as in Attempt
)
_ADJUSTMENT: Final = "number, submission, check_id, points, reason, made_by, made_at, withdrawn_at"  # as in Adjustment

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


class Gradebook:
    """A gradebook that is open: `with Gradebook.open(path) as book`.

    Any number of processes may read while one writes; a second writer waits for its turn.  Every method raises
    `GradebookError` where the file cannot be read or written, and then nothing was changed.

    Attributes:
        path: The file.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, course: Course) -> None:
        self._connection = connection
        self.path = path
        self._course = course

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
            UsageError: There is no such file, and there must be.
            GradebookError: The file cannot be opened, or is no gradebook.
        """
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
            yield cls(connection, path, course or Course())
        finally:
            connection.close()

    def check_writable(self) -> None:
        """Write nothing, and find out whether something could be written now."""
        with self._writing():
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
        with self._writing():
            number = self._insert("attempts", row)
            for check in result.checks:
                columns = ("id", "task", "status", "points", "max_points", "message", "seconds")
                self._insert("checks", {"attempt": number, **{name: getattr(check, name) for name in columns}})
            for artefact in artefacts:
                what = {"check_id": artefact.check, "name": artefact.name, "media_type": artefact.media_type}
                self._insert("artefacts", {"attempt": number, **what, "data": artefact.data})
        return number

    def find_graded(self, submission: str, sha256: str, conditions: Conditions) -> Attempt | None:
        """The attempt that need not be made again; `None` where there is none.

        That is the last graded one over the same profile and tasks, if it was of the same file under the same
        conditions.  An earlier one does not do, even of the same file: the later one would go on counting; but where
        the best counts, what was graded of other versions does not matter.
        """
        of_version = "AND sha256 = :sha256" if self._course.attempts == "best" else ""
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
        """What counts for each submission, sorted by its id."""
        return self._entries("", ())

    def entry(self, submission: str) -> Entry:
        """What counts for one submission.

        Raises:
            UsageError: It is not in the gradebook.
        """
        found = self._entries("WHERE submission = ?", (submission,))
        if not found:
            raise self._unknown(submission)
        return found[0]

    def _entries(self, condition: str, parameters: tuple[str, ...]) -> list[Entry]:
        with in_one_sentence(self.path), transaction(self._connection, writing=False):
            adjusted: dict[str, list[Adjustment]] = {}
            for row in self._read(f"SELECT {_ADJUSTMENT} FROM adjustments {condition} ORDER BY number", parameters):
                adjusted.setdefault(row[1], []).append(Adjustment(*row))
            chosen = (_LAST_OF_EACH_VERSION if self._course.attempts == "best" else _LAST).format(condition=condition)
            # Row by row: a class' results are many megabytes, and each is needed only until it is decoded.
            rows = self._connection.execute(
                f"SELECT attempts, {_ATTEMPT} FROM ({chosen}) JOIN attempts ON number = attempt", parameters
            )
            entries: dict[str, Entry] = {}
            for count, *row in rows:
                attempt = _attempt(row)
                name = attempt.result.submission.id
                entry = make_entry(attempt, count, adjusted.get(name, ()), self._course.late)
                entries[name] = max(entries.get(name, entry), entry, key=_worth)
        # Here, since SQLite would carry the results along as it sorts.
        return [entries[name] for name in sorted(entries)]

    def attempts(self, submission: str) -> list[Attempt]:
        """Every attempt of a submission, oldest first.

        Raises:
            UsageError: It is not in the gradebook.
        """
        found = self._read_attempts("WHERE submission = ? ORDER BY number", (submission,))
        if not found:
            raise self._unknown(submission)
        return found

    def artefacts(self, attempt: int) -> tuple[Artefact, ...]:
        """What an attempt left behind, in the order in which it was added."""
        query = "SELECT check_id, name, media_type, data FROM artefacts WHERE attempt = ? ORDER BY number"
        return tuple(Artefact(*row) for row in self._read(query, (attempt,)))

    def refuse_unknown(self, check: str) -> None:
        """Make sure that some attempt has a check.

        Raises:
            UsageError: None has a check of that id.
        """
        known = [row[0] for row in self._read("SELECT DISTINCT id FROM checks", ())]
        if check not in known:
            raise UsageError(f"{check}: no attempt in {self.path} has such a check{nearest(check, known)}")

    def last_seconds(self, conditions: Conditions) -> dict[str, float]:
        """How long the last grading of each submission took, in seconds, over the same profile and tasks."""
        query = "SELECT submission, seconds FROM attempts WHERE profile = ? AND tasks = ? ORDER BY number"
        return dict(self._read(query, (conditions.profile, _joined(conditions.tasks))))

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
        with self._writing():
            number = self._insert("adjustments", {**row, "made_by": by, "made_at": at, "withdrawn_at": ""})
        return Adjustment(number, submission, check, points, reason, by, at)

    def adjustments(self, submission: str) -> list[Adjustment]:
        """All points by hand of a submission, also those that were withdrawn, oldest first."""
        query = f"SELECT {_ADJUSTMENT} FROM adjustments WHERE submission = ? ORDER BY number"
        return [Adjustment(*row) for row in self._read(query, (submission,))]

    def withdraw(self, number: int, *, at: str) -> Adjustment:
        """Take points by hand back: they stay in the gradebook, marked, and count no more.

        Args:
            number: The adjustment's number.
            at: When: see `records.utc`.

        Raises:
            UsageError: There is no such adjustment, or it was withdrawn before.
        """
        with self._writing():
            rows = self._read(f"SELECT {_ADJUSTMENT} FROM adjustments WHERE number = ?", (number,))
            if not rows:
                raise UsageError(
                    f"adjustment {number}: there is none of that number; `grader gradebook show NAME` lists them."
                )
            before = Adjustment(*rows[0])
            if before.withdrawn_at:
                raise UsageError(f"adjustment {number}: was withdrawn before, at {before.withdrawn_at}.")
            self._connection.execute("UPDATE adjustments SET withdrawn_at = ? WHERE number = ?", (at, number))
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
        with self._writing():
            number = self._insert("measurements", row)
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
        rows = self._read(query, asked)
        with in_one_sentence(self.path):
            return [Timing(number, _measurement.decode(measurement)) for number, measurement in rows]

    def measurement(self, number: int) -> Timing:
        """The measurement of a number.

        Raises:
            UsageError: There is none.
        """
        rows = self._read("SELECT measurement FROM measurements WHERE number = ?", (number,))
        if not rows:
            raise UsageError(f"measurement {number}: there is none of that number; `grader timings` lists them.")
        with in_one_sentence(self.path):
            return Timing(number, _measurement.decode(rows[0][0]))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        with in_one_sentence(self.path), transaction(self._connection):
            yield

    def _insert(self, table: str, row: Mapping[str, object]) -> int:
        """Insert a row; names of table and columns come from this module, values are parameters."""
        places = ", ".join(f":{name}" for name in row)
        cursor = self._connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", row)
        return cursor.lastrowid or 0

    def _read(self, query: str, parameters: _Parameters) -> list[Any]:
        with in_one_sentence(self.path):
            return self._connection.execute(query, parameters).fetchall()

    def _read_attempts(self, condition: str, parameters: _Parameters) -> list[Attempt]:
        with in_one_sentence(self.path):
            rows = self._connection.execute(f"SELECT {_ATTEMPT} FROM attempts {condition}", parameters)
            return [_attempt(row) for row in rows]

    def _unknown(self, submission: str) -> UsageError:
        known = [row[0] for row in self._read("SELECT DISTINCT submission FROM attempts", ())]
        return UsageError(f"{submission}: is not in {self.path}{nearest(submission, known) if known else '.'}")


def _breadth(conditions: Conditions) -> int:
    """How much was asked for: more comes before less in what counts."""
    return 0 if conditions.tasks else 1 + PROFILES.index(conditions.profile)


def _worth(entry: Entry) -> tuple[float, int]:
    """What makes an attempt the best: its points, none where it was not graded, and of equal ones being the last."""
    return -1.0 if entry.score is None else entry.score, entry.attempt.number


def _joined(tasks: tuple[int, ...]) -> str:
    return ",".join(map(str, tasks))


def _attempt(row: Iterable[Any]) -> Attempt:
    """An attempt from the columns in `_ATTEMPT`."""
    number, graded_at, submitted_at, course, calibration, profile, tasks, isolation, result, grader = row
    asked = tuple(map(int, tasks.split(","))) if tasks else ()
    measured = _result.decode(result)
    return Attempt(number, graded_at, submitted_at, course, calibration, profile, asked, isolation, measured, grader)
