"""Checking a submission repeatedly while it is being written, each time only what the last change can affect.

    with Again(settings) as again:
        first = again.check(again.read(file))
        ...                                       # the student changes `subset_data`
        second = again.check(again.read(file))    # its checks are made, and those of the whole file

The sandbox keeps running in between, so that Keras is imported only once.  docs/design.md, "Checked again", explains
when a check is run again.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from grader.assignment.contract import Check
from grader.course import Course, Settings
from grader.grading.slots import Slot
from grader.results.artefacts import Artefact
from grader.results.changes import Change, changes
from grader.results.scoring import CheckResult, Graded, Outcome, make_result, with_kept
from grader.submissions import Submission, SubmissionFile, fetch, parse_apart
from grader.submissions.files import ReadError
from grader.submissions.forms import checks_of, form_of
from grader.submissions.needs import Need, code_of, need_of
from grader.submissions.parsing import ParseError

_UNENDED: Final = ("timeout", "crashed")


class Version:
    """A version of a submission, which can be compared with another version from the point of view of a check."""

    def __init__(self, submission: Submission, course: Course) -> None:
        """Wrap a submission; its code is analysed lazily, and once for each set of functions."""
        self.submission = submission
        self.form = form_of(submission, course.form).name
        self._needs: dict[frozenset[str], Need] = {}

    def same_for(self, check: Check, other: Version) -> bool:
        """Whether a check would run the same code in another version, ignoring where in the file the code is."""
        mine, others = self.submission, other.submission
        # Only the functions form can be cut down to what a check needs: a guided notebook always runs as a whole.
        if (mine.cells, mine.problem, self.form) == (others.cells, others.problem, other.form):
            return True
        return self.form == other.form == "functions" and self.code(check) == other.code(check)

    def code(self, check: Check) -> str:
        """Return the code that a check can cause to run, without comments and line numbers."""
        try:
            return self._need(check.needs).code if check.needs else self._whole
        except (ParseError, ReadError):  # code that cannot be cut down: compare all of it
            return "\n".join(self.submission.cells)

    @functools.cached_property
    def _whole(self) -> str:
        told = [(note.message, note.does_not_parse) for note in self.submission.notes]
        trains = [note.message for note in self.submission.trains_at_load]
        return f"{code_of(self.submission.as_written)}{told}{trains}"

    def places(self, check: Check) -> object:
        """Return where the code that a check can cause to run is in the file, and how it is written there."""
        try:
            needed = self._need(check.needs).lines if check.needs else None
        except (ParseError, ReadError):
            needed = None
        if needed is None:
            return self.submission.cells
        return [(self.submission.place_of(number), line) for number, line in needed]

    def _need(self, functions: frozenset[str]) -> Need:
        if functions not in self._needs:
            self._needs[functions] = need_of(self.submission.source, functions)
        return self._needs[functions]


class Kept(msgspec.Struct, frozen=True):
    """The last result of a check, kept for later versions.

    Attributes:
        result: The check's result.
        version: The version of the submission that it is about.
        artefacts: The check's artefacts.
    """

    result: CheckResult
    version: Version
    artefacts: tuple[Artefact, ...] = ()


class Checked(msgspec.Struct, frozen=True):
    """The outcome of checking a version of a submission.

    Attributes:
        graded: The whole result, made up of the checks that were run now and of kept results that still hold.
        made: The ids of the checks that were run now.
        changes: The checks whose status or points differ from the time before; empty the first time.
        first: Whether no result of any check was known before.
    """

    graded: Graded
    made: frozenset[str]
    changes: tuple[Change, ...]
    first: bool


class Again:
    """Checks successive versions of one submission in one sandbox, and keeps the results that still hold.

    Use it as a context manager, which ends the sandbox on exit.

    Attributes:
        settings: What is checked, and at which isolation level.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        # The sandbox watches one end of this pipe whenever it waits for a worker; a byte in it ends the wait.
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._slot = Slot(settings, interrupt=self._reader)
        self._kept: dict[str, Kept] = {}
        self._last: Version | None = None
        self._running: tuple[Version, tuple[Check, ...]] | None = None

    def __enter__(self) -> Again:
        """Return this object; the sandbox is started when it is first needed."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the sandbox."""
        self.close()

    def close(self) -> None:
        """End the sandbox; nothing can be checked afterwards."""
        self._slot.close()
        os.close(self._reader)
        os.close(self._writer)

    def prepare(self) -> None:
        """Load the data and start the sandbox, unless that has been done already.

        Raises:
            GraderError: If the data is not available, or the sandbox does not start.
        """
        self._slot.prepare()

    def read(self, file: SubmissionFile) -> Submission:
        """Read and parse a submission as it is now.

        Raises:
            GraderError: If the process that parses submissions failed.
        """
        return parse_apart(fetch(file))

    def interrupt(self) -> None:
        """Make a running `check` end with `Interrupted`; to be called from another thread."""
        os.write(self._writer, b".")

    @property
    def warm(self) -> bool:
        """Whether the sandbox is running."""
        return self._slot.sandbox is not None

    @property
    def at_work(self) -> bool:
        """Whether checks are being run."""
        return self._running is not None

    def outdated_by(self, newer: Submission) -> bool:
        """Whether a running `check` is running checks whose results a newer version makes obsolete.

        To be called from another thread.
        """
        running = self._running
        if running is None:
            return False
        version, checks = running
        now = Version(newer, self.settings.course)
        return any(not version.same_for(check, now) for check in checks)

    def asked(self, submission: Submission, wanted: frozenset[str] = frozenset()) -> tuple[Check, ...]:
        """Return the checks of a submission that the settings ask for.

        Args:
            submission: The submission.
            wanted: Names of functions and numbers of tasks to restrict the checks to; empty for no restriction.
        """
        form = form_of(submission, self.settings.course.form)
        checks = checks_of(form.name, self.settings.course, self.settings.profile, self.settings.tasks)
        return tuple(check for check in checks if not wanted or wanted & {check.function, str(check.task)})

    def due(self, submission: Submission, wanted: frozenset[str] = frozenset()) -> frozenset[str]:
        """Return the ids of the checks that have to be run again for a version of the submission."""
        return due(self._version(submission), self.asked(submission, wanted), self._kept)

    def _version(self, submission: Submission) -> Version:
        if self._last is None or self._last.submission is not submission:
            self._last = Version(submission, self.settings.course)
        return self._last

    def check(
        self,
        submission: Submission,
        on_check: Callable[[str, Outcome], None] | None = None,
        wanted: frozenset[str] = frozenset(),
    ) -> Checked:
        """Check a version of the submission, running only those checks whose results are not known.

        Args:
            submission: The version.
            on_check: Called with the id and the outcome of each check that is run, as it ends.
            wanted: See `asked`.

        Raises:
            Interrupted: If `interrupt` was called; the results found by then are kept.
            GraderError: If nothing can be graded.
        """
        with contextlib.suppress(BlockingIOError):
            os.read(self._reader, 4096)  # discard an interruption that came after the last check had ended
        asked = self.asked(submission, wanted)
        before = {check.id: self._kept[check.id] for check in asked if check.id in self._kept}
        version = self._version(submission)
        made = due(version, asked, self._kept)
        self._running = version, tuple(check for check in asked if check.id in made)
        graded = self._made(version, on_check, made)
        if graded.result.status == "graded":  # after a fault of the grader, no result is worth keeping
            ended = {check.id for check in graded.result.checks if check.status not in _UNENDED}
            if "setup/loads" in made - ended:
                # A submission that does not load makes every other check fail too, so their kept results do not hold.
                more = frozenset(check.id for check in asked) - made
                graded = _together(graded, self._made(version, on_check, more))
                made |= more
            for result in graded.result.checks:
                self._kept[result.id] = Kept(result, version, _of(result.id, graded.artefacts))
        kept = [each for id, each in before.items() if id not in made]
        whole = with_kept(graded.result, [each.result for each in kept], [check.id for check in asked])
        artefacts = (*graded.artefacts, *(artefact for each in kept for artefact in each.artefacts))
        known = [each.result for each in before.values()]
        differing = changes(known, [check for check in whole.checks if check.id in before])
        return Checked(Graded(whole, artefacts), made, differing, not before)

    def _made(self, version: Version, on_check: Callable[[str, Outcome], None] | None, ids: frozenset[str]) -> Graded:
        """Run some checks; if they are interrupted, keep the results of those that have ended."""
        submission, course = version.submission, self.settings.course
        ended: dict[str, Outcome] = {}

        def note(check: str, outcome: Outcome) -> None:
            ended[check] = outcome
            if on_check is not None:
                on_check(check, outcome)

        try:
            if ids:
                return self._slot.grade_parsed(submission, note, ids)
        except KeyboardInterrupt:
            found = {name: outcome for name, outcome in ended.items() if outcome.status is not None}
            checks = tuple(check for check in self.asked(submission) if check.id in found)
            for result in make_result(submission, course, checks, found, seconds=0.0).checks:
                self._kept[result.id] = Kept(result, version)
            raise
        finally:
            self._running = None
        return Graded(make_result(submission, course, (), {}, seconds=0.0))


