"""Exports to other systems: a module for each format, whose `write` is a pure function of the gradebook's entries."""

from __future__ import annotations

from typing import Final

from grader.exports import canvas, document, gradescope, junit, moodle, nbgrader
from grader.exports.records import Choices, Export, Format, entries_of, report_of

__all__ = ["FORMATS", "Choices", "Export", "Format", "entries_of", "report_of"]

FORMATS: Final = (
    Format("gradescope", "results.json of a Gradescope autograder, for one submission", gradescope.write),
    Format("canvas", "gradebook CSV of Canvas, a downloaded one filled with --into", canvas.write, "may"),
    Format("moodle", "grading worksheet CSV of Moodle, filled", moodle.write, "must"),
    Format("nbgrader", "CSV with the columns of nbgrader's export", nbgrader.write),
    Format("junit", "JUnit XML, a suite for each submission", junit.write),
    Format("json", "the grader's own JSON, as --json prints it", document.write),
)
"""Every format that `grader export` offers."""
