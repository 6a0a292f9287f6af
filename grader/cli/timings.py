"""The command `grader timings`, which shows what `grader bench` has measured and compares two measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console

from grader.cli.app import app
from grader.cli.options import GRADEBOOK_FILE
from grader.gradebook.records import Timing
from grader.gradebook.store import Gradebook
from grader.ground.errors import UsageError, nearest
from grader.ground.text import utc
from grader.reports import timings as tables
from grader.reports.site import write_timings
from grader.results.scoring import SCHEMA_VERSION
from grader.speed.records import Measurement
from grader.speed.statistics import SpeedComparison, Summary, compare, summary

timings = cyclopts.App(name="timings", help="Show measurements of training speed, and compare two of them.")
app.command(timings)


@Parameter(name="*")
@dataclass(frozen=True)
class Chosen:
    """The options that choose among the measurements in a gradebook."""

    device: Annotated[
        str | None, Parameter(help="Only measurements on this device: cpu, gpu:0, or gpu for every GPU.")
    ] = None
    backend: Annotated[str | None, Parameter(help="Only measurements with this Keras backend.")] = None
    machine: Annotated[str | None, Parameter(help="Only measurements on machines whose id begins with this.")] = None
    since: Annotated[
        str | None,
        Parameter(help="Only measurements from this date on, such as 2026-06-01, or from a time with time zone."),
    ] = None
    gradebook: Annotated[Path, Parameter(help="The gradebook.")] = GRADEBOOK_FILE

    def find(self, names: Sequence[str]) -> list[Timing]:
        """Return the chosen measurements of some submissions, or of all if none is named, oldest first.

        Raises:
            UsageError: If one of the submissions has none.
        """
        asked = {"device": self.device or "", "backend": self.backend or "", "machine": self.machine or ""}
        since = _moment(self.since) if self.since else ""
        with Gradebook.open(self.gradebook, must_exist=True) as book:
            found = book.measurements(*names, **asked, since=since)
            missing = set(names) - {timing.measurement.submission for timing in found}
            if missing:
                known = sorted({timing.measurement.submission for timing in book.measurements()})
                raise _none_of(min(missing), known, self.gradebook)
        return found


class _Measured(msgspec.Struct, frozen=True):
    """A measurement and its summary."""

    number: int
    summary: Summary
    measurement: Measurement


class _Listed(msgspec.Struct, frozen=True):
    """What `timings --json` prints."""

    timings: Sequence[_Measured]
    changes: Sequence[tables.Told]
    schema_version: int = SCHEMA_VERSION


class _Compared(msgspec.Struct, frozen=True):
    """What `timings compare --json` prints."""

    before: int
    after: int
    comparison: SpeedComparison
    schema_version: int = SCHEMA_VERSION


@timings.default
def show(
    *names: str,
    chosen: Chosen | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
) -> int:
    """List measurements, oldest first, and where a submission, the reference or the machine changed.

    Args:
        names: The submissions; by default, all of them.
        chosen: See `Chosen`.
        json: Print one JSON document, with every sample, and nothing else.
        output: Also write a page and charts into this folder.
    """
    found = (chosen or Chosen()).find(names)
    if output is not None:
        write_timings(output, found)
    if json:
        measured = [_Measured(each.number, summary(each.measurement), each.measurement) for each in found]
        print(msgspec.json.encode(_Listed(measured, tables.changes_in(found))).decode())
    else:
        tables.show_timings(Console(), found)
    return 0


@timings.command(name="compare")
def compare_timings(
    first: str,
    second: int | None = None,
    /,
    *,
    chosen: Chosen | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Compare two measurements: is the later one slower or faster, by more than noise?

    Args:
        first: The number of the earlier measurement, or a submission, whose last two measurements on one device and
            backend are compared.
        second: The number of the later measurement.
        chosen: See `Chosen`; options that choose among measurements apply only if a submission is named.
        json: Print one JSON document and nothing else.
    """
    options = chosen or Chosen()
    if second is None:
        before, after = _last_two(first, options.find([first]))
    else:
        if not first.isdecimal():
            raise UsageError(f"{first}: give two numbers, or a submission alone; `grader timings` lists both.")
        with Gradebook.open(options.gradebook, must_exist=True) as book:
            before, after = book.measurement(int(first)), book.measurement(second)
    found = compare(before.measurement, after.measurement)
    if json:
        print(msgspec.json.encode(_Compared(before.number, after.number, found)).decode())
    else:
        tables.show_comparison(Console(), before, after, found)
    return 0


def _last_two(name: str, found: Sequence[Timing]) -> tuple[Timing, Timing]:
    """Return the last two measurements on the device and backend of the last one, the earlier first.

    Raises:
        UsageError: If there are fewer than two.
    """
    measured = [timing for timing in found if timing.measurement.status == "measured"]
    last = measured[-1].measurement if measured else None
    alike = [
        timing
        for timing in measured
        if last is not None
        and timing.measurement.device == last.device
        and timing.measurement.machine.backend == last.machine.backend
    ]
    if len(alike) < 2:
        raise UsageError(f"{name}: was not measured twice on one device and backend, so there is nothing to compare.")
    return alike[-2], alike[-1]


def _none_of(name: str, known: Sequence[str], path: Path) -> UsageError:
    if name in known:
        return UsageError(f"{name}: none of its measurements fits; `grader timings {name}` lists them all.")
    return UsageError(f"{name}: was not measured, says {path}{nearest(name, known) if known else '.'}")


def _moment(text: str) -> str:
    """Return a date or time in the gradebook's format; a date alone means its first moment in UTC.

    Raises:
        UsageError: If the text is neither.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--since {text}: give a date, as in 2026-06-30, or a moment with its time zone.") from None
    return utc(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))
