"""Evidence about `train`: what it does with models that the grader knows."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

from grader.checks.common.evidence import KNOWN_GAIN, CannotRebuild, Evidence, Examiner
from grader.checks.common.student import Student
from grader.checks.common.verdict import CheckFailed, NotRun, Shown
from grader.checks.functions.oracles import (
    SCRIPT_BATCH,
    WITNESS_BATCH,
    WITNESS_EPOCHS,
    script_accuracy,
    script_images,
    sureness_of,
    witness_images,
)
from grader.checks.functions.strategies import SCRIPT_CLASSES, ScriptCase
from grader.sandbox.host.session import SubmissionError
from grader.sandbox.wire.frames import Handle

Array = np.ndarray[Any, Any]

_MOST_EPOCHS: Final = 1000

OF_THE_VALIDATION_SET: Final = [1, 2, 0]
"""What `learned_labels` says of a witness that was trained on the validation set."""


class Training(msgspec.Struct, frozen=True):
    """What one call of `train` with a known model left behind.

    Attributes:
        example: The call.
        returned: What `toolbox.describe_history` says of the returned value.
        epochs: How many epochs the model was trained for; `None` where it has no script that counts.
        counted: How many epochs each extra callback saw.
        before: The model's weights before.
        after: The model's weights after.
        trained: What a tally of the training counted, where there was one; see `toolbox.read_tally`.
        path: What was given as checkpoint_path.
        checkpoint: The bytes there, `None` where there is no file.
        files_before: The names of the files in the working folder before.
        files: The same after.
    """

    example: str
    returned: dict[str, Any]
    epochs: int | None
    counted: list[int]
    before: list[Array]
    after: list[Array]
    path: str
    checkpoint: bytes | None
    files_before: list[str]
    files: list[str]
    trained: dict[str, int] = msgspec.field(default_factory=dict)

    @property
    def moved(self) -> bool:
        """Whether any of the model's weights changed."""
        return not all(np.array_equal(a, b) for a, b in zip(self.before, self.after, strict=True))


def require_training(training: Training) -> None:
    """Raise `NotRun` where the given model was not trained at all: another check is about that."""
    if not training.moved:
        raise NotRun("`train` did not train the model it was given.")


