"""The HTML pages: one for the class and one for each student, in a folder that needs no server.

A page loads nothing and sends nothing: styles and the one script are inside it, and its content security policy allows
only these, by their digests.
"""

from __future__ import annotations

from grader.reports.site.students import StudentPage, page_of
from grader.reports.site.writing import write_site, write_timings

__all__ = ["StudentPage", "page_of", "write_site", "write_timings"]
