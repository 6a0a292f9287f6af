"""The observed run of a submission, from the trusted side: it draws the images, tells the script, and judges the notes.

Everything in a note is the submission's word. What is concluded here is only what a lie would not get for less work
than the truth: images are recognised, epochs were committed to before their values were told, and networks are opened
in the examiner.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any, Final

import msgspec
import numpy as np

from grader.checks.common.context import Context
from grader.checks.common.evidence import Examiner
from grader.checks.common.hidden import seeded_generator
from grader.checks.common.student import TimeLeft, told, where
from grader.checks.common.verdict import CheckFailed
from grader.checks.guided.notes import Epoch, Failure, Note, Run, epoch_of, run_of
from grader.checks.guided.pictures import Album, Recognised, draw
from grader.checks.guided.script import Script, write_script
from grader.sandbox.host.session import SubmissionError, Worker, WorkerGone
from grader.sandbox.wire import graphs, standing
from grader.sandbox.wire.frames import TracebackLine
from grader.sandbox.wire.weights import weights_digest

Array = np.ndarray[Any, Any]

_FEW: Final = (400, 200)
"""Training and test images of the usual run."""

_FEWEST_ROWS: Final = 60
"""Images of three classes among the test images of the usual run."""

_REAL: Final = (50_000, 10_000)
"""As many as CIFAR-10 has, for a program that has numbers of them written into it; half as long again takes the run."""

_MOST_FITS: Final = 20
_MOST_RESTARTS: Final = 2
_MOST_DRAWN: Final = 100
_RUN_SECONDS: Final = 600.0
_WITH_TOO_FEW: Final = ("AssertionError", "IndexError", "InvalidArgumentError", "ValueError")
"""What a program may raise that expects more images."""


class Told(msgspec.Struct):
    """What was told about one call of `fit`.

    Attributes:
        script: The values.
        digests: What each epoch's weights were committed to as, before its values were told.
        restarts: How often training began anew, with other values.
    """

    script: Script
    digests: list[str]
    restarts: int = 0


class Observation(msgspec.Struct, frozen=True, eq=False):
    """An observed run with what only the trusted side knows.

    Attributes:
        run: The notes.
        told: What was told about each call of `fit`.
        album: The images.
    """

    run: Run
    told: tuple[Told, ...]
    album: Album


class Observed:
    """Runs the submission when first asked, and answers questions about the run.

    Args:
        context: The submission, the course and the sandbox.
        budget: The submission's time.
        examiner: Where networks are opened.
        number: Which run of the submission it is, from 0; each has images and a script of its own.
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
        self._networks: dict[str, Any] = {}
        self.remembered: dict[str, Any] = {}

    def close(self) -> None:
        """End the worker that the run was made in."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def once_more(self) -> contextlib.closing[Observed]:
        """Another run of the same submission, with other images and another script, as a context that closes it."""
        told = self.observation.told
        return contextlib.closing(Observed(self.context, self._budget, self.examiner, self._number + 1, told))

    @property
    def observation(self) -> Observation:
        """The run; made once.

        Raises:
            WorkerGone: It did not come to its end.
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
        """The usual run; with as many images as CIFAR-10 has where the program cannot do with fewer."""
        if self.submission.rows_needed >= _FEWEST_ROWS:
            return self._observe(*_REAL)
        observation = self._observe(*_FEW)
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
            self._worker = worker  # whose files the first run's notes are about
        return observation

    def _observe(self, train: int, test: int) -> Observation:
        self.close()
        context, submission = self.context, self.submission
        again = f" {self._number}" if self._number else ""
        rng = seeded_generator(context.course.seed, f"guided {submission.sha256} {train}{again}")
        pictures = draw(rng, train=train, test=test)
        self._worker = context.sandbox.spawn(seed=context.course.seed, limits=context.limits)
        settings = {"shims": context.course.legacy == "run"}
        told: list[Told] = []

        def answer(event: Epoch) -> dict[str, Any]:
            while len(told) <= min(event.fit, _MOST_FITS):
                told.append(Told(self._script(rng, event, len(told)), []))
            number = min(max(event.fit, 0), _MOST_FITS)
            if event.epoch == 0 and told[number].digests and told[number].restarts < _MOST_RESTARTS:
                # It failed, and is tried once more. Nobody is to know by now what comes.
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
        """The script of a training; in another run its best epochs are others, where it has enough of them."""
        script = write_script(rng, event.epochs, event.patience)
        for _ in range(_MOST_DRAWN if number < len(self._unlike) else 0):
            if not script.best_places & self._unlike[number].script.best_places:
                break
            script = write_script(rng, event.epochs, event.patience)
        return script

    def train(self, images: dict[str, Array], *, epochs: int, batch_size: int, seconds: float) -> tuple[Run, Worker]:
        """Run the program once more, on other images, with as many epochs and images a step as are said.

        Args:
            images: `x_train`, `y_train`, `x_test` and `y_test`, as `cifar10.load_data()` gives them.
            epochs: In place of the program's.
            batch_size: Likewise.
            seconds: How long it may take.

        Returns:
            The notes, and the worker, which is still there to be asked for files; the caller ends it.

        Raises:
            WorkerGone: It did not come to its end.
        """
        worker = self.context.sandbox.spawn(seed=self.context.course.seed, limits=self.context.limits)
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
        """All notes in their order."""
        if self._notes is None:
            self._notes = [self._as_known(note) for note in self.observation.run.notes]
        return self._notes

    def _as_known(self, note: Note) -> Note:
        """A note with what the trusted side knows by itself: whether a network or a training is the grader's own."""
        of_stand_in = note.of_stand_in or standing.is_network(note.config)
        stand_in = note.stand_in or (note.kind == "fit" and standing.is_training(note.y, self.recognise(note.x).train))
        if of_stand_in == note.of_stand_in and stand_in == note.stand_in:
            return note
        return msgspec.structs.replace(note, of_stand_in=of_stand_in, stand_in=stand_in)

    @property
    def errors(self) -> list[Failure]:
        """The statements that raised."""
        return self.observation.run.errors

    @property
    def album(self) -> Album:
        """The images."""
        return self.observation.album

    def of_kind(self, *kinds: str) -> list[Note]:
        """The notes of some kinds."""
        return [note for note in self.notes if note.kind in kinds]

    def fits(self, *, stand_ins: bool = False) -> list[tuple[Note, Told]]:
        """The calls of `fit`, each with what was told about it.

        Args:
            stand_ins: Whether those of the grader's own count where the program has none.
        """
        told = self.observation.told
        everything = [
            (note, told[index] if index < len(told) else Told(write_script(np.random.default_rng(0), 1), []))
            for index, note in enumerate(self.of_kind("fit"))
        ]
        return [each for each in everything if not each[0].stand_in] or (everything if stand_ins else [])

    def fit(self, *, stand_ins: bool = False) -> tuple[Note, Told] | None:
        """The call of `fit` that is judged: of those that `fits` gives, the last with the most that is asked for."""
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
        """Whether test images turn up in anything that the program does; where not, task 2 tells of it."""
        for note in self.notes:
            if any(self.recognise(x).of_test > 0.5 for x in (note.x, note.val_x) if x is not None and len(x)):
                return True
            for axes in note.axes:
                images = [image for image in axes.images if image.shape == (4, 4, 3)]
                if images and self.recognise(np.stack(images)).of_test > 0.5:
                    return True
        return False

    def recognise(self, signatures: Array | None) -> Recognised:
        """Which images some signatures are of."""
        return self.album.recognise(signatures)

    def place(self, line: int) -> tuple[int | None, int] | None:
        """Code cell and line of a line of the program."""
        try:
            return self.submission.locate(line)
        except IndexError:
            return None

    def quote(self, line: int) -> str:
        """`code cell 3, line 2: the line`, as a student sees it."""
        return where(self.submission, (TracebackLine(line, ""),)) if line > 0 else ""

    def failure_between(self, first: int, last: int | None = None) -> Failure | None:
        """The first statement that raised when there were at least `first` and fewer than `last` notes."""
        for error in self.errors:
            if error.at >= first and (last is None or error.at < last):
                return error
        return None

    def failure_in(self, *words: str, before: int | None = None) -> Failure | None:
        """The first statement that raised and whose text has one of some words; perhaps before so many notes."""
        for error in self.errors:
            in_time = before is None or error.at <= before
            if in_time and any(word in self.text_of(error) for word in words):
                return error
        return None

    def text_of(self, error: Failure) -> str:
        """The lines of the statement that raised, and the line in a function that did."""
        lines = self.submission.program.split("\n")
        inside = lines[error.line - 1 : error.line]
        return "\n".join([*lines[error.statement - 1 : max(error.line, error.statement)], *inside])

    def explain(self, error: Failure) -> str:
        """An error in half a sentence, with its place."""
        said = told(error.kind, error.text)
        place = self.quote(error.line)
        return f"{said} ({place})" if place else said

    def because(self, *words: str, before: int | None = None) -> str:
        """`, because …` where a statement with one of some words raised, as `failure_in`; empty where none did."""
        error = self.failure_in(*words, before=before)
        return f", because of an error: {self.explain(error)}" if error else ""

    # -- networks -----------------------------------------------------------------------------------------------

    def file(self, path: str) -> bytes | None:
        """The bytes of a file that the run saved a network to; `None` where the worker does not have them."""
        if self._worker is None:
            return None
        with contextlib.suppress(SubmissionError, WorkerGone), self._budget.spend():
            data = self._worker.tool("file", path, seconds=30.0)
            return data if isinstance(data, bytes) else None
        return None

    def network(self, path: str, config: str) -> Any:
        """The network in a saved file, opened in the examiner.

        Raises:
            CheckFailed: It cannot be opened there.
        """
        if path not in self._networks:
            data = self.file(path)
            if data is None:
                raise CheckFailed(f"The checkpoint {path} should be a file with a network, but it cannot be read.")
            with self._budget.spend():
                weights = None if self._worker is None else weights_in(self._worker, path, config)
            self._networks[path] = opened(self.examiner, data, config, weights)
        return self._networks[path]

    def network_with(self, note: Note) -> Any:
        """The network of a prediction, opened in the examiner; `None` where the worker cannot give its weights.

        That of the file that it was saved to, else one with the weights that the worker kept as it predicted.
        """
        if note.digest and (path := self.saved_with({note.digest}, note.config)):
            return self.network(path, note.config)
        if self._worker is None:
            return None
        with contextlib.suppress(SubmissionError, WorkerGone, CheckFailed), self._budget.spend():
            weights = self._worker.tool("weights_predicting", note.digest, seconds=30.0)
            if isinstance(weights, list) and weights_digest(weights) == note.digest:
                return self.examiner.ask("rebuild", note.config, weights)
        return None

    def saved_with(self, digests: set[str], config: str) -> str:
        """The path of a saved file whose network, opened in the examiner, has one of some digests; empty for none."""
        for saved in reversed(self.observation.run.files):
            if saved.digest in digests and saved.digest:
                weights = self.examiner.ask("weights_of", self.network(saved.path, config))
                if weights_digest(list(weights)) in digests:
                    return saved.path
        return ""


