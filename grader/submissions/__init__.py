"""Find submissions, and turn each into one Python module whose every line is traced back to cell and line.

    discover(paths)  →  SubmissionFile, ...      what is there, with an id each
    submissions_in(paths)  →  SubmissionFile     the same, and what was downloaded from Canvas, Moodle or Gradescope
    choose(folder)  →  SubmissionFile            the one that a single student's folder is
    read_submission(file)  →  Submission         the module to execute, and what was left out of it
    fetch(file)  →  SubmissionBytes              the first half of that, and
    parse_submission(bytes)  →  Submission       the second, which may be done elsewhere
    read_apart, parse_apart                      the same in a process of their own, which has a clock

Nothing here executes a submission, and nothing a submission holds makes either function raise: what is wrong
with a file is said in its `problem` and `notes`, for the student to read.

Code cells are counted from 1 at the top of the notebook; text cells are not counted, empty code cells are.
"Code cell 3, line 2" is therefore the second line of the third code cell, whatever number Jupyter showed in
its brackets when the cell ran.
"""

from grader.submissions.apart import parse_apart, read_apart
from grader.submissions.downloads import submissions_in
from grader.submissions.files import choose, discover
from grader.submissions.reading import fetch, parse_submission, read_submission, sha256_of
from grader.submissions.records import Note, Submission, SubmissionBytes, SubmissionFile

__all__ = [
    "Note",
    "Submission",
    "SubmissionBytes",
    "SubmissionFile",
    "choose",
    "discover",
    "fetch",
    "parse_apart",
    "parse_submission",
    "read_apart",
    "read_submission",
    "sha256_of",
    "submissions_in",
]
