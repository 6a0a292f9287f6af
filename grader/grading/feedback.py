"""Feedback files for students: Markdown for each submission, and for a notebook also a copy with the feedback in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from grader.gradebook.visibility import Hidden, seen_result
from grader.ground.files import write_whole
from grader.ground.notes import say
from grader.reports import markdown, notebook
from grader.results.scoring import Report, Result
from grader.submissions import SubmissionFile, read_apart
from grader.submissions.files import MAX_WHOLE_BYTES, ReadError, read_bytes


def write_feedback(
    report: Report, folder: Path, *, hidden_from: Callable[[Result], Hidden] = lambda result: Hidden()
) -> None:
    """Write the feedback of each submission: as Markdown, and for a notebook also as a copy with the feedback in it.

    Args:
        report: The results.
        folder: The folder to write to; the files go into its subfolder `feedback/`.
        hidden_from: Returns what the student must not see of a result yet; by default nothing is hidden.
    """
    target = folder / "feedback"
    target.mkdir(parents=True, exist_ok=True)
    for whole in report.results:
        hidden = hidden_from(whole)
        result = seen_result(whole, hidden)
        name = result.submission.id
        write_whole(target / f"{name}.md", markdown.feedback(report, result, more_from=hidden.until).encode())
        if result.submission.kind == "notebook":
            content = _own_notebook(report, result, hidden.until)
            if content is not None:
                write_whole(target / f"{name}.ipynb", content)


def _own_notebook(report: Report, result: Result, more_from: str) -> bytes | None:
    """Return a copy of the student's notebook with the feedback in it, or `None` if it cannot be made."""
    path = Path(result.submission.path)
    try:
        submission = read_apart(SubmissionFile(result.submission.id, path))
        if submission.problem or submission.sha256 != result.submission.sha256:
            return None
        data = read_bytes(path, MAX_WHOLE_BYTES)
        if hashlib.sha256(data).hexdigest() != submission.sha256:
            return None  # the file was replaced after it had been parsed
        return notebook.annotated(data, submission, report, result, more_from=more_from)
    except ReadError:
        return None
    except Exception as error:  # a notebook may contain anything, and the Markdown file has the feedback as well
        name = result.submission.id
        say(f"{name}: no feedback in the notebook ({type(error).__name__}), see {name}.md.")
        return None
