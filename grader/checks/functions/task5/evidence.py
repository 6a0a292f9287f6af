"""Evidence about `train`: what it does with models whose behaviour the grader knows."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from grader.checks.common.answers import HistoryFacts, SeenImages, WatchFacts
from grader.checks.common.evidence import KNOWN_GAIN, CannotRebuild, Evidence, Examiner
from grader.checks.common.student import Student
from grader.checks.common.verdict import CheckFailed, NotRun, Shown
from grader.checks.functions.task5.cases import SCRIPT_CLASSES, ScriptCase
from grader.checks.functions.task5.oracles import (
    LARGE_VALIDATION,
    SCRIPT_BATCH,
    WITNESS_BATCH,
    WITNESS_EPOCHS,
    Shape,
    large_images,
    patterned_images,
    script_accuracy,
    script_images,
    smallest_shape,
    sureness_of,
    witness_images,
)
from grader.sandbox.host.session import SubmissionError, WorkerGone
from grader.sandbox.wire.frames import Handle
from grader.sandbox.wire.weights import differ

Array = np.ndarray[Any, Any]

_MOST_EPOCHS: Final = 1000

OF_THE_VALIDATION_SET: Final = [1, 2, 0]
"""What `learned_labels` returns for a witness model that was trained on the validation set."""


_NOTHING_COUNTED: Final[WatchFacts] = {
    "images": 0,
    "batches": 0,
    "steps": 0,
    "epochs": 0,
    "validated": 0,
    "largest": 0,
}


class Training(msgspec.Struct, frozen=True):
    """What one call of `train` with a known model left behind.

    Attributes:
        example: The call, as source.
        returned: The description of what `train` returned; see `toolbox.describe_history`.
        epochs: How many epochs the model was trained; `None` if it has no script, which counts them.
        counted: How many epochs each of the given callbacks saw.
        before: The model's weights before the training.
        after: The model's weights after the training.
        path: The argument `checkpoint_path`.
        checkpoint: The bytes of the file at that path; `None` if there is none.
        files_before: The names of the files in the working folder before the training.
        files: The names of the files in the working folder after the training.
        config: The model's configuration, with which a file of weights alone can be opened.
        elsewhere: The bytes of another file that the training wrote; `None` if there is none.
        logs: What the model's own `fit` said of each epoch; only for a model with a script.
        counts: The counts of the training, see `toolbox.counts_of`; only for a model with a watch.
        refused: The arguments that `train` did not take as the contract says, `callbacks` or `labels`, so that it was
            called in another way; "" if it took all of them.
        error: What `train` raised when it was called as the contract says; only with `refused`.
    """

    example: str
    returned: HistoryFacts
    epochs: int | None
    counted: list[int]
    before: list[Array]
    after: list[Array]
    path: str
    checkpoint: bytes | None
    files_before: list[str]
    files: list[str]
    config: str = ""
    elsewhere: bytes | None = None
    logs: list[dict[str, float]] = []
    counts: WatchFacts = msgspec.field(default_factory=lambda: _NOTHING_COUNTED)
    refused: str = ""
    error: Exception | None = None

    @property
    def curves(self) -> dict[str, list[float]]:
        """The curves of the training: those that `fit` itself reported, or else those that were returned."""
        if not self.logs:
            return self.returned["curves"]
        return {name: [log[name] for log in self.logs if name in log] for name in self.logs[0]}

    @property
    def moved(self) -> bool:
        """Whether any of the model's weights changed."""
        return differ(self.after, self.before)


def require_training(training: Training) -> None:
    """Raise `NotRun` if the given model was not trained at all, since another check is about that."""
    if not training.moved:
        raise NotRun("`train` did not train the model it was given.")


