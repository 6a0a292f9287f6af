"""Find submissions that share more code than the task explains.

The result is evidence for people and never changes points.

    read_all(files)  →  Code, ...             the code of each submission, as pieces that usual disguises do not change
    compare(codes, taught)  →  Comparison     the pairs of a class, the most similar first
    passages_of(one, other)  →  Passage, ...  the passages that two submissions share

No code of a submission is run, and nothing in this folder knows about points or the gradebook.
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
