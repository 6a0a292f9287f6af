"""The command `grader similar`, which compares the submissions of a class with one another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console

from grader.cli.app import app
from grader.exports.similarity import Tool, export_code
from grader.ground.errors import UsageError
from grader.ground.notes import warn
from grader.reports import similarity
from grader.reports.site.similar import write_similar
from grader.similarity import Code, compare, passages_of, read_all, starters
from grader.submissions import discover, submissions_in


@app.command
def similar(
    paths: Annotated[tuple[Path, ...], Parameter(negative="")],
    /,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    taught: Annotated[tuple[Path, ...], Parameter(negative="")] = (),
    export: Annotated[tuple[Tool, Path] | None, Parameter(negative="")] = None,
) -> int:
    """Show which submissions of a class have more code in common than the task explains.

    The starter, code that was taught and code that most of the class have are removed first.  The result is evidence
    for you to look at: no points, gradebook or student's page are changed.  No code of a submission is run.

    Exit status: 0 the class was compared, 2 usage, 3 it could not be read.

    Args:
        paths: Files, folders, and zip files as learning systems export them.
        output: Also write pages into this folder, beginning with similar.html.
        json: Print one JSON document and nothing else.
        taught: A file, or a folder of files, with code that everybody was given (may be given more than once).
        export: Also write the code of the class for another tool: dolos or jplag, followed by a new folder.
    """
    if not paths:
        raise UsageError("name at least one file or folder to compare.")
    given = [*starters(), *_taught(taught)]
    # The notes about a download are about who was late, which does not matter here.
    with submissions_in(paths, lambda _: None) as files:
        codes = list(read_all(files))
    comparison = compare(codes, given)
    if len(comparison.compared) < 2:
        why = f"; {comparison.left_out[0][1]}" if comparison.left_out else "."
        raise UsageError(f"{', '.join(map(str, paths))}: name at least two submissions with code of their own{why}")
    command = "" if export is None else export_code(*export, codes, given)
    by_id = {code.id: code for code in codes}
    passages = {
        pair: passages_of(by_id[pair.first], by_id[pair.second], comparison.weights)
        for pair in similarity.shown_pairs(comparison)
    }
    if output is not None:
        write_similar(output, comparison, passages, by_id)
    for sentence in similarity.caveats(comparison):
        warn(sentence)
    if json:
        print(msgspec.json.encode(similarity.document(comparison, passages)).decode())
        return 0
    console = Console()
    similarity.show(console, comparison, passages)
    if output is not None:
        page = output / "similar.html"
        console.print(f"What they share begins at {page}.", highlight=False, markup=False, soft_wrap=True)
    if command:
        console.print(f"Compare it with: {command}", highlight=False, markup=False, soft_wrap=True)
    return 0


def _taught(paths: Sequence[Path]) -> list[Code]:
    """Return the code that everybody was given, besides the starters.

    Raises:
        UsageError: If a path has no Python code.
    """
    codes = list(read_all(discover(paths))) if paths else []
    for code in codes:
        if not code.pieces:
            raise UsageError(
                f"--taught {code.name}: has no Python to take away; {code.problem or 'name another file.'}"
            )
    if paths and not codes:
        raise UsageError(f"--taught {paths[0]}: there is no .py or .ipynb here.")
    return codes
