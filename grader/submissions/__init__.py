"""Find submissions, and turn each into a Python module whose lines can be traced back to cells and lines.

    discover(paths)  →  [SubmissionFile]         the submissions in files and folders, each with an id
    submissions_in(paths)  →  [SubmissionFile]   also those in downloads from Canvas, Moodle and Gradescope
    choose(folder)  →  SubmissionFile            the submission in one student's folder
    read_submission(file)  →  Submission         the module to execute, and notes on what was left out of it
    fetch(file)  →  SubmissionBytes              the first half of `read_submission`: read the bytes
    parse_submission(bytes)  →  Submission       the second half, which can run on another machine
    read_apart, parse_apart                      `read_submission` and `parse_submission` in a process with a time limit

No submission is executed here, and no content of a file makes these functions raise an exception: what is wrong with
a file is put into its `problem` and `notes`, for the student to read.

Code cells are counted from 1 at the top of the notebook, including empty ones; text cells are not counted.  "Code cell
3, line 2" is therefore the second line of the third code cell, whatever number Jupyter showed in its brackets.
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
