"""The isolation levels: one object each, which says and does all that differs between them.

Both sides of the sandbox use this room, and it uses neither.  A new level is a module here, a line in `LEVELS`, and the
attacks and trials that the tests run at every level.
"""

from typing import Final

from grader.sandbox.levels.landlock import Landlock
from grader.sandbox.levels.level import Level
from grader.sandbox.levels.namespaces import Namespaces
from grader.sandbox.levels.process import Process

LEVELS: Final[dict[str, Level]] = {level.name: level for level in (Process(), Landlock(), Namespaces())}
"""By name, from the weakest to the strongest."""
