"""The trusted side of the observed run: it draws the images, sends the values of the script, and evaluates the notes.

Notes may be forged.  So conclusions are only drawn here from what would take a forger as much work as the truth: images
are recognised, the weights of an epoch are committed to before its values are sent, and networks are opened in the
examiner.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from grader.checks.common.context import Context
from grader.checks.common.evidence import CannotRebuild, Examiner
from grader.checks.common.hidden import seeded_generator
from grader.checks.common.student import TimeLeft, told, where
from grader.checks.common.verdict import CheckFailed
from grader.checks.guided.notes import Epoch, Failure, Note, Run, epoch_of, run_of
from grader.checks.guided.pictures import ENOUGH, Album, Recognised, draw
from grader.checks.guided.script import Script, write_script
from grader.sandbox.host.session import SubmissionError, Worker, WorkerGone
from grader.sandbox.wire import graphs, stand_ins
from grader.sandbox.wire.frames import Handle, TracebackLine
from grader.sandbox.wire.weights import weights_digest

Array = np.ndarray[Any, Any]

_FEW: Final = (400, 200)
"""The numbers of training and test images of the usual run."""

_REAL: Final = (50_000, 10_000)
"""The numbers of images that CIFAR-10 has, for programs that rely on them; the run takes half as long again."""

_ROWS_OF_A_CLASS: Final = 40
"""Images of one class among the training images of the usual run; few programs name a larger row."""

_FOR_A_ROW: Final = 12
"""Images in a run for each row that the largest number in a program names, so that one class has that many rows."""

_MOST_FITS: Final = 20
_MOST_RESTARTS: Final = 2
_MOST_DRAWN: Final = 100

STATEMENT_SECONDS = 90.0
"""The processor time that one statement of an observed run may take; a whole program takes about five seconds."""

_PROGRAM_SECONDS: Final = 180.0
"""The processor time after which each further statement of a run may take only a little."""

_RUN_SECONDS: Final = 600.0
_WITH_TOO_FEW: Final = ("AssertionError", "IndexError", "InvalidArgumentError", "ValueError")
"""The exceptions that a program may raise if it expects more images."""


class Told(msgspec.Struct):
    """What the trusted side told one call of `fit`.

    Attributes:
        script: The values of its epochs.
        digests: The digests to which the weights of each epoch were committed, before its values were sent.
        restarts: How often the training started again, each time with other values.
    """

    script: Script
    digests: list[str]
    restarts: int = 0


class Observation(msgspec.Struct, frozen=True, eq=False):
    """An observed run, together with what only the trusted side knows.

    Attributes:
        run: The notes.
        told: What each call of `fit` was told.
        album: The images.
    """

    run: Run
    told: tuple[Told, ...]
    album: Album


class Observed:
    """Answers questions about the observed run of a submission, which is made when the first question is asked.

    Args:
        context: The submission, the course and the sandbox.
        budget: The submission's time.
        examiner: The examiner, where networks are opened.
        number: The number of this run of the submission, from 0.  Each has its own images and script.
        unlike: What was told in an earlier run, so that other epochs are the best ones in this run.
    """

    def __init__(
        self,
        context: Context,
        budget: TimeLeft,
        examiner: Examiner,
        number: int = 0,
        unlike: tuple[Told, ...] = (),
    ) -> None:
        self.context = context
        self._number = number
        self._unlike = unlike
        self.submission = context.submission
        self.examiner = examiner
        self._budget = budget
        self._worker: Worker | None = None
        self._observation: Observation | None = None
        self._gone: WorkerGone | None = None
        self._notes: list[Note] | None = None
        self._networks: dict[str, Handle] = {}
        self.remembered: dict[str, Any] = {}

    def close(self) -> None:
        """End the worker in which the run was made."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def once_more(self) -> contextlib.closing[Observed]:
        """Return another run of the same submission, with other images and another script, as a context manager."""
        told = self.observation.told
        return contextlib.closing(Observed(self.context, self._budget, self.examiner, self._number + 1, told))

    @property
    def observation(self) -> Observation:
        """The run, which is made once.

        Raises:
            WorkerGone: If it did not come to its end.
        """
        if self._gone is not None:
            raise self._gone
        if self._observation is None:
            try:
                self._observation = self._observe_suitably()
            except WorkerGone as gone:
                self._gone = gone
                raise
        return self._observation

    def _observe_suitably(self) -> Observation:
        """Make the usual run, or one with more images if numbers in the program call for more."""
        row = self.submission.largest_row
        sizes = _FEW if row < _ROWS_OF_A_CLASS else tuple(min(_FOR_A_ROW * row, count) for count in _REAL)
        observation = self._observe(*sizes)
        if sizes == _REAL:
            return observation
        failed = any(error.kind in _WITH_TOO_FEW for error in observation.run.errors)
        if failed and self.submission.writes_out_sizes:
            worker, self._worker = self._worker, None
            with contextlib.suppress(WorkerGone):
                again = self._observe(*_REAL)
                if len(again.run.errors) < len(observation.run.errors):
                    if worker is not None:
                        worker.close()
                    return again
            self.close()
            self._worker = worker  # the first run counts, and its files are in this worker
        return observation

    def _observe(self, train: int, test: int) -> Observation:
        self.close()
        context, submission = self.context, self.submission
        again = f" {self._number}" if self._number else ""
        rng = seeded_generator(context.course.seed, f"guided {submission.sha256} {train}{again}")
        pictures = draw(rng, train=train, test=test)
        self._worker = context.sandbox.spawn(limits=context.limits)
        settings = {
            "shims": context.course.legacy == "run",
            "statement_seconds": STATEMENT_SECONDS,
            "program_seconds": _PROGRAM_SECONDS,
        }
        told: list[Told] = []

        def answer(event: Epoch) -> dict[str, Any]:
            while len(told) <= min(event.fit, _MOST_FITS):
                told.append(Told(self._script(rng, event, len(told)), []))
            number = min(max(event.fit, 0), _MOST_FITS)
            if event.epoch == 0 and told[number].digests and told[number].restarts < _MOST_RESTARTS:
                # The training failed and starts again.  It must not know the values to come, so it gets new ones.
                told[number] = Told(self._script(rng, event, number), [], told[number].restarts + 1)
            current = told[number]
            epoch = len(current.digests)
            if epoch >= current.script.length:
                return {"values": current.script.at(current.script.length - 1), "last": True}
            current.digests.append(event.digest)
            return {"values": current.script.at(epoch), "last": epoch == current.script.length - 1}

        run = self._run(self._worker, pictures.data, settings, answer, seconds=_RUN_SECONDS)
        return Observation(run, tuple(told), Album(pictures))

    def _script(self, rng: np.random.Generator, event: Epoch, number: int) -> Script:
        """Draw the script of a training; in another run, other epochs are the best ones if there are enough."""
        script = write_script(rng, event.epochs, event.patience, own=event.own)
        for _ in range(_MOST_DRAWN if number < len(self._unlike) else 0):
            if not script.best_places & self._unlike[number].script.best_places:
                break
            script = write_script(rng, event.epochs, event.patience, own=event.own)
        return script

    def train(self, images: dict[str, Array], *, epochs: int, batch_size: int, seconds: float) -> tuple[Run, Worker]:
        """Run the program once more, on other images and with another number of epochs and another batch size.

        Args:
            images: `x_train`, `y_train`, `x_test` and `y_test`, as `cifar10.load_data()` returns them.
            epochs: The number of epochs, in place of the program's.
            batch_size: The batch size, in place of the program's.
            seconds: How long the run may take.

        Returns:
            The notes, and the worker, which can still be asked for files and which the caller closes.

        Raises:
            WorkerGone: If the run did not come to its end.
        """
        worker = self.context.sandbox.spawn(limits=self.context.limits)
        settings = {
            "shims": self.context.course.legacy == "run",
            "scripted": False,
            "shorten": False,
            "epochs": epochs,
            "batch_size": batch_size,
        }
        try:
            return self._run(worker, images, settings, None, seconds=seconds), worker
        except BaseException:
            worker.close()
            raise

    def _run(
        self, worker: Worker, images: dict[str, Array], settings: dict[str, Any], answer: Any, *, seconds: float
    ) -> Run:
        deadline = time.monotonic() + seconds
        with self._budget.spend() if answer else contextlib.nullcontext():
            reply = worker.tool(
                "observe",
                self.submission.program,
                starts_of(self.submission.line_map),
                images,
                settings,
                seconds=self._budget.allow(worker, seconds) if answer else seconds,
            )
            while answer and isinstance(reply, dict) and reply.get("kind") == "epoch":
                try:
                    values = answer(epoch_of(reply))
                except msgspec.ValidationError:
                    raise worker.end("protocol", "answered for the grader's own tools") from None
                reply = worker.tool("resume", values, seconds=max(0.1, deadline - time.monotonic()))
        try:
            return run_of(reply)
        except msgspec.ValidationError:
            raise worker.end("protocol", "answered for the grader's own tools") from None

    # -- questions ----------------------------------------------------------------------------------------------

    @property
    def notes(self) -> list[Note]:
        """All notes, in their order."""
        if self._notes is None:
            self._notes = self._joined([self._as_known(note) for note in self.observation.run.notes])
        return self._notes

    def _joined(self, notes: list[Note]) -> list[Note]:
        """Join the predictions that a line makes about single test images, or parts of the test set.

        The first one becomes the prediction about all of them; the others become notes of the kind `joined`.
        """
        calls: dict[tuple[int, int, str, int], list[int]] = {}
        for at, note in enumerate(notes):
            if note.kind != "predict" or note.x is None or note.answers is None or len(note.x) != len(note.answers):
                continue
            if note.line and self.recognise(note.x).of_test >= ENOUGH:
                key = (note.line, note.model, note.digest, note.answers.shape[1])
                calls.setdefault(key, []).append(at)
        for places in calls.values():
            if len(places) > 1 and len({notes[at].x.shape[1:] for at in places}) == 1:
                x, answers = (np.concatenate([getattr(notes[at], name) for at in places]) for name in ("x", "answers"))
                notes[places[0]] = msgspec.structs.replace(notes[places[0]], x=x, answers=answers)
                for at in places[1:]:
                    notes[at] = msgspec.structs.replace(notes[at], kind="joined")
        return notes

    def _as_known(self, note: Note) -> Note:
        """Return a note corrected where the trusted side can tell that its network or training is the grader's own."""
        of_stand_in = note.of_stand_in or stand_ins.is_network(note.config)
        stand_in = note.stand_in or (note.kind == "fit" and stand_ins.is_training(note.y, self.recognise(note.x).train))
        if of_stand_in == note.of_stand_in and stand_in == note.stand_in:
            return note
        return msgspec.structs.replace(note, of_stand_in=of_stand_in, stand_in=stand_in)

    @property
    def errors(self) -> list[Failure]:
        """The statements that raised."""
        return self.observation.run.errors

    @property
    def album(self) -> Album:
        """The images that the run was given."""
        return self.observation.album

    def of_kind(self, *kinds: str) -> list[Note]:
        """Return the notes of the given kinds."""
        return [note for note in self.notes if note.kind in kinds]

    def fits(self, *, stand_ins: bool = False) -> list[tuple[Note, Told]]:
        """Return the calls of `fit`, each with what it was told.

        Args:
            stand_ins: Whether the grader's own calls count if the program has none.
        """
        told = self.observation.told
        everything = [
            (note, told[index] if index < len(told) else Told(write_script(np.random.default_rng(0), 1), []))
            for index, note in enumerate(self.of_kind("fit"))
        ]
        return [each for each in everything if not each[0].stand_in] or (everything if stand_ins else [])

    def fit(self, *, stand_ins: bool = False) -> tuple[Note, Told] | None:
        """Return the call of `fit` that is judged: the most complete one of `fits`, or the last of several such."""
        candidates = self.fits(stand_ins=stand_ins)
        if not candidates:
            return None

        def worth(item: tuple[int, tuple[Note, Told]]) -> tuple[int, int]:
            place, (note, _) = item
            kinds = {callback.kind for callback in note.callbacks}
            validated = note.val_x is not None or note.validation_split > 0
            return (len(kinds & {"EarlyStopping", "ModelCheckpoint"}) + validated + note.ended, place)

        return max(enumerate(candidates), key=worth)[1]

    @property
    def uses_test_images(self) -> bool:
        """Whether test images occur anywhere in the run.  If they do not, that is reported in task 2."""
        for note in self.notes:
            if any(self.recognise(x).of_test > 0.5 for x in (note.x, note.val_x) if x is not None and len(x)):
                return True
            for axes in note.axes:
                images = [image for image in axes.images if image.shape == (4, 4, 3)]
                if images and self.recognise(np.stack(images)).of_test > 0.5:
                    return True
        return False

    def recognise(self, signatures: Array | None) -> Recognised:
        """Return which images some signatures, shape (n, 4, 4, 3), belong to."""
        return self.album.recognise(signatures)

    def place(self, line: int) -> tuple[int | None, int] | None:
        """Return the code cell and the line in it of a line of the program; `None` if there is no such line."""
        try:
            return self.submission.locate(line)
        except IndexError:
            return None

    def quote(self, line: int) -> str:
        """Return a line as a student sees it: `code cell 3, line 2: the line`."""
        return where(self.submission, (TracebackLine(line, ""),)) if line > 0 else ""

    def failure_between(self, first: int, last: int | None = None) -> Failure | None:
        """Return the first statement that raised after at least `first` and fewer than `last` notes."""
        for error in self.errors:
            if error.at >= first and (last is None or error.at < last):
                return error
        return None

    def failure_in(self, *words: str, before: int | None = None) -> Failure | None:
        """Return the first statement that raised and contains one of some words, after at most `before` notes."""
        for error in self.errors:
            in_time = before is None or error.at <= before
            if in_time and any(word in self.text_of(error) for word in words):
                return error
        return None

    def text_of(self, error: Failure) -> str:
        """Return the lines of the statement that raised, and the line in a function that raised."""
        lines = self.submission.program.split("\n")
        inside = lines[error.line - 1 : error.line]
        return "\n".join([*lines[error.statement - 1 : max(error.line, error.statement)], *inside])

    def explain(self, error: Failure) -> str:
        """Return an error as half a sentence, with its place."""
        said = told(error.kind, error.text)
        place = self.quote(error.line)
        return f"{said} ({place})" if place else said

    def because(self, *words: str, before: int | None = None) -> str:
        """Return `, because of an error: …` if `failure_in` finds a statement that raised; otherwise ""."""
        error = self.failure_in(*words, before=before)
        return f", because of an error: {self.explain(error)}" if error else ""

    # -- networks -----------------------------------------------------------------------------------------------

    def file(self, path: str) -> bytes | None:
        """Return the bytes of a file to which the run saved a network; `None` if the worker does not have it."""
        if self._worker is None:
            return None
        with contextlib.suppress(SubmissionError, WorkerGone), self._budget.spend():
            data = self._worker.tool("file", path, seconds=30.0)
            return data if isinstance(data, bytes) else None
        return None

    def network(self, path: str, config: str) -> Handle:
        """Open the network in a saved file in the examiner.

        Raises:
            CheckFailed: If it cannot be opened there.
        """
        if path not in self._networks:
            data = self.file(path)
            if data is None:
                raise CheckFailed(f"The checkpoint {path} should be a file with a network, but it cannot be read.")
            with self._budget.spend():
                weights = None if self._worker is None else weights_in(self._worker, path, config)
            self._networks[path] = opened(self.examiner, data, config, weights)
        return self._networks[path]

    def networks_with(self, digest: str, configs: Sequence[str]) -> Iterator[Handle]:
        """Yield the networks that may have a digest, opened in the examiner; none if the worker has no such weights.

        The first is read from the file that it was saved to, if it was.  The others are built from each configuration
        with its weights, or with those that the worker kept as it predicted.

        Raises:
            CannotRebuild: If the examiner cannot build any of them.
        """
        weights: list[Array] | None = None
        failed: CannotRebuild | None = None
        built = 0
        try:
            if digest and (path := self.saved_with({digest}, configs[0])):
                network = self.network(path, configs[0])
                weights = self.examiner.weights_of(network)
                built += 1
                yield network
        except CannotRebuild as error:
            failed = error
        if weights is None and self._worker is not None:
            with self._budget.spend():
                weights = _weights_from(self._worker, "weights_predicting", digest)
        if not weights or weights_digest(weights) != digest:
            return
        for config in configs:
            try:
                network = self.examiner.rebuild(config, weights)
            except CannotRebuild as error:
                failed = error
                continue
            built += 1
            yield network
        if failed is not None and not built:
            raise failed

    def saved_with(self, digests: set[str], config: str) -> str:
        """Return the path of a saved file whose network has one of some digests in the examiner; "" if none has."""
        for saved in reversed(self.observation.run.files):
            if saved.digest in digests and saved.digest:
                weights = self.examiner.weights_of(self.network(saved.path, config))
                if weights_digest(weights) in digests:
                    return saved.path
        return ""


