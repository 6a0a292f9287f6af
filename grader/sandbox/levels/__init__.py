"""The isolation levels, each of them an object that holds all that differs between it and the others.

Both sides of the sandbox import this package, and it imports neither.  To add a level, add a module here and an entry
in `LEVELS`; the tests then run all attacks and trials at that level, too.
"""

from typing import Final

from grader.sandbox.levels.landlock import Landlock
from grader.sandbox.levels.level import Level
from grader.sandbox.levels.namespaces import Namespaces
from grader.sandbox.levels.process import Process

LEVELS: Final[dict[str, Level]] = {level.name: level for level in (Process(), Landlock(), Namespaces())}
"""The isolation levels by name, from the weakest to the strongest."""
