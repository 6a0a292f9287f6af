"""Keep the files that networks are saved to in the observed run, and resolve file names from the author's own session.

Untrusted side.  A notebook often loads a file such as `models/model_0.904.h5`, whose name contains a value that the
author's training reached.  This means the best checkpoint that this run kept under the same pattern.
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import Any, Final

import numpy as np

from grader.sandbox.inside.facts import digest_of
from grader.sandbox.inside.paths import local_path

_MAX_FILES: Final = 40
_MAX_PREDICTING: Final = 6
_MAX_FILE_BYTES: Final = 200 * 2**20
_MAX_BYTES: Final = 1000 * 2**20


class KeptFiles:
    """The files that networks were saved to.

    Attributes:
        files: For each path the digest of the network and the bytes of the file, both from when it was written, and the
            network itself.
        patterns: The file name patterns of the program's ModelCheckpoints, each with the quantity by which it chooses
            what to keep, or an empty string if it keeps every epoch.
        completed: The names and patterns to which an ending was added, since the program gave none that Keras 3
            accepts.
    """

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, bytes, Any]] = {}
        self.patterns: dict[str, str] = {}
        self.completed: set[str] = set()
        self.predicting: dict[str, list[Any]] = {}
        self._written: list[tuple[str, dict[str, float]]] = []

    def wrote(self, path: str, model: Any, values: dict[str, float]) -> None:
        """Keep a file that was written at the end of an epoch, together with the values of that epoch."""
        self._written += [(path, dict(values)), (os.path.abspath(path), dict(values))]
        self.keep(path, model)

    def keep(self, path: str, model: Any) -> None:
        """Keep the current content of a file that a network was saved to; the oldest files go if there are too many."""
        if len(self.files) >= _MAX_FILES and path not in self.files:
            return
        with contextlib.suppress(OSError):
            if os.path.isfile(path) and os.path.getsize(path) <= _MAX_FILE_BYTES:
                with open(path, "rb") as file:
                    self.files.pop(path, None)  # the newest comes last, and the oldest are dropped first
                    self.files[path] = (digest_of(model), file.read(), model)
                while sum(len(data) for _, data, _ in self.files.values()) > _MAX_BYTES:
                    del self.files[next(iter(self.files))]

    def predicts(self, model: Any) -> str:
        """Keep the weights of a network that predicts, as of the last few networks that did; return their digest."""
        digest = digest_of(model)
        self.predicting.pop(digest, None)
        self.predicting[digest] = model.get_weights()
        while len(self.predicting) > _MAX_PREDICTING:
            del self.predicting[next(iter(self.predicting))]
        return digest

    def drop_missing(self) -> None:
        """Forget the files that have been deleted since."""
        for path in [path for path in self.files if not os.path.exists(path)]:
            del self.files[path]

    def file(self, path: str) -> bytes | None:
        """Return the bytes of a file that a network was saved to, or `None` if there is none of that name."""
        found = self.files.get(path)
        return found[1] if found else None

    def network(self, path: Any) -> Any:
        """Return the network that was saved to a file, or `None` if there is none of that name."""
        return next((model for kept, (*_, model) in self.files.items() if _same(kept, path)), None)

    def weights(self, path: str) -> list[Any] | None:
        """Return the weights in a file that a network was saved to, in Keras' order, or `None` if there is none.

        The network itself loads the file, since only the program's classes can tell which weight belongs where.
        """
        if path not in self.files:
            return None
        _, data, model = self.files[path]
        before = model.get_weights()
        name = "weights-in.keras" if data[:2] == b"PK" else f"weights-in{'.weights' * path.endswith('.weights.h5')}.h5"
        with open(name, "wb") as file:
            file.write(data)
        try:
            model.load_weights(name)
            return [np.asarray(weight) for weight in model.get_weights()]
        finally:
            model.set_weights(before)
            os.remove(name)

    def resolved(self, path: Any) -> Any:
        """Return the file of this run that is meant by a name, which may come from another session.

        If there is no file of that name, this is the best one that was kept under a pattern that the name fits.  A name
        that fits no pattern of the program's own ModelCheckpoints is returned unchanged.
        """
        local = local_path(path)
        if not isinstance(local, str) or os.path.exists(local):
            return local
        endings = (".keras", ".h5", ".weights.h5")
        for ending in endings:
            if os.path.exists(local + ending) and any(_fits(name, local + ending) for name in self.completed):
                return local + ending
        for pattern in self.patterns:
            possible = ("", *endings) if pattern in self.completed else ("",)
            if any(_fits(pattern, local + ending) for ending in possible):
                best = self._best(pattern)
                if best:
                    return best
        return local

    def _best(self, pattern: str) -> str:
        """Return the file that was kept under a pattern at the best epoch, or an empty string if there is none.

        Of several equally good ones it is the last.
        """
        fits = re.compile(_pattern_regex(os.path.normpath(pattern.replace("\\", "/"))))
        kept = [(path, values) for path, values in self._written if fits.fullmatch(path.replace("\\", "/"))]
        if not kept:
            return ""
        chooses_by = self.patterns[pattern]
        if "loss" in (chooses_by or pattern) and (chooses_by or "acc" not in pattern):
            return min(reversed(kept), key=lambda item: item[1].get("val_loss", 0.0))[0]
        return max(reversed(kept), key=lambda item: item[1].get("val_accuracy", 0.0))[0]


def _same(one: str, other: Any) -> bool:
    return isinstance(other, str) and os.path.abspath(one) == os.path.abspath(other)


def _fits(pattern: str, path: str) -> bool:
    """Whether a ModelCheckpoint with this pattern could have written a path, here or in the author's session.

    An absolute path may start with the working folder of the author's session, so only its file name is compared.
    """
    pattern, path = (os.path.normpath(text.replace("\\", "/")) for text in (pattern, path))
    if re.fullmatch(_pattern_regex(pattern), path):
        return True
    elsewhere = any(os.path.isabs(text) or re.match(r"[A-Za-z]:", text) for text in (pattern, path))
    return elsewhere and bool(re.fullmatch(_pattern_regex(os.path.basename(pattern)), os.path.basename(path)))


def _pattern_regex(pattern: str) -> str:
    """Return a regular expression for the names that a ModelCheckpoint writes under a pattern.

    Each field stands for any number, and blanks are optional.
    """
    parts = re.split(r"\{[^{}]*\}", pattern)
    return r"\s*[-+]?\d*\.?\d+\s*".join(re.escape(part).replace(r"\ ", r"\s*") for part in parts)
