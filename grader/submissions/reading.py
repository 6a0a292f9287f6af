"""Read a file and make the `Submission` that is graded from it."""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterator

import msgspec

from grader.submissions.devices import lines_looking_for_devices
from grader.submissions.files import (
    MAX_CODE_BYTES,
    MAX_NOTEBOOK_BYTES,
    MAX_WHOLE_BYTES,
    ReadError,
    printable,
    read_bytes,
    read_pieces,
)
from grader.submissions.large import code_only
from grader.submissions.notebook import CodeCell, code_cells, script_to_python, to_python
from grader.submissions.parsing import ParseError, parse, recover, split_lines
from grader.submissions.program import CONTRACT, calls_outside, largest_row, modules_imported, writes_out_sizes
from grader.submissions.records import Note, Submission, SubmissionBytes, SubmissionFile
from grader.submissions.slicing import slice_module
from grader.submissions.unwritten import unwritten_functions
from grader.submissions.versions import pythons_needed


def read_submission(file: SubmissionFile) -> Submission:
    """Read and parse a submission: `fetch`, then `parse_submission`."""
    return parse_submission(fetch(file))


def fetch(file: SubmissionFile) -> SubmissionBytes:
    """Read the bytes of a submission without parsing them; if they cannot be read, `problem` says why."""
    if file.problem:
        return SubmissionBytes(file, b"")
    try:
        return _bytes(file)
    except ReadError as error:
        return SubmissionBytes(msgspec.structs.replace(file, problem=str(error)), b"")


def parse_submission(handed_in: SubmissionBytes) -> Submission:
    """Parse the bytes of a submission.

    A file is a notebook if its name ends in `.ipynb`, or if it contains JSON and its name does not end in `.py`.

    Returns:
        The submission.  If nothing of it can be graded, its `problem` says why.
    """
    file, data = handed_in.file, handed_in.data
    suffix = file.path.suffix.lower()
    result = Submission(file.id, file.path, "", "notebook" if suffix == ".ipynb" else "py", file.problem)
    if file.problem:
        return result
    name = printable(file.path.name)
    try:
        result = msgspec.structs.replace(result, sha256=_sha256(handed_in))
        if suffix not in (".py", ".ipynb") and data.lstrip()[:1] == b"{":
            result = msgspec.structs.replace(result, kind="notebook")
        if not data.strip():
            raise ReadError(f"{name} is empty.")
        cells = code_cells(data, name) if result.kind == "notebook" else [CodeCell(_decode(data, name))]
        if sum(len(cell.text) for cell in cells) > MAX_CODE_BYTES:
            raise ReadError(f"{name} holds more than {MAX_CODE_BYTES // 1_000_000} MB of code; hand in code only.")
        return _from_notebook(result, cells) if result.kind == "notebook" else _from_text(result, cells[0].text, name)
    except ReadError as error:
        return msgspec.structs.replace(result, problem=str(error))
    except RecursionError:  # from walking a deeply nested tree that the parser has accepted
        return msgspec.structs.replace(result, problem=f"{name} has code that is nested too deeply to be read.")


def sha256_of(file: SubmissionFile) -> str:
    """Return the SHA-256 of a submission's file without parsing it; empty if the file cannot be read."""
    handed_in = fetch(file)
    return "" if handed_in.file.problem else _sha256(handed_in)


def _sha256(handed_in: SubmissionBytes) -> str:
    return handed_in.sha256 or hashlib.sha256(handed_in.data).hexdigest()


def _bytes(file: SubmissionFile) -> SubmissionBytes:
    """Read the bytes of a file, or of a large notebook only its code, as a stream.

    Raises:
        ReadError: If the file cannot be read or is too large.
    """
    # The digest is always of the whole file, even if only its code is kept.
    if file.path.suffix.lower() == ".py":
        return SubmissionBytes(file, read_bytes(file.path, MAX_CODE_BYTES))
    whole: list[bytes] = []
    digest = hashlib.sha256()
    pieces = read_pieces(file.path, MAX_NOTEBOOK_BYTES)
    for piece in pieces:
        digest.update(piece)
        whole.append(piece)
        if sum(map(len, whole)) > MAX_WHOLE_BYTES:
            break
    else:
        return SubmissionBytes(file, b"".join(whole))

    def all_pieces() -> Iterator[bytes]:
        # Each piece is freed when it has been used, so that the memory does not grow with the notebook.
        whole.reverse()
        while whole:
            yield whole.pop()
        for piece in pieces:
            digest.update(piece)
            yield piece

    code = code_only(all_pieces(), printable(file.path.name))
    return SubmissionBytes(file, code, digest.hexdigest())


