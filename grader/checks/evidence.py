"""Evidence that several checks judge: gathered once, in one worker, and remembered with how it ended."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np

from grader.artefacts import Artefacts
from grader.checks.answers import layer_names
from grader.checks.strategies import SCRIPT_CLASSES, BuildCase, CurvesCase, ScriptCase, ShowCase
from grader.checks.student import Student
from grader.checks.verdict import CheckFailed, NotRun, Shown, count_of, describe
from grader.sandbox.session import SubmissionError, Worker, WorkerGone
from grader.sandbox.wire import Handle

Array = np.ndarray[Any, Any]

_STEPS: Final = 3
_MOST_EPOCHS: Final = 1000
_MOST_COLUMNS: Final = 10  # labels that the loss is looked at for; a network may have any number of outputs


class Evidence:
    """Remembers what gathering gave: the same value, or the same exception with the same example, each time."""

    def __init__(self, student: Student) -> None:
        self.student = student
        self._remembered: dict[Any, tuple[Any, BaseException | None, str]] = {}

    @property
    def example(self) -> str:
        """The call that the evidence looked at last is about."""
        return self.student.example

    def once(self, key: Any, gather: Callable[[], Any]) -> Any:
        """The result of `gather()`, called for the first use of the key alone."""
        if key not in self._remembered:
            try:
                self._remembered[key] = (gather(), None, self.student.example)
            except (CheckFailed, NotRun, SubmissionError, WorkerGone) as error:
                self._remembered[key] = (None, error, self.student.example)
        value, raised, self.student.example = self._remembered[key]
        if raised is not None:
            raise raised
        return value


class Figures(Evidence):
    """The figures of `show_examples` and `plot_history`."""

    def __init__(self, student: Student) -> None:
        super().__init__(student)
        self._best: dict[str, tuple[int, Handle]] = {}

    def show(self, case: ShowCase, *, seed: int | None, with_predictions: bool = False) -> dict[str, Any]:
        """The figure for a case; see `toolbox.describe_figure`."""
        extra = {"predictions": case.predictions} if with_predictions else {}

        def gather() -> dict[str, Any]:
            names = list(case.names)
            figure, facts = self.student.figure(
                "show_examples", case.x, case.y, names, **extra, count=case.count, seed=seed
            )
            if with_predictions:  # a handful of images is enough to look at, and soon drawn
                shown = sum(bool(axes["images"]) for axes in facts["axes"])
                self._note("show_examples/titles-name-the-prediction", -abs(shown - 5), figure)
            return facts

        return self.once((case, seed, with_predictions), gather)  # type: ignore[no-any-return]

    def plot(self, case: CurvesCase, *, as_history: bool) -> dict[str, Any]:
        """The figure of a training's curves, given as a History or as its dictionary."""

        def gather() -> dict[str, Any]:
            if not as_history:
                figure, facts = self.student.figure("plot_history", case.curves)
                self._note("plot_history/both-curves", len(case.accuracy), figure)
                return facts
            history = self.student.tool("history", case.curves)
            curves = {name: case.curves[name] for name in ("accuracy", "val_accuracy")}
            shown = Shown(history, f"... # a History whose .history has {curves}")
            return self.student.figure("plot_history", shown)[1]

        return self.once((case, as_history), gather)  # type: ignore[no-any-return]

    def _note(self, check: str, worth: int, figure: Handle) -> None:
        """Remember a figure where it is better to look at than those before."""
        if check not in self._best or worth > self._best[check][0]:
            self._best[check] = (worth, figure)

    def keep_pictures(self, artefacts: Artefacts) -> None:
        """Keep a picture of one figure of either function, where it can be drawn."""
        for check, (_, figure) in self._best.items():
            with contextlib.suppress(SubmissionError, WorkerGone):
                pixels = self.student.picture(figure)
                if pixels is not None:
                    artefacts.add_picture(check, "figure", pixels)


