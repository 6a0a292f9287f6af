"""Find the cause in an exception's message, as a person would name it, without what libraries wrap around it.

Keras, TensorFlow and others catch exceptions and raise them again with their context in the message: the call, its
arguments, a list of nodes, a traceback as text, a whole configuration.  This module removes such context, and paths of
the machine.  The worker does so before it truncates a message to what may cross, because the cause is often at the end.
The trusted side does it again, because it cannot trust what a worker sends.

Both sides import this module, and it imports nothing from `grader`.
"""

from __future__ import annotations

import re
from typing import Final

_MOST: Final = 20_000
"""The number of characters examined; of a longer message, half of them are from its start and half from its end."""

_SHORT: Final = 240
"""A message of up to this many characters is shown whole."""

_NAME: Final = r"[A-Za-z_][\w.]*(?:Error|Exception|Warning|Interrupt|Exit|Iteration)"

# The message of the exception that was raised first follows the last match of this.
_WRAPPED: Final = re.compile(r"(?:\n\n?|\. )(?:Exception encountered|Error encountered|Original (?:error|exception)):")
_CALLED: Final = re.compile(r"Exception encountered when calling [^\n]*\n+")
_ARGUMENTS: Final = re.compile(r"\n+(?:Arguments received by|Call arguments received by) .*", re.DOTALL)
_USER_CODE: Final = re.compile(r"^\s*in user code:\n")
_IN_USER_CODE: Final = re.compile(rf"^ {{4}}({_NAME}): (.*)", re.MULTILINE | re.DOTALL)
_TRACEBACK: Final = re.compile(
    rf"(?:^|[:\s])({_NAME}): ([^\n]*(?:\n(?!Traceback)[^\n]+)*)\n+Traceback \(most recent call last\)"
)
_ROOT_ERRORS: Final = re.compile(r"\d+ root error\(s\) found\.\n\s*\(0\) (?:[A-Z_]+: +)?")
_OTHER_ROOT: Final = re.compile(r"\n\s*\(1\) .*", re.DOTALL)
_STACK_LINE: Final = re.compile(
    r"^(?:Graph execution error:|Detected at node.*|Node: .*|Stack trace for op definition:.*|\s*File \"[^\n]*)$",
    re.MULTILINE,
)
_NODES: Final = (
    re.compile(r"\s*\[\[\{\{node [^\n]*?\}\}\]\]"),
    re.compile(r"\{\{(?:function_)?node [^{}\n]*\}\} ?(?==)[^\n]*|\{\{(?:function_)?node [^{}\n]*\}\} ?"),
    re.compile(r"\s*\[Op:[^\]\n]*\](?: name: ?\S*)?"),
    re.compile(r"\s*\[\[[^\]\n]*\]\]\s*$"),
    re.compile(r" on /job:\S*(?: by allocator \S+)?"),
)
_FOR_NODE: Final = re.compile(r" for '\{\{node [^\n]*")
_FOUND_IN: Final = re.compile(r" \((?:unknown location|/[^()\n]*|[A-Za-z]:\\[^()\n]*)\)$", re.MULTILINE)
_LIBRARIES: Final = re.compile(r"(?:/[^\s'\"():,/]+)*/(?:(?:site|dist)-packages|lib(?:64)?/python3(?:\.\d+)?)/")
_DUMPS: Final = re.compile(
    r"(?:\s*Full object config: | Received: \[\[|\n\nconfig=\{|\s*Target variable: <).*", re.DOTALL
)
_ESCAPES: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_FILE_LINE: Final = re.compile(r"File \"([^\"\n]+)\", line (\d+), in ([^\s*]+)")


def first_cause(type_name: str, text: str, folders: tuple[str, ...] = ()) -> tuple[str, str]:
    """Remove from an exception's message what libraries wrapped around the cause.

    Args:
        type_name: The name of the exception's type.
        text: Its message.
        folders: Folders of the machine, to be removed from the paths that begin with them.

    Returns:
        The type and the message of the cause.  The type is another one where the message names it.  Applied to its own
        result, the function changes nothing.
    """
    if len(text) > _MOST:
        text = f"{text[: _MOST // 2]}\n{text[-_MOST // 2 :]}"
    text = _ESCAPES.sub("", text.replace("\r\n", "\n"))
    for _ in range(8):  # wrappers are often nested
        before = type_name, text
        type_name, text = _unwrapped(type_name, text)
        if (type_name, text) == before:
            break
    text = _FOR_NODE.sub("", text)
    for pattern in _NODES:
        text = pattern.sub("", text)
    text = _FOUND_IN.sub("", _DUMPS.sub("", text))
    for folder in sorted(folders, key=len, reverse=True):
        if len(folder) > 1:
            text = re.sub(rf"(?<![\w/]){re.escape(folder.rstrip('/'))}/", "", text)
    return type_name, _LIBRARIES.sub("", text).strip()


def _unwrapped(type_name: str, text: str) -> tuple[str, str]:
    """Remove the outermost wrapper from a message, and return the type and the message inside it."""
    if _CALLED.match(text):
        return type_name, _ARGUMENTS.sub("", _CALLED.sub("", text, count=1)).strip()
    if (wrapped := list(_WRAPPED.finditer(text))) and text[wrapped[-1].end() :].strip():
        return type_name, text[wrapped[-1].end() :].strip()
    if _USER_CODE.match(text) and (found := _IN_USER_CODE.search(text)):
        return found[1].rpartition(".")[2], re.sub(r"(?m)^ {4}", "", found[2]).strip()
    if found := _TRACEBACK.search(text):
        return found[1].rpartition(".")[2], found[2].strip()
    if text.lstrip().startswith(("Graph execution error", "Detected at node")):
        text = _STACK_LINE.sub("", text)
        text = _OTHER_ROOT.sub("", _ROOT_ERRORS.sub("", text, count=1))
        lines = [line.strip() for line in text.split("\n")]
        return type_name, "\n".join(line for line in lines if line)
    return type_name, text


def sentence(type_name: str, text: str) -> str:
    """Shorten an exception to one or two sentences, without a full stop at the end."""
    said = text.strip()
    whole = " ".join(said.split())
    for link in ("; it came from ", "; it came up while ", "; the first is "):
        if link in whole:
            outer, _, first = whole.partition(link)
            return f"{sentence(type_name, outer)}{link}{sentence('', first)[2:]}"
    if len(whole) > _SHORT or "\n\n" in said:
        lines = [line.strip() for line in said.split("\n") if line.strip()]
        whole = lines[0]
        if whole.endswith(":") and len(lines) > 1:
            whole += f" {lines[1]}"
        parts = re.split(r"(?<=[.!?]) +(?=[A-Z`'\"])", whole)
        whole = " ".join(parts[:2])
        if len(whole) > 1.5 * _SHORT:
            whole = parts[0] if len(parts[0]) <= 1.5 * _SHORT else f"{parts[0][:_SHORT].rstrip()} …"
    whole = whole.rstrip(". ")
    return f"{type_name}: {whole}" if whole or not type_name else type_name


def places_in(text: str, file_name: str) -> list[tuple[int, str]]:
    """Return the lines and functions of a file that are named by a traceback inside an exception's message."""
    if not _USER_CODE.match(text) and "Traceback (most recent call last)" not in text:
        return []
    found = _FILE_LINE.findall(text[:_MOST])
    return [(int(line), name) for path, line, name in found if path.rpartition("/")[2] == file_name]