def weights_in(worker: Worker, path: str, config: str) -> list[Array] | None:
    """The weights in a saved file, of a network with layers of its own; `None` for any other.

    The examiner cannot tell which weight of the file is whose, so the worker reads them, which wrote the file: what it
    says of it, it could have written, and what it has committed to binds it as it binds the file.
    """
    if graphs.has_graphs(config):
        with contextlib.suppress(SubmissionError, WorkerGone):
            weights = worker.tool("weights_in", path, seconds=30.0)
            if isinstance(weights, list) and weights and all(isinstance(weight, np.ndarray) for weight in weights):
                return weights
    return None


def opened(examiner: Examiner, data: bytes, config: str, weights: list[Array] | None) -> Any:
    """The network in a saved file, in the examiner.

    Args:
        examiner: Where it is opened.
        data: The file.
        config: The configuration of the network that it was saved from; empty where it could not be had.
        weights: What `weights_in` gave.

    Raises:
        CheckFailed: It cannot be opened there.
    """
    if weights is not None:
        return examiner.ask("rebuild", config, weights)
    try:
        return examiner.ask("open_checkpoint", data)
    except CheckFailed:
        if not config:
            raise
        return examiner.ask("load_weights", config, data)


def starts_of(line_map: tuple[tuple[int | None, int], ...]) -> list[int]:
    """The first line of each cell of a program; none for a `.py`."""
    return [line for line, (cell, of_cell) in enumerate(line_map, 1) if cell is not None and of_cell == 1]
