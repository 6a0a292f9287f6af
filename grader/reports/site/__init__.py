"""The pages people read: one for the class, one for each student, in a folder that needs no server.

Nothing is loaded from anywhere and nothing leaves: styles and the one script are in the pages, whose
content security policy allows these alone, by their digests.
"""

from __future__ import annotations

from grader.reports.site.students import StudentPage, page_of
from grader.reports.site.writing import write_site, write_timings

__all__ = ["StudentPage", "page_of", "write_site", "write_timings"]
