"""Makes the pictures in the README from real output: `python docs/pictures.py`."""

from __future__ import annotations

import time
from io import StringIO
from pathlib import Path

from rich.console import Console

from grader.batch import Settings, Slot, make_report
from grader.course import Course
from grader.reports import terminal
from grader.sandbox.launch import best_level
from grader.submissions import discover

ROOT = Path(__file__).parent.parent
IMAGES = Path(__file__).parent / "images"


def main() -> None:
    """Grade a sample in the quick profile and save what a terminal shows of it."""
    settings = Settings(Course(), "quick", frozenset(), best_level())
    began = time.monotonic()
    with Slot(settings) as slot:
        result = slot.grade(discover([ROOT / "submissions" / "three-bugs.py"])[0]).result
    report = make_report(settings, [result], time.monotonic() - began)
    console = Console(record=True, width=88, file=StringIO(), force_terminal=True)
    console.print("$ grader check three-bugs.py", style="bold", highlight=False)
    terminal.show_result(console, result)
    console.print(terminal.summary(report, result), highlight=False, markup=False)
    IMAGES.mkdir(exist_ok=True)
    console.save_svg(str(IMAGES / "terminal.svg"), title="grader check")


if __name__ == "__main__":
    main()
