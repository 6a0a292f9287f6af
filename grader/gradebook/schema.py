"""The gradebook's tables, and the migrations that bring an older file up to date.

A file records in SQLite's `user_version` how many of the `MIGRATIONS` have been applied to it.  To change the tables,
add a migration at the end and leave the others as they are; `tests/gradebooks/` holds a file of each earlier form,
which must still open.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from grader.gradebook.faults import GradebookError

APPLICATION_ID: Final = 0x4B434742
"""SQLite's `application_id` of a gradebook (`KCGB`), so that another program's database is never written to."""

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """
        CREATE TABLE attempts (
            number INTEGER PRIMARY KEY,
            submission TEXT NOT NULL,
            path TEXT NOT NULL,
            kind TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            graded_at TEXT NOT NULL,
            submitted_at TEXT NOT NULL,
            course TEXT NOT NULL,
            calibration TEXT NOT NULL,
            profile TEXT NOT NULL,
            tasks TEXT NOT NULL,         -- '2,3'; '' for all
            breadth INTEGER NOT NULL,    -- how much was asked for: see grader.gradebook.store
            isolation TEXT NOT NULL,
            grader TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('graded', 'infrastructure_error')),
            score REAL NOT NULL,
            max_score REAL NOT NULL,
            seconds REAL NOT NULL,
            problem TEXT NOT NULL,
            result TEXT NOT NULL         -- the whole result, as in results.json
        ) STRICT
        """,
        "CREATE INDEX attempts_by_submission ON attempts (submission, number)",
        # The part of each result that is useful in queries about a whole class; `result` also has hints and examples.
        """
        CREATE TABLE checks (
            attempt INTEGER NOT NULL REFERENCES attempts (number),
            id TEXT NOT NULL,
            task INTEGER NOT NULL,
            status TEXT NOT NULL,
            points REAL NOT NULL,
            max_points REAL NOT NULL,
            message TEXT NOT NULL,
            seconds REAL NOT NULL,
            PRIMARY KEY (attempt, id)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX checks_by_id ON checks (id, status)",
        """
        CREATE TABLE artefacts (
            number INTEGER PRIMARY KEY,
            attempt INTEGER NOT NULL REFERENCES attempts (number),
            check_id TEXT NOT NULL,      -- '' for the submission as a whole
            name TEXT NOT NULL,
            media_type TEXT NOT NULL,
            data BLOB NOT NULL
        ) STRICT
        """,
        "CREATE INDEX artefacts_by_attempt ON artefacts (attempt, number)",
        """
        CREATE TABLE adjustments (
            number INTEGER PRIMARY KEY,
            submission TEXT NOT NULL,
            check_id TEXT NOT NULL,      -- '' for the total
            points REAL NOT NULL,
            reason TEXT NOT NULL,
            made_by TEXT NOT NULL,
            made_at TEXT NOT NULL,
            withdrawn_at TEXT NOT NULL   -- '' while it stands
        ) STRICT
        """,
        "CREATE INDEX adjustments_by_submission ON adjustments (submission, number)",
        # The attempt that counts, one for each submission.
        """
        CREATE VIEW counting AS
        SELECT submission, number AS attempt, attempts
        FROM (
            SELECT submission, number, count(*) OVER (PARTITION BY submission) AS attempts,
                row_number() OVER (
                    PARTITION BY submission
                    ORDER BY status = 'graded' DESC, iif(status = 'graded', breadth, 0) DESC, number DESC
                ) AS place
            FROM attempts
        )
        WHERE place = 1
        """,
    ),
    (
        """
        CREATE TABLE measurements (
            number INTEGER PRIMARY KEY,
            submission TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            device TEXT NOT NULL,
            backend TEXT NOT NULL,
            machine TEXT NOT NULL,       -- grader.speed.records.Machine.id
            measured_at TEXT NOT NULL,
            status TEXT NOT NULL,
            measurement TEXT NOT NULL    -- the whole record, with every sample
        ) STRICT
        """,
        "CREATE INDEX measurements_by_submission ON measurements (submission, number)",
        # A row for each sample of each measurement, for queries in SQL; `side` is 'rounds' or 'reference'.
        """
        CREATE VIEW epochs AS
        SELECT measurements.number AS measurement, side.key AS side, round.key + 1 AS round, epoch.key + 1 AS epoch,
            json_extract(epoch.value, '$.train_seconds') AS train_seconds,
            json_extract(epoch.value, '$.validation_seconds') AS validation_seconds,
            json_extract(epoch.value, '$.callback_seconds') AS callback_seconds,
            json_extract(epoch.value, '$.steps') AS steps,
            json_extract(epoch.value, '$.val_accuracy') AS val_accuracy
        FROM measurements, json_each(measurement) AS side, json_each(side.value) AS round,
            json_each(round.value, '$.epochs') AS epoch
        WHERE side.key IN ('rounds', 'reference')
        """,
    ),
    (
        # The library comment that points by hand come from.  The other columns keep what the comment said at that time.
        "ALTER TABLE adjustments ADD COLUMN comment TEXT NOT NULL DEFAULT ''",
        # Every version of every comment; the last version of each id counts.
        """
        CREATE TABLE comments (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL,
            text TEXT NOT NULL,
            points REAL NOT NULL,
            check_id TEXT NOT NULL,      -- '' for the total
            reason TEXT NOT NULL,
            made_by TEXT NOT NULL,
            made_at TEXT NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE decisions (
            number INTEGER PRIMARY KEY,
            student TEXT NOT NULL,
            kind TEXT NOT NULL,          -- see grader.gradebook.records.Decision
            value TEXT NOT NULL,
            reason TEXT NOT NULL,
            made_by TEXT NOT NULL,
            made_at TEXT NOT NULL,
            undoes INTEGER REFERENCES decisions (number)
        ) STRICT
        """,
        "CREATE UNIQUE INDEX decisions_undone_once ON decisions (undoes) WHERE undoes IS NOT NULL",
        # Triggers let SQLite itself keep the history complete, whichever program opens the file.
        *(
            f"CREATE TRIGGER {table}_stay_on_{event.lower()} BEFORE {event} ON {table} "
            f"BEGIN SELECT raise(ABORT, '{table} are added and never changed'); END"
            for table in ("comments", "decisions")
            for event in ("UPDATE", "DELETE")
        ),
    ),
)


def migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Apply the missing migrations to a file in one transaction; an empty new file gets all of them.

    Args:
        connection: The connection to the file, in autocommit mode.
        path: The file's name in error messages.
        migrations: The statements of each migration.

    Raises:
        GradebookError: If the file was written by a newer grader or by another program.
        sqlite3.Error: If SQLite fails; the file is then unchanged.
    """
    with transaction(connection, writing=False):
        taken = _steps_taken(connection, path, len(migrations))
    if taken == len(migrations):
        return
    with transaction(connection):
        # Read again inside the write transaction, since another process may have migrated the file in the meantime.
        for step in migrations[_steps_taken(connection, path, len(migrations)) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


def let_readers_in(connection: sqlite3.Connection) -> None:
    """Switch the file to a write-ahead log, so that it can be read while another process writes.

    The file keeps this mode.  SQLite does not wait for a lock here: if another process has just created the file and is
    writing to it, that process switches the mode, and the error is ignored.
    """
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        # SQLite makes one of several processes fail that create a file at the same moment.
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection, *, writing: bool = True) -> Iterator[None]:
    """Run the block in a transaction: its changes are all written or none, and what it reads is of one moment."""
    # IMMEDIATE waits for the write lock now.  After a plain BEGIN, SQLite refuses to write if another process has
    # written since the first read.
    connection.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _steps_taken(connection: sqlite3.Connection, path: Path, known: int) -> int:
    """Return how many migrations have been applied to a file."""
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
    # A new file has no id, no version and no tables; anything else without our id belongs to another program.
    if application != APPLICATION_ID and (application or version or tables):
        raise GradebookError(
            f"{path}: is a database of another program; move it away, or name another file with --gradebook."
        )
    if version > known:
        raise GradebookError(
            f"{path}: was written by a newer grader (form {version}; this grader knows forms up to {known}); "
            "update the grader, or name another file with --gradebook."
        )
    return version