class CannotRebuild(CheckFailed):
    """The examiner cannot make a network of what it was given.

    Attributes:
        reason: Why, half a sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The network should be made of Keras' own layers, so that it can be judged, but {reason}.",
            hint="Use Keras' own layers; for scaling there is keras.layers.Rescaling.",
        )
        self.reason = reason


class Examiner:
    """A worker that never saw the submission, and says what a network is and does; started when first asked."""

    def __init__(self, start: Callable[[], Worker]) -> None:
        self._start = start
        self._worker: Worker | None = None

    def ask(self, tool: str, *args: Any) -> Any:
        """Use a tool in the examiner.

        Raises:
            CheckFailed: The network cannot be rebuilt, or brings the examiner down.
        """
        if self._worker is None:
            self._worker = self._start()
        try:
            return self._worker.tool(tool, *args, seconds=120.0)
        except SubmissionError as error:
            if error.type_name != "CannotRebuildError":
                raise CheckFailed(f"The network cannot be examined: {error.type_name}: {error.text}") from None
            raise CannotRebuild(error.text) from None
        except WorkerGone as gone:
            self.close()
            raise CheckFailed(f"The network cannot be examined: running it {gone.detail}.") from None

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None


BlockCase = tuple[int, int, int]
"""Height and width, channels, and filters."""


class Block(msgspec.Struct, frozen=True):
    """What `add_conv_block` did to a model.

    Attributes:
        same_model: Whether the model that was given came back.
        facts: What `examiner.describe_network` says of that model after the call.
    """

    same_model: bool
    facts: dict[str, Any]


class Blocks(Evidence):
    """What `add_conv_block` does."""

    def __init__(self, student: Student, examiner: Examiner) -> None:
        super().__init__(student)
        self.examiner = examiner

    def added(self, case: BlockCase) -> Block:
        """Two blocks added to a model that has an input alone, described after the first.

        Raises:
            CheckFailed: A block was not added to the model.
        """

        def gather() -> Block:
            size, channels, filters = case
            shape = (size, size, channels)
            model = self.student.tool("sequential", shape)
            shown = Shown(model, f"keras.Sequential([keras.Input({shape})])")
            returned = self.student.call("add_conv_block", shown, filters)
            example = self.student.example
            export = self.student.export(model)
            rebuilt = self.examiner.ask("rebuild", export["config"], list(export["weights"]))
            facts = self.examiner.ask("describe_network", rebuilt)
            if not facts["layers"]:
                raise CheckFailed(
                    "The block should be added to the model that is given, but that model has no layers after the "
                    "call.",
                    hint="Call model.add(...) on the parameter itself, not on a new or copied model.",
                )
            self.student.call("add_conv_block", shown, filters)
            self.student.example = example
            before, after = (layer_names(each["config"]) for each in (export, self.student.export(model)))
            if len(after) <= len(before) or after[: len(before)] != before:
                raise CheckFailed(
                    "A second block should be added on top of the first, but the layers that were there did not stay, "
                    "or none were added.",
                    hint="Call model.add(...) for each layer of the block, and take none away.",
                )
            return Block(isinstance(returned, Handle) and returned == model, facts)

        return self.once(case, gather)  # type: ignore[no-any-return]


class Network(msgspec.Struct, frozen=True):
    """A network that `build_model` returned.

    Attributes:
        handle: The student's own object, in the student's worker.
        export: What `toolbox.export_model` said.
        rebuilt: The network rebuilt in the examiner.
        facts: What `examiner.describe_network` says of it.
    """

    handle: Handle
    export: dict[str, Any]
    rebuilt: Handle
    facts: dict[str, Any]


class Networks(Evidence):
    """What `build_model` returns, and what the networks are and do."""

    def __init__(self, student: Student, examiner: Examiner) -> None:
        super().__init__(student)
        self.examiner = examiner

    def built(self, case: BuildCase | None = None, *, copy: int = 0) -> Network:
        """The network for a case; `None` is the call without arguments, `copy` tells several such calls apart."""

        def gather() -> Network:
            arguments: dict[str, Any] = (
                {} if case is None else {"input_shape": case.input_shape, "num_classes": case.num_classes}
            )
            returned = self.student.call("build_model", **arguments)
            export = self.export(returned)
            rebuilt = self.examiner.ask("rebuild", export["config"], list(export["weights"]))
            return Network(returned, export, rebuilt, self.examiner.ask("describe_network", rebuilt))

        return self.once(("built", case, copy), gather)  # type: ignore[no-any-return]

    def export(self, returned: Any) -> dict[str, Any]:
        """A network as data.

        Raises:
            CheckFailed: It is no Keras model, or was not given its input shape.
        """
        export = self.student.tool("export_model", returned) if isinstance(returned, Handle) else {}
        if not export.get("model"):
            raise CheckFailed(
                f"`build_model` should return a keras.Sequential, but it returned {describe(returned)}.",
                hint="End the function with `return model`.",
            )
        if not export["built"]:
            raise CheckFailed(
                "The network should know its input shape, but it was not given one.",
                hint="Begin it with keras.Input(shape=input_shape).",
            )
        return export

    def answers(self, network: Network, x: Array) -> Array:
        """What a network says to images, as float32 of shape (n, classes)."""
        return np.asarray(self.examiner.ask("run_network", network.rebuilt, x))

    def telling_images(self) -> Array:
        """Float images, shape (8, 32, 32, 3), at the scale at which the fresh network's answers differ most.

        Raises:
            CheckFailed: The network does not give finite answers, one for each of two or more classes.
        """

        def gather() -> Array:
            network = self.built()
            noise = np.random.default_rng(1).uniform(0, 255, (64, 32, 32, 3)).astype(np.float32)
            noise *= np.linspace(0.05, 1, 64, dtype=np.float32).reshape(-1, 1, 1, 1)
            found: list[tuple[float, Array]] = []
            for scale in (1.0, 1 / 255, 1 / 20, 10.0, 100.0):
                answers = self.answers(network, noise * np.float32(scale))
                if answers.ndim != 2 or not np.all(np.isfinite(answers)) or answers.shape[1] < 2:
                    continue
                unsure = (answers.max(axis=1) < 0.98) & (answers.min(axis=1) > 1e-4)
                spread = np.where(unsure, np.ptp(answers, axis=1), 0)
                best = np.argsort(spread)[::-1][:8]
                found.append((float(spread[best[0]]), noise[best] * np.float32(scale)))
            if not found:
                raise CheckFailed(
                    "The network should give one finite probability a class, but it does not.",
                    hint="End the network with a Dense layer of num_classes units and the activation softmax.",
                )
            return max(found, key=lambda pair: pair[0])[1]

        return self.once("telling", gather)  # type: ignore[no-any-return]

    def judged(self) -> tuple[Array, list[dict[str, float]]]:
        """For one image: its probabilities, and for each class as the label what loss and metrics the model says."""

        def gather() -> tuple[Array, list[dict[str, float]]]:
            network = self.built()
            image = self.telling_images()[:1]
            probabilities = self.answers(network, image)[0]
            self.require_compiled(network)
            columns = range(min(len(probabilities), _MOST_COLUMNS))
            labels = [one_hot([column], len(probabilities)) for column in columns]
            logs = [self.student.tool("judge", network.handle, image, label) for label in labels]
            return probabilities, logs

        return self.once("judged", gather)  # type: ignore[no-any-return]

    def require_compiled(self, network: Network) -> None:
        """Raise `CheckFailed` for a network that was not compiled."""
        if not network.export["compiled"]:
            raise CheckFailed(
                "The model should be compiled, but it is not.",
                hint="Call model.compile with an optimizer, a loss and metrics before you return it.",
            )

    def after_steps(self) -> list[Array]:
        """The weights after a few training steps on a few images; the steps come after all of the above.

        After one step alone, a network whose last layer starts at zero has not yet changed its convolutions.
        """

        def gather() -> list[Array]:
            probabilities, _ = self.judged()
            network = self.built()
            images = self.telling_images()
            labels = one_hot([row % len(probabilities) for row in range(len(images))], len(probabilities))
            for _ in range(_STEPS):
                self.student.tool("step", network.handle, images, labels)
            return self.student.weights(network.handle, like=network.export["weights"])

        return self.once("steps", gather)  # type: ignore[no-any-return]

    def second(self) -> Network:
        """A second network from the call without arguments, after every weight of the first was changed."""

        def gather() -> Network:
            first = self.built()
            with contextlib.suppress(CheckFailed, SubmissionError):  # reported by the checks that are about it
                self.after_steps()
            self.student.tool("perturb", first.handle)
            return self.built(copy=1)

        return self.once("second", gather)  # type: ignore[no-any-return]


def one_hot(columns: list[int], count: int) -> Array:
    """One row for each of the given columns, of `count` entries, float32."""
    rows = np.zeros((len(columns), count), np.float32)
    rows[np.arange(len(columns)), columns] = 1
    return rows


class Training(msgspec.Struct, frozen=True):
    """What one call of `train` with a known model left behind.

    Attributes:
        example: The call.
        returned: What `toolbox.describe_history` says of the returned value.
        epochs: How many epochs the model was trained for; `None` where it has no script that counts.
        counted: How many epochs each extra callback saw.
        before: The model's weights before.
        after: The model's weights after.
        steps: Training steps, where they were counted.
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
    steps: int = 0


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
                "batch_size": SCRIPT_BATCH,
                "patience": case.patience,
                "callbacks": [
                    Shown(counter, name) for counter, name in zip(counters, ("first", "second"), strict=True)
                ],
            }
            curve = ", ".join(f"{value:.2f}" for value in script_accuracy(case))
            comment = f"# a model whose val_accuracy is {curve}\n"
            training = self._train(model, script, tuple(counters), script_images(), settings, comment)
            if training.epochs is None or training.epochs > _MOST_EPOCHS:
                raise self.student.worker.end("protocol", "answered for the grader's own tools")
            if training.epochs <= 0:
                raise NotRun("`train` never called fit on the model it was given.")
            return training

        return self.once(case, gather)  # type: ignore[no-any-return]

    def witnessed(self) -> Training:
        """Two epochs with a network that remembers what it was trained on; see `models.witness_model`."""

        def gather() -> Training:
            model, counter = self.student.tool("witness_model", 3)
            settings = {
                "epochs": WITNESS_EPOCHS,
                "batch_size": WITNESS_BATCH,
                "patience": WITNESS_EPOCHS,
            }
            training = self._train(model, None, (), witness_images(), settings, "")
            return msgspec.structs.replace(training, steps=self.student.tool("batches_of", counter))

        return self.once("witness", gather)  # type: ignore[no-any-return]

    def frozen(self) -> Training:
        """One epoch with a network that cannot change, on the same images for training and validation."""

        def gather() -> Training:
            model = self.student.tool("frozen_channel_model", KNOWN_GAIN)
            x, y = witness_images()[:2]
            labels = np.pad(np.roll(y, 1, axis=1), ((0, 0), (0, 1)))  # wrong ones, so that the loss grows with scale
            settings = {"epochs": 1, "batch_size": 32, "patience": 1}
            return self._train(model, None, (), (x, labels, x, labels), settings, "")

        return self.once("frozen", gather)  # type: ignore[no-any-return]

    def seen_in_training(self) -> float:
        """The mean over pixels and channels of the witness training images, as the network saw them."""
        training = self.witnessed()
        if all(np.array_equal(a, b) for a, b in zip(training.before, training.after, strict=True)):
            raise NotRun("`train` did not train the model it was given.")
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
            if not mixed or not counters:
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