class Trainings(Evidence):
    """What `train` does with models that the grader knows, for each case."""

    def __init__(self, student: Student, examiner: Examiner) -> None:
        super().__init__(student)
        self.examiner = examiner
        self.shape = student.subject.image_shape
        self._count = 0

    def scripted(self, case: ScriptCase, *, validated: bool = False) -> Training:
        """Train a model whose validation accuracy follows the case's script; see `models.script_model`.

        Args:
            case: The script.
            validated: Whether `fit` is made to validate on the validation set, whatever it is given.
        """

        def make() -> _Known:
            validation = list(script_images(self.shape)[2:]) if validated else None
            classes = [rank - 1 for rank in case.ranks]
            model, script, *counters = self.student.tools.script_model(
                SCRIPT_CLASSES, classes, sureness_of(case), validation, self.shape
            )
            return _Known(model, script, tuple(counters))

        def gather() -> Training:
            settings: dict[str, Any] = {
                "epochs": case.epochs,
                "batch_size": SCRIPT_BATCH // case.batches,
            }
            if not case.default_patience:
                settings["patience"] = case.patience
            curve = ", ".join(f"{value:.2f}" for value in script_accuracy(case))
            comment = f"# a model whose val_accuracy is {curve}\n"
            training = self._train(make, script_images(self.shape), settings, comment, callbacks=case.callbacks)
            if training.epochs is None or training.epochs > _MOST_EPOCHS:
                raise self.student.worker.end("protocol", "answered for the grader's own tools")
            if training.epochs <= 0:
                raise NotRun("`train` called neither fit on the model it was given nor that model with training=True.")
            return training

        return self.once((case, validated), gather)

    def well_validated(self, case: ScriptCase) -> Training:
        """Train a model with a script, and make sure that `fit` validates on the validation set.

        If `train` does not ask for that, which costs another check, the training is repeated with a `fit` that does.
        """
        training = self.scripted(case)
        if training.logs and not follows_script(training.curves.get("val_accuracy", []), case):
            return self.scripted(case, validated=True)
        return training

    def witnessed(self, *, validated: bool = False) -> Training:
        """Train a network that remembers what it was trained on, for two epochs; see `models.witness_model`.

        Args:
            validated: Whether `fit` is made to validate on the validation set, whatever it is given.
        """

        def gather() -> Training:
            settings = {
                "epochs": WITNESS_EPOCHS,
                "batch_size": WITNESS_BATCH,
                "patience": WITNESS_EPOCHS,
            }
            validation = list(witness_images(self.shape)[2:]) if validated else None
            images = witness_images(self.shape)
            return self._train(lambda: self._witness(self.shape, validation), images, settings, "")

        return self.once(("witness", validated), gather)

    def large(self) -> Training | None:
        """Train for one epoch with very many tiny images; `None` if `train` fails with those or is too slow."""

        def gather() -> Training | None:
            settings = {"epochs": 1, "batch_size": LARGE_VALIDATION, "patience": 1}
            try:
                smallest = smallest_shape(self.shape)
                return self._train(lambda: self._witness(smallest), large_images(self.shape), settings, "")
            except (SubmissionError, CheckFailed, WorkerGone):
                return None

        return self.once("large", gather)

    def _witness(self, shape: Shape, validation: list[Array] | None = None) -> _Known:
        model, watch = self.student.tools.witness_model(3, validation, shape)
        return _Known(model, None, (), watch)

    def frozen(self) -> tuple[Training, SeenImages]:
        """Train a network that cannot change for one epoch, with the same images for training and validation.

        Returns:
            The training, and the images as the network saw them; see `toolbox.seen_by`.
        """

        def gather() -> tuple[Training, SeenImages]:
            made: list[_Known] = []

            def make() -> _Known:
                model, watch = self.student.tools.frozen_channel_model(KNOWN_GAIN, self.shape)
                made.append(_Known(model, None, (), watch))
                return made[-1]

            x, y = patterned_images(self.shape)
            labels = np.pad(
                np.roll(y, 1, axis=1), ((0, 0), (0, 1))
            )  # wrong labels, so that the loss grows with the scale
            labels[-1] = (0, 0, 0, 1)  # every class needs an image, for a `train` that weights classes by their share
            settings = {"epochs": 1, "batch_size": len(x), "patience": 1}
            training = self._train(make, (x, labels, x, labels), settings, "")
            watch = made[-1].watch
            assert watch is not None, "this model has one"
            return training, self.student.tools.seen_by(watch)

        return self.once("frozen", gather)

    def seen_in_training(self) -> float:
        """Return the mean over pixels and channels of the witness's training images, as the network saw them."""
        training = self.witnessed()
        require_training(training)
        if learned_labels(training) == OF_THE_VALIDATION_SET:
            raise NotRun("`train` trained on the validation set.")
        return float(np.mean(training.after[2]))  # the moving mean of the batch normalisation

    def checkpoint_weights(self, training: Training) -> list[Array]:
        """Return the weights in the checkpoint of a training, which the examiner opens.

        Raises:
            CheckFailed: If there is no file, or it does not hold a whole model.
        """
        if training.checkpoint is None:
            known = {"solution.py", training.path, *training.files_before}  # there may be a folder at the path
            others = [name for name in training.files if name not in known]
            instead = f"; there is {others[0]!r} instead" if others else ""
            raise CheckFailed(
                f"After `train` the best model should be saved at checkpoint_path={training.path!r}, but there is no "
                f"such file{instead}.",
                hint="Give ModelCheckpoint the path that train was given.",
                example=training.example,
            )
        try:
            model = self.examiner.open_checkpoint(training.checkpoint)
        except CannotRebuild as failed:
            raise CheckFailed(
                f"The checkpoint should be a whole model that keras.models.load_model can load, but {failed.reason}.",
                hint="Save the whole model: ModelCheckpoint without save_weights_only, or model.save.",
                example=training.example,
            ) from None
        return self.examiner.weights_of(model)

    def best_weights(self, training: Training) -> list[Array]:
        """Return the weights that a training saved, as a whole model at `checkpoint_path` or in any other way.

        Another check is about the way in which they are saved.

        Raises:
            CheckFailed: If nothing was saved.
        """
        try:
            return self.checkpoint_weights(training)
        except CheckFailed as failed:
            for data in (training.checkpoint, training.elsewhere):
                if data is None:
                    continue
                with contextlib.suppress(CannotRebuild):
                    return self.examiner.weights_of(self.examiner.open_checkpoint(data))
                with contextlib.suppress(CannotRebuild):
                    return self.examiner.weights_of(self.examiner.load_weights(training.config, data))
            raise failed from None

    def _train(
        self,
        make: Callable[[], _Known],
        images: tuple[Array, Array, Array, Array],
        settings: dict[str, Any],
        comment: str,
        *,
        callbacks: bool = False,
    ) -> Training:
        """Call `train` as the contract says, or else in the first other way that works."""
        numbers = tuple(np.argmax(each, axis=1) if each.ndim == 2 else each for each in images)
        forms: list[tuple[str, type | None, tuple[Array, ...]]] = [("", list if callbacks else None, images)]
        # A `train` that adds its callbacks to a tuple is as right as one that adds them to a list, so both are tried.
        forms += [("", tuple, images)] if callbacks else [("callbacks", list, images), ("callbacks", tuple, images)]
        forms.append(("labels", list if callbacks else None, numbers))
        errors: list[SubmissionError] = []
        for refused, kind, data in forms:
            known = make()
            given = settings
            if kind is not None:
                counters = zip(known.counters, ("first", "second"), strict=False)
                given = settings | {"callbacks": kind(Shown(counter, name) for counter, name in counters)}
            try:
                training = self._called(known, data, given, comment)
            except SubmissionError as error:
                error.example = self.student.example  # type: ignore[attr-defined]
                errors.append(error)
                continue
            return msgspec.structs.replace(training, refused=refused, error=errors[0] if errors and refused else None)
        self.student.example = errors[0].example  # type: ignore[attr-defined]
        raise errors[0]

    def _called(self, known: _Known, images: tuple[Array, ...], settings: dict[str, Any], comment: str) -> Training:
        model = known.model
        before = self.student.export(model)
        files_before = self.student.tools.files()
        self._count += 1
        path = f"kept-{self._count}.keras"  # a name that the submission cannot have hard-coded
        names = ("x_train", "y_train", "x_val", "y_val")
        shown = [Shown(array, name) for name, array in zip(names, images, strict=True)]
        try:
            arguments = _handles(settings | {"checkpoint_path": path})
            returned = self.student.call("train", Shown(model, "model"), *shown, **arguments)
        finally:
            self.student.example = comment + self.student.example
        after = self.student.weights(model, like=before["weights"])
        files = self.student.tools.files()
        others = [name for name in files if name != "solution.py" and not _is_of_another(name, self._count)]
        checkpoint = self.student.tools.file_bytes(path)
        elsewhere = None
        with contextlib.suppress(SubmissionError):  # a file too large to be sent is not a checkpoint of a small model
            elsewhere = self.student.tools.file_bytes(others[-1]) if others and known.script is not None else None
        return Training(
            example=self.student.example,
            returned=self.student.tools.describe_history(returned, model),
            epochs=None if known.script is None else self.student.tools.epochs_of(known.script),
            counted=[self.student.tools.epochs_of(counter) for counter in known.counters],
            before=before["weights"],
            after=after,
            path=path,
            checkpoint=checkpoint,
            files_before=files_before,
            files=files,
            config=before["config"],
            elsewhere=elsewhere,
            logs=[] if known.script is None else self.student.tools.logs_of(known.script),
            counts=_NOTHING_COUNTED if known.watch is None else self.student.tools.counts_of(known.watch),
        )