class Trainings(Evidence):
    """What `train` does with models that the grader knows."""

    def __init__(self, student: Student, examiner: Examiner) -> None:
        super().__init__(student)
        self.examiner = examiner
        self._count = 0

    def scripted(self, case: ScriptCase) -> Training:
        """A training whose validation accuracy follows the case's script; see `models.script_model`."""

        def gather() -> Training:
            model, script, *counters = self.student.tool(
                "script_model", SCRIPT_CLASSES, [rank - 1 for rank in case.ranks], sureness_of(case)
            )
            settings: dict[str, Any] = {
                "epochs": case.epochs,
                "batch_size": SCRIPT_BATCH // case.batches,
                "patience": case.patience,
            }
            if case.callbacks:
                settings["callbacks"] = [
                    Shown(counter, name) for counter, name in zip(counters, ("first", "second"), strict=True)
                ]
            curve = ", ".join(f"{value:.2f}" for value in script_accuracy(case))
            comment = f"# a model whose val_accuracy is {curve}\n"
            training = self._train(model, script, tuple(counters), script_images(), settings, comment)
            if training.epochs is None or training.epochs > _MOST_EPOCHS:
                raise self.student.worker.end("protocol", "answered for the grader's own tools")
            if training.epochs <= 0:
                raise NotRun("`train` called neither fit on the model it was given nor that model with training=True.")
            return training

        return self.once(case, gather)

    def witnessed(self) -> Training:
        """Two epochs with a network that remembers what it was trained on; see `models.witness_model`."""

        def gather() -> Training:
            model, tally = self.student.tool("witness_model", 3)
            settings = {
                "epochs": WITNESS_EPOCHS,
                "batch_size": WITNESS_BATCH,
                "patience": WITNESS_EPOCHS,
            }
            training = self._train(model, None, (), witness_images(), settings, "")
            return msgspec.structs.replace(training, trained=self.student.tool("read_tally", tally))

        return self.once("witness", gather)

    def frozen(self) -> Training:
        """One epoch with a network that cannot change, on the same images for training and validation."""

        def gather() -> Training:
            model = self.student.tool("frozen_channel_model", KNOWN_GAIN)
            x, y = witness_images()[:2]
            labels = np.pad(np.roll(y, 1, axis=1), ((0, 0), (0, 1)))  # wrong ones, so that the loss grows with scale
            labels[-1] = (0, 0, 0, 1)  # no class is without an image, for those who weight classes by their share
            settings = {"epochs": 1, "batch_size": len(x), "patience": 1}
            return self._train(model, None, (), (x, labels, x, labels), settings, "")

        return self.once("frozen", gather)

    def seen_in_training(self) -> float:
        """The mean over pixels and channels of the witness training images, as the network saw them."""
        training = self.witnessed()
        require_training(training)
        if learned_labels(training) == OF_THE_VALIDATION_SET:
            raise NotRun("`train` trained on the validation set.")
        return float(np.mean(training.after[2]))  # the moving mean of the batch normalisation

    def checkpoint_weights(self, training: Training) -> list[Array]:
        """The weights in a checkpoint, opened by the examiner.

        Raises:
            CheckFailed: There is no file, or no whole model in it.
        """
        if training.checkpoint is None:
            others = [name for name in training.files if name != "solution.py" and name not in training.files_before]
            instead = f"; there is {others[0]!r} instead" if others else ""
            raise CheckFailed(
                f"After `train` the best model should be saved at checkpoint_path={training.path!r}, but there is no "
                f"such file{instead}.",
                hint="Give ModelCheckpoint the path that train was given.",
                example=training.example,
            )
        try:
            model = self.examiner.ask("open_checkpoint", training.checkpoint)
        except CannotRebuild as failed:
            raise CheckFailed(
                f"The checkpoint should be a whole model that keras.models.load_model can load, but {failed.reason}.",
                hint="Save the whole model: ModelCheckpoint without save_weights_only, or model.save.",
                example=training.example,
            ) from None
        return list(self.examiner.ask("weights_of", model))

    def _train(
        self,
        model: Handle,
        script: Handle | None,
        counters: tuple[Handle, ...],
        images: tuple[Array, Array, Array, Array],
        settings: dict[str, Any],
        comment: str,
    ) -> Training:
        before = self.student.weights(model)
        files_before = self.student.tool("files")
        self._count += 1
        path = f"kept-{self._count}.keras"  # a name that nobody can have written into the file
        settings = settings | {"checkpoint_path": path}
        names = ("x_train", "y_train", "x_val", "y_val")
        shown = [Shown(array, name) for name, array in zip(names, images, strict=True)]

        def call() -> Any:
            returned = self.student.call("train", Shown(model, "model"), *shown, **_handles(settings))
            self.student.example = comment + self.student.example
            return returned

        try:
            returned = call()
        except SubmissionError as error:
            # A train that adds the callbacks to a tuple is as right as one that adds them to a list.
            mixed = error.type_name == "TypeError" and "tuple" in error.text and "list" in error.text
            if not mixed or "callbacks" not in settings:
                self.student.example = comment + self.student.example
                raise
            settings = settings | {"callbacks": tuple(settings["callbacks"])}
            returned = call()
        after = self.student.weights(model, like=before)
        return Training(
            example=self.student.example,
            returned=self.student.tool("describe_history", returned, model),
            epochs=None if script is None else self.student.tool("epochs_of", script),
            counted=[self.student.tool("epochs_of", counter) for counter in counters],
            before=before,
            after=after,
            path=path,
            checkpoint=self.student.tool("file_bytes", path),
            files_before=files_before,
            files=self.student.tool("files"),
        )


def _handles(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings with the callbacks shown by name and sent as handles."""
    callbacks = settings.get("callbacks")
    if callbacks is None:
        return settings
    kind = type(callbacks)
    inner = ", ".join(shown.text for shown in callbacks)
    text = f"[{inner}]" if kind is list else f"({inner},)"
    return settings | {"callbacks": Shown(kind(shown.value for shown in callbacks), text)}


def learned_labels(training: Training) -> list[int]:
    """The label that each colour was trained with: `[0, 1, 2]` for the training set with its labels."""
    kernel = training.after[-2]  # (3 channels, 3 classes)
    return [int(np.argmax(row)) for row in kernel]