def _decode(data: bytes, name: str) -> str:
    r"""Decode a `.py` file by its byte order mark or coding cookie (PEP 263); line ends become `\n`.

    Raises:
        ReadError: If it is not text.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except SyntaxError as error:  # an unknown or contradictory cookie, or first two lines that are not UTF-8
        raise ReadError(f"{name} cannot be read as text: {error.msg}.") from None
    except (UnicodeError, LookupError):
        raise ReadError(f"{name} is not {encoding} text; save it as UTF-8.") from None
    if "\0" in text:
        raise ReadError(f"{name} is not Python text: it holds null bytes.")
    return "\n".join(split_lines(text))


def _from_text(submission: Submission, written: str, name: str) -> Submission:
    text, origins = script_to_python(written)
    try:
        lines, statements, errors = recover(text)
    except ParseError as error:
        # Code for a newer Python must not cost points: the grader's Python is too old for it.
        if version := pythons_needed([text])[0]:
            return msgspec.structs.replace(submission, needs_python=version, as_written=text, cells=(written,))
        where = f"{name}, line {origins[min(error.line, len(origins)) - 1]}" if error.line else name
        raise ReadError(f"{where}: {error.message}; nothing in the file can be graded.") from None
    places: list[tuple[int | None, int]] = [(None, number) for number in origins]
    notes = [
        Note(*places[min(e.line, len(places)) - 1], f"This block does not parse and was left out: {e.message}.", True)
        for e in errors
    ]
    if errors:
        needed = pythons_needed([text, *(error.text for error in errors)])
        submission = msgspec.structs.replace(submission, needs_python=_newest(needed))
    return _sliced(submission, lines, statements, places, notes, text, (written,))


def _newest(versions: list[str]) -> str:
    """Return the newest of some versions of Python; a version may be empty."""
    return max(versions, key=lambda version: tuple(map(int, version.split("."))) if version else ())


def _from_notebook(submission: Submission, cells: list[CodeCell]) -> Submission:
    lines: list[str] = []
    program: list[str] = []
    places: list[tuple[int | None, int]] = []
    statements: list[ast.stmt] = []
    notes: list[Note] = []
    refused: list[str] = []
    for number, written in enumerate(cells, 1):
        cell = to_python(written.text, written.language)
        run = cell.text
        if cell.error is not None:
            run = _salvaged(written.text, cell.text)
            refused.append(cell.refused)
            message = f"This cell does not parse, so nothing in it counts: {cell.error.message}."
            notes.append(Note(number, max(cell.error.line, 1), message, True))
        elif cell.other_language:
            message = f"This cell is not run as Python, for {cell.other_language}."
            notes.append(Note(number, 1, message))
        else:
            for statement in parse(cell.text):
                ast.increment_lineno(statement, len(lines))
                statements.append(statement)
        part = cell.text.split("\n")
        lines += part
        program += run.split("\n")
        places += [(number, line) for line in range(1, len(part) + 1)]
    if refused:
        submission = msgspec.structs.replace(submission, needs_python=_newest(pythons_needed(refused)))
    result = _sliced(submission, lines, statements, places, notes, None, tuple(cell.text for cell in cells))
    return msgspec.structs.replace(result, program="\n".join(program) + "\n")


def _salvaged(text: str, nothing: str) -> str:
    """Return those blocks of a broken cell that parse, each on its own lines, for the run of the whole program.

    Args:
        text: The cell.
        nothing: What to return if no block can be saved: blank lines, as many as the cell has.
    """
    try:
        lines, _, _ = recover(text)
    except ParseError:
        return nothing
    return "\n".join(lines)


def _sliced(
    submission: Submission,
    lines: list[str],
    statements: list[ast.stmt],
    places: list[tuple[int | None, int]],
    notes: list[Note],
    as_written: str | None,
    cells: tuple[str, ...],
) -> Submission:
    # These look at all statements, so they come before `slice_module`, which changes the statements in place.
    calls = calls_outside(statements, CONTRACT)
    looks = lines_looking_for_devices(statements)
    imports = modules_imported(statements)
    part = slice_module(lines, statements)
    unwritten = unwritten_functions(statements, CONTRACT)
    source = "\n".join(part.lines) + "\n"
    notes = notes + [Note(*places[line - 1], message) for line, message in part.notes]
    trains = [Note(*places[line - 1], message) for line, message in part.trains_at_load]
    return msgspec.structs.replace(
        submission,
        source=source,
        as_written=source if as_written is None else as_written,
        program="\n".join(lines) + "\n",
        notes=tuple(sorted(notes, key=lambda note: (note.cell or 0, note.line))),
        # Loading a notebook trains nothing: its cells are run by hand, one by one.
        trains_at_load=() if as_written is None else tuple(trains),
        line_map=tuple(places),
        cells=cells,
        functions=part.functions,
        calls=calls,
        unwritten=unwritten,
        looks_for_devices=looks,
        imports=imports,
        largest_row=largest_row(statements),
        writes_out_sizes=writes_out_sizes(statements),
    )