def weights_in(worker: Worker, path: str, config: str) -> list[Array] | None:
    """Return the weights in a saved file of a network with layers of the submission's own; `None` for other networks.

    The examiner cannot tell which weight in the file belongs to which layer, so the worker reads the file.  That gives
    it no advantage: it wrote the file, and its weights are compared with its commitments in either case.
    """
    return _weights_from(worker, "weights_in", path) if graphs.has_graphs(config) else None


def _weights_from(worker: Worker, tool: str, which: str) -> list[Array] | None:
    """Ask a worker for the weights of a network; `None` if it has none, or answers anything else."""
    with contextlib.suppress(SubmissionError, WorkerGone):
        weights = worker.tool(tool, which, seconds=30.0)
        if isinstance(weights, list) and weights and all(isinstance(weight, np.ndarray) for weight in weights):
            return weights
    return None


def opened(examiner: Examiner, data: bytes, config: str, weights: list[Array] | None) -> Handle:
    """Open the network in a saved file in the examiner.

    Args:
        examiner: The examiner.
        data: The bytes of the file.
        config: The configuration of the network that was saved; "" if it could not be exported.
        weights: The weights that `weights_in` returned.

    Raises:
        CheckFailed: If it cannot be opened there.
    """
    if weights is not None:
        return examiner.rebuild(config, weights)
    try:
        return examiner.open_checkpoint(data)
    except CheckFailed:
        if not config:
            raise
        return examiner.load_weights(config, data)


def starts_of(line_map: tuple[tuple[int | None, int], ...]) -> list[int]:
    """Return the line at which each cell of a program starts; empty for a `.py`."""
    return [line for line, (cell, of_cell) in enumerate(line_map, 1) if cell is not None and of_cell == 1]