def _of(check: str, artefacts: Iterable[Artefact]) -> tuple[Artefact, ...]:
    return tuple(artefact for artefact in artefacts if artefact.check == check)


def _together(one: Graded, other: Graded) -> Graded:
    result = with_kept(
        other.result, one.result.checks, [check.id for check in (*one.result.checks, *other.result.checks)]
    )
    seconds = one.result.seconds + other.result.seconds
    return Graded(msgspec.structs.replace(result, seconds=seconds), (*one.artefacts, *other.artefacts))


def due(now: Version, asked: Iterable[Check], kept: Mapping[str, Kept]) -> frozenset[str]:
    """Return the ids of the checks whose kept results may not hold for a version.

    A check of functions is run again if the code that those functions need has changed.  If its message names a line,
    it is also run again if the code has moved.  A guided notebook runs as a whole, and is checked as a whole.  If a
    check that had timed out or crashed is run again, so are all others that had: the time for all calls together is
    limited, and one check may have used up the time of the others.

    Args:
        now: The version that is to be checked.
        asked: The checks.
        kept: The kept results, by the check's id.
    """
    asked = tuple(asked)
    unknown = frozenset(check.id for check in asked if check.id not in kept)
    changed = {check.id for check in asked if check.id in kept and not _stands(check, kept[check.id], now)}
    unended = {check.id for check in asked if check.id in kept and kept[check.id].result.status in _UNENDED}
    return unknown | changed | (unended if unended & changed else set())


def _stands(check: Check, kept: Kept, now: Version) -> bool:
    """Whether the kept result of a check holds for another version."""
    names_a_place = kept.result.line is not None or "line " in kept.result.message
    return kept.version.same_for(check, now) and (not names_a_place or kept.version.places(check) == now.places(check))