SCRIPT_BATCH: Final = sum(range(1, SCRIPT_CLASSES + 1))
"""The images of a script's training set, and of its validation set."""

WITNESS_IMAGES: Final = 160
WITNESS_BATCH: Final = 16
WITNESS_EPOCHS: Final = 2
WITNESS_LEVEL: Final = 240
WITNESS_VALIDATION_LEVEL: Final = 90


KNOWN_GAIN: Final = 0.2
"""Logits per unit of a channel's mean in the brightest-channel models: measurable for 0-255 and for 0-1 alike."""


def script_images() -> tuple[Array, Array, Array, Array]:
    """Data for script models: of the validation labels, rank r (class r - 1) has a share that grows with r.

    Of the training labels it has a share that shrinks, so that whoever watches the training accuracy, or the
    wrong set, sees the opposite.  Each set is one batch: steps cost, and nothing is said of them here.
    """
    ranks = np.arange(1, SCRIPT_CLASSES + 1)
    sets: list[Array] = []
    for counts in (ranks[::-1], ranks):
        labels = np.repeat(ranks - 1, counts)
        levels = (np.arange(len(labels)) % 256).astype(np.uint8).reshape(-1, 1, 1, 1)
        sets += [levels * np.ones((1, 32, 32, 3), np.uint8), np.eye(SCRIPT_CLASSES, dtype=np.float32)[labels]]
    return sets[0], sets[1], sets[2], sets[3]


