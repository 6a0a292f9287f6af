"""JUnit XML, for continuous integration and dashboards: a suite for each submission and a case for each check."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Final

from grader.exports.comments import EXCUSED, details
from grader.exports.records import Choices, Export
from grader.gradebook.records import Entry
from grader.ground.text import clean, number
from grader.reports.text import STATUS_WORDS, title_of
from grader.results.scoring import CheckResult

# Not allowed in XML, but left alone by `clean`, since these are not control characters.
_NO_XML: Final = re.compile("[\ufffe\uffff]")
_KINDS: Final = {"failed": "failure", "error": "error", "timeout": "error", "crashed": "error", "not_run": "skipped"}


def write(entries: Sequence[Entry], choices: Choices) -> Export:
    """Write the document.

    A submission without a score has one more case: an error that says why, or a skipped one if the student is excused.
    """
    suites = [_suite(entry) for entry in entries]
    root = ET.Element("testsuites", {"name": _text(choices.title), **_totals(suites)})
    root.extend(suites)
    ET.indent(root)
    return Export(ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")


def _suite(entry: Entry) -> ET.Element:
    result = entry.attempt.result
    suite = ET.Element("testsuite", {"name": _text(result.submission.id, limit=200)})
    properties = ET.SubElement(suite, "properties")
    score = "" if entry.score is None else number(entry.score)
    facts = {
        "score": score,
        "max_score": number(result.max_score),
        "profile": entry.attempt.profile,
        "isolation": entry.attempt.isolation,
        "sha256": result.submission.sha256,
    }
    for name, value in facts.items():
        ET.SubElement(properties, "property", {"name": name, "value": value})
    cases = [_case(check) for check in result.checks]
    if entry.excused:
        case = ET.Element("testcase", {"classname": "grader", "name": "grades the submission", "time": "0.000"})
        ET.SubElement(case, "skipped", {"type": "excused", "message": EXCUSED}).text = EXCUSED
        cases.append(case)
    elif entry.score is None:
        case = ET.Element("testcase", {"classname": "grader", "name": "grades the submission", "time": "0.000"})
        problem = _text(result.problem or "The submission was not graded.")
        ET.SubElement(case, "error", {"type": "infrastructure_error", "message": _line(problem)}).text = problem
        cases.append(case)
    count = {kind: sum(case.find(kind) is not None for case in cases) for kind in ("failure", "error", "skipped")}
    suite.attrib |= {
        "tests": str(len(cases)),
        "failures": str(count["failure"]),
        "errors": str(count["error"]),
        "skipped": str(count["skipped"]),
        "time": f"{result.seconds:.3f}",
    }
    if entry.attempt.graded_at:
        suite.set("timestamp", entry.attempt.graded_at)
    suite.extend(cases)
    return suite


def _case(check: CheckResult) -> ET.Element:
    place = f"task{check.task}.{check.function}" if check.function else f"task{check.task}"
    name = _text(check.id if title_of(check) == check.id else f"{check.id}: {title_of(check)}", limit=200)
    case = ET.Element("testcase", {"classname": place, "name": name, "time": f"{check.seconds:.3f}"})
    if check.status in _KINDS:
        word = STATUS_WORDS[check.status] or check.status
        text = _text(details(check))
        ET.SubElement(case, _KINDS[check.status], {"type": word, "message": _line(text)}).text = text
    return case


def _totals(suites: Sequence[ET.Element]) -> dict[str, str]:
    names = ("tests", "failures", "errors", "skipped")
    totals = {name: str(sum(int(suite.attrib[name]) for suite in suites)) for name in names}
    return totals | {"time": f"{sum(float(suite.attrib['time']) for suite in suites):.3f}"}


def _text(text: str, *, limit: int = 4000) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", clean(text, limit=limit))


def _line(text: str) -> str:
    """Return the first line of a text, for an attribute."""
    return text.partition("\n")[0]
