"""How much of the code of two submissions is the same, beyond what the task forces: evidence for people, never points.

    read_all(files)  →  Code, ...            the code of each, as pieces that no disguise changes
    compare(codes, taught)  →  Comparison    the pairs of a class by what they share of their own, the most alike first
    passages_of(one, other)  →  Passage, ... where it stands, side by side

No code of a submission is run, and nothing here knows of points or of the gradebook.
"""

from grader.similarity.comparing import FLAGGED_FROM, LEAST_CLASS, compare
from grader.similarity.passages import passages_of
from grader.similarity.reading import read_all, starters
from grader.similarity.records import Code, Comparison, Pair, Passage

__all__ = [
    "FLAGGED_FROM",
    "LEAST_CLASS",
    "Code",
    "Comparison",
    "Pair",
    "Passage",
    "compare",
    "passages_of",
    "read_all",
    "starters",
]