class _Known(NamedTuple):
    """A model that the grader knows, with what watches it.

    Attributes:
        model: The model.
        script: The script that it follows; `None` if it has none.
        counters: Callbacks that count epochs, to be given to `train`.
        watch: The watch that counts its images and steps and keeps the first images; `None` if it has none.
    """

    model: Handle
    script: Handle | None
    counters: tuple[Handle, ...]
    watch: Handle | None = None


def _is_of_another(name: str, count: int) -> bool:
    """Whether a file was written by another training, to judge by its name."""
    found = re.match(r"kept-(\d+)", name)
    return found is not None and int(found[1]) != count


def follows_script(accuracies: list[float], case: ScriptCase) -> bool:
    """Whether validation accuracies are those of a script, up to the end of the shorter of the two."""
    pairs = list(zip(accuracies, script_accuracy(case), strict=False))
    return bool(pairs) and all(abs(a - b) <= 0.5 / SCRIPT_BATCH for a, b in pairs)  # false for NaN


def _handles(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings in which callbacks are sent as handles and shown by name in the example."""
    callbacks = settings.get("callbacks")
    if callbacks is None:
        return settings
    kind = type(callbacks)
    inner = ", ".join(shown.text for shown in callbacks)
    text = f"[{inner}]" if kind is list else f"({inner},)" if inner else "()"
    return settings | {"callbacks": Shown(kind(shown.value for shown in callbacks), text)}


def learned_labels(training: Training) -> list[int]:
    """Return the label that a witness learned for each colour or bright part: `[0, 1, 2]` from the training set."""
    kernel = training.after[-2]  # (3 channels or parts, 3 classes)
    return [int(np.argmax(row)) for row in kernel]