def script_accuracy(case: ScriptCase) -> list[float]:
    """The validation accuracy of each epoch of a script."""
    total = sum(range(1, SCRIPT_CLASSES + 1))
    return [rank / total for rank in case.ranks]


def sureness_of(case: ScriptCase) -> list[float]:
    """A logit for each epoch, at which the validation loss goes the other way than the accuracy.

    The loss at logit z for a class of share s is log(e^z + K - 1) - s z: for the larger z that better epochs
    get, it grows, since every share is far below one half.
    """
    return [1.0 + rank for rank in case.ranks]


def expected_epochs(case: ScriptCase) -> int:
    """How many epochs a right `train` trains: Keras' rule for EarlyStopping."""
    best, waited = 0, 0
    for epoch in range(case.epochs):
        rank = case.ranks[min(epoch, len(case.ranks) - 1)]
        if rank > best:
            best, waited = rank, 0
        else:
            waited += 1
            if waited >= case.patience:
                return epoch + 1
    return case.epochs


def witness_images() -> tuple[Array, Array, Array, Array]:
    """Uniformly coloured images: red is class 0, green 1, blue 2.

    The validation images are darker, fewer, and labelled the other way round, so that it shows in the
    weights of a witness model if they were trained on.
    """
    sets: list[Array] = []
    for count, level, shift in ((WITNESS_IMAGES, WITNESS_LEVEL, 0), (60, WITNESS_VALIDATION_LEVEL, 1)):
        channels = np.arange(count) % 3
        images = np.zeros((count, 32, 32, 3), np.uint8)
        images[np.arange(count), :, :, channels] = level
        sets += [images, np.eye(3, dtype=np.float32)[(channels + shift) % 3]]
    return sets[0], sets[1], sets[2], sets[3]


