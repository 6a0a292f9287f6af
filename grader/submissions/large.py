"""Read only the code cells of a large notebook, as a stream, because its outputs may have any size.

A notebook with pictures in its outputs has tens of megabytes, and several times as many as an object in memory.  So its
JSON is scanned piece by piece, and only the text, the metadata and the type of each code cell are kept.  They are
parsed later like any notebook; of the rest, only quotes and brackets are verified to match.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from grader.submissions.files import MAX_CODE_BYTES, ReadError

_MOST_KEPT: Final = 12 * MAX_CODE_BYTES
"""The most bytes of JSON that are kept; a character may be written as an escape of six or twelve bytes."""

_MOST_METADATA: Final = 100_000  # longer metadata are dropped; they only tell the language of the cell
_KEPT_KEYS: Final = frozenset((b"cell_type", b"source", b"input", b"language", b"metadata"))

# What can be skipped: text without brackets, and whole strings.  The inner repeats are possessive (`++`, `*+`), so that
# no text can cause much backtracking.  The repeats of groups are not: with a possessive one, Python 3.11.2, which is in
# Debian 12, matches too little.
_SKIPPED: Final = re.compile(rb'(?:[^"{}\[\]]++|"[^"\\]*+(?:\\.[^"\\]*+)*")*', re.DOTALL)
_IN_STRING: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*', re.DOTALL)
_BETWEEN: Final = re.compile(rb'[^"{}\[\]:,]*+')


def code_only(pieces: Iterable[bytes], name: str) -> bytes:
    """Return a notebook that is reduced to its code cells, as JSON.

    Args:
        pieces: The content of the file, in pieces of any size.
        name: The name of the file, for messages.

    Raises:
        ReadError: If it is not JSON, or its code cells hold far more than code.
    """
    reader = _Reader(name)
    for piece in pieces:
        reader.feed(piece)
    return reader.end()


class _Reader:
    """A scanner of a notebook's JSON.

    Each open bracket that may contain cells has a role: `notebook`, `sheets`, `sheet`, `cells` or `cell`. All other
    brackets are only counted; what is in them is kept if it belongs to a value that is kept, else skipped.

    Args:
        name: The name of the file, for messages.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._roles: list[str] = []
        self._depth = 0  # number of open brackets without a role
        self._rest = b""  # the end of the last piece, if it cuts an escape in a string in two
        self._in_string = False
        self._key: bytearray | None = None  # the string that is being read, if it may be a key
        self._last = b""  # the last string that was read; a key if a colon follows
        self._name_of_value = b""
        self._value: bytearray | None = None  # the value of a cell that is being kept
        self._cell: dict[bytes, bytes] = {}
        self._too_much = False
        self._begun = self._has_cells = self._has_others = False
        self._kept: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> None:
        """Scan the next piece of the file."""
        data = self._rest + piece
        at = 0
        self._rest = b""
        while at < len(data):
            if self._in_string:
                at = self._through_string(data, at)
                if self._rest:
                    return
            elif self._depth and self._value is None:
                found = _SKIPPED.match(data, at)
                at = found.end() if found else at
                if at < len(data):
                    at = self._sign(data, at)
            else:
                found = _BETWEEN.match(data, at)
                end = found.end() if found else at
                self._keep(data[at:end])
                at = self._sign(data, end) if end < len(data) else end

    def _through_string(self, data: bytes, at: int) -> int:
        found = _IN_STRING.match(data, at)
        end = found.end() if found else at
        if end < len(data) and data[end : end + 1] == b"\\":  # half an escape
            self._rest = data[end:]
        self._keep(data[at:end])
        # No key that matters is longer, and a string that is not a key may have megabytes.
        if self._key is not None and len(self._key) < 100:
            self._key += data[at : min(end, at + 100)]
        if end < len(data) and not self._rest:
            self._in_string = False
            self._keep(b'"')
            self._last, self._key = bytes(self._key or b""), None
            end += 1
        return end

    def _keep(self, text: bytes) -> None:
        """Append to the value that is being kept, unless it becomes too long."""
        if self._value is None:
            return
        most = _MOST_METADATA if self._name_of_value == b"metadata" else _MOST_KEPT
        if len(self._value) + len(text) > most:
            self._too_much = True
        else:
            self._value += text

    def _sign(self, data: bytes, at: int) -> int:
        """Process a bracket, a quote, a colon or a comma; returns the position after it."""
        sign = data[at : at + 1]
        role = self._roles[-1] if self._roles else ""
        inside = self._depth > 0
        if sign == b'"':
            self._in_string = True
            self._key = bytearray() if not inside and self._value is None else None
            self._keep(sign)
        elif sign in b"{[":
            self._open(sign, role, inside)
        elif sign in b"}]":
            self._close(sign, role, inside)
        elif inside or (self._value is not None and sign == b":"):
            self._keep(sign)
        elif sign == b":":
            self._name_of_value = self._last
            if role == "cell" and self._last in _KEPT_KEYS:
                self._value, self._too_much = bytearray(), False
        else:
            self._end_value()
        return at + 1

    def _open(self, sign: bytes, role: str, inside: bool) -> None:
        if self._value is not None:
            self._keep(sign)
        opened = ""
        if not inside and self._value is None:
            key = self._name_of_value
            if not self._roles and sign == b"{" and not self._begun:
                opened, self._begun = "notebook", True
            elif role in ("notebook", "sheet") and sign == b"[" and key == b"cells":
                opened, self._has_cells = "cells", True
            elif role == "notebook" and sign == b"[" and key == b"worksheets":
                opened, self._has_cells = "sheets", True
            elif role == "sheets" and sign == b"{":
                opened = "sheet"
            elif role == "cells" and sign == b"{":
                opened, self._cell = "cell", {}
            elif not self._roles:
                raise self._no_notebook()
        if opened:
            self._roles.append(opened)
        else:
            self._depth += 1

    def _close(self, sign: bytes, role: str, inside: bool) -> None:
        if inside:
            self._depth -= 1
            self._keep(sign)
            return
        if not role or (sign == b"]") != (role in ("cells", "sheets")):
            raise self._no_notebook()
        self._end_value()
        self._roles.pop()
        if role == "cell":
            self._end_cell()

    def _end_value(self) -> None:
        if self._value is None:
            return
        if not self._too_much:
            self._cell[self._name_of_value] = bytes(self._value).strip()
        elif self._name_of_value != b"metadata":
            self._cell[b"too much"] = b""
        self._value = None

    def _end_cell(self) -> None:
        if self._cell.get(b"cell_type") != b'"code"':
            self._has_others = True
            return
        self._size += 20 + sum(map(len, self._cell.values()))
        if b"too much" in self._cell or self._size > _MOST_KEPT:
            megabytes = MAX_CODE_BYTES // 1_000_000
            raise ReadError(f"{self._name} holds more than {megabytes} MB of code; hand in code only.")
        self._kept.append(b"{%s}" % b",".join(b'"%s":%s' % pair for pair in self._cell.items()))

    def end(self) -> bytes:
        """Return the reduced notebook as JSON, after the last piece.

        Raises:
            ReadError: If the JSON is incomplete.
        """
        if not self._begun and not self._rest and not self._in_string:
            return b""
        if self._roles or self._depth or self._in_string or self._rest:
            raise self._no_notebook()
        if not self._has_cells:
            return b"{}"
        # A notebook with text cells only is reported as such, and not as one without cells.
        if self._has_others:
            self._kept.append(b'{"cell_type":"markdown"}')
        return b'{"cells":[%s]}' % b",\n".join(self._kept)

    def _no_notebook(self) -> ReadError:
        return ReadError(f"{self._name} is not a notebook: its JSON is not whole; save it again in Jupyter.")