OF_THE_VALIDATION_SET: Final = [1, 2, 0]
"""What `learned_labels` says of a witness that was trained on the validation set."""


def learned_labels(training: Training) -> list[int]:
    """The label that each colour was trained with: `[0, 1, 2]` for the training set with its labels."""
    kernel = training.after[-2]  # (3 channels, 3 classes)
    return [int(np.argmax(row)) for row in kernel]


class Predictions(Evidence):
    """What `predict` answers with a network that the grader knows; see `models.brightest_channel_model`."""

    def known_model(self, shift: int = 0) -> Shown:
        """The network; with `shift`, one whose class is the brightest channel's number plus that, modulo 3."""
        handle = self.once(("model", shift), lambda: self.student.tool("brightest_channel_model", KNOWN_GAIN, shift))
        return Shown(handle, "...  # a network with four classes, the brightest of three channels and one more")

    def path(self) -> str:
        """The path of a checkpoint of it."""

        def save() -> str:
            self.student.tool("save_model", self.known_model().value, "known.keras")
            return "known.keras"

        return self.once("path", save)  # type: ignore[no-any-return]

    def by_model(self, x: Shown, shift: int = 0) -> Array:
        """What `predict` returns for the known network; asked once for the same images."""
        key = (x.value.tobytes(), shift)
        return self.once(key, lambda: self.of(self.known_model(shift), x))  # type: ignore[no-any-return]

    def of(self, model: Shown | str, x: Array | Shown) -> Array:
        """What `predict` returns now, one row an image and four columns.

        Raises:
            CheckFailed: It returned anything but an array of that shape.
        """
        images = x.value if isinstance(x, Shown) else x
        returned = self.student.call("predict", model, x)
        expected = (len(images), 4)
        if not isinstance(returned, np.ndarray) or returned.shape != expected:
            raise CheckFailed(
                f"For {count_of(len(images), 'image')} and a network with 4 classes, `predict` should return an array "
                f"of shape {expected}, but it returned {describe(returned)}.",
                hint="Return all the probabilities that the model gives, one row an image.",
            )
        return returned.astype(np.float64)

    def seen(self, answers: Array) -> Array:
        """The means of the three channels as the network saw them, (n, 3), from what `predict` answered."""
        answers = np.maximum(answers, 1e-45)
        seen: Array = np.log(answers[:, :3] / answers[:, 3:]) / KNOWN_GAIN
        return seen
